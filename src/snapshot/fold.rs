//! Folding: the journal goes into new generations of the partitions that it has outgrown.

use std::path::PathBuf;

use crate::domain::row::Fingerprint;
use crate::failpoints;

use super::acklog::FoldCommit;
use super::codec::wide;
use super::entry::Entry;
use super::entry_view::EntryView;
use super::error::SnapshotError;
use super::layout::{Layout, Partition};
use super::overlay::Overlay;
use super::partition::PartitionWriter;
use super::plan_file::{PlanReader, Refresh, Refreshes};
use super::{PARTITION_BYTES, Snapshot, is_below, partition_path};

/// A partition is folded when its journal exceeds this share of it: one in twenty.
const SHARE: u64 = 20;

/// What a fold covers and keeps.
#[derive(Default)]
pub struct FoldOptions<'a> {
    /// Only partitions that are not wholly below this hash; an earlier fold is past the others.
    pub from: Option<Fingerprint>,
    /// Only partitions whose keys are all below this hash; a run's delivery is past them.
    pub below: Option<Fingerprint>,
    /// Whether the last accepted values stay in the entries.
    pub keep_values: bool,
    /// The plan whose refreshed input hashes are written too.
    pub refreshes: Option<&'a PlanReader>,
}

/// What a fold did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Folded {
    /// Partitions that were rewritten.
    pub partitions: u64,
    /// Their entries.
    pub entries: u64,
}

impl Snapshot {
    /// Folds the partitions whose journal (or refreshed input hashes) exceeds 5 % of them.
    ///
    /// Each is written, brought to disk with its folder, and then taken over in one transaction
    /// that also empties its part of the journal, so that an end at any instant loses nothing.
    /// Superseded files stay until [`Self::sweep`].
    ///
    /// # Errors
    /// [`SnapshotError`] where a partition is missing or damaged, or a write fails; what was taken
    /// over before stands.
    pub fn fold_if_due(&self, options: &FoldOptions<'_>) -> Result<Folded, SnapshotError> {
        let _one = self.folding.lock();
        let mut folded = Folded::default();
        let refreshed = self.refreshes_by_partition(options)?;
        // One for all partitions, which come in key-hash order.
        let mut cursor = options.refreshes.map(RefreshCursor::new).transpose()?;
        let mut layout = self.layout()?;
        for (partition, refreshes) in layout.partitions.clone().into_iter().zip(refreshed) {
            let (from, to) = partition.range();
            if !is_below(&partition, options.below) {
                break;
            }
            if options.from.is_some() && is_below(&partition, options.from) {
                continue;
            }
            let rows = self.log.journal_count(&self.sync, from, to)?;
            let due = (rows + refreshes).saturating_mul(SHARE) > partition.count;
            if rows + refreshes == 0 || !due {
                continue;
            }
            let keep_values = options.keep_values;
            folded.entries +=
                self.fold_one(&mut layout, &partition, rows, keep_values, &mut cursor)?;
            folded.partitions += 1;
        }
        Ok(folded)
    }

    fn refreshes_by_partition(&self, options: &FoldOptions<'_>) -> Result<Vec<u64>, SnapshotError> {
        let layout = self.layout()?;
        let mut counts = vec![0; layout.partitions.len()];
        if let Some(plan) = options.refreshes {
            for refresh in plan.refreshes() {
                let number = u128::from_be_bytes(refresh?.key_hash.0);
                let at = layout.partitions.partition_point(|it| it.to < number);
                if let Some(count) = counts.get_mut(at) {
                    *count += 1;
                }
            }
        }
        Ok(counts)
    }

    fn fold_one(
        &self,
        layout: &mut Layout,
        partition: &Partition,
        rows: u64,
        keep_values: bool,
        refreshes: &mut Option<RefreshCursor>,
    ) -> Result<u64, SnapshotError> {
        // What is acknowledged while this reads has a higher sequence and stays in the journal.
        let up_to_seq = self.log.last_seq(&self.sync)?;
        let bytes = self.expected_bytes(partition, rows)?;
        let bits = partition.bits_for(bytes, PARTITION_BYTES);
        let targets = if bits == 0 {
            vec![Partition {
                generation: partition.generation + 1,
                ..partition.clone()
            }]
        } else {
            let mut pieces = partition.split(bits, &mut layout.next_id);
            pieces.iter_mut().for_each(|piece| piece.generation = 1);
            pieces
        };
        let walk = Overlay::over(self, layout, vec![partition.clone()], up_to_seq);
        let written = self.write_pieces(walk, targets, keep_values, refreshes)?;
        failpoints::reach("fold_written");
        let entries = written.iter().map(|piece| piece.count).sum();
        let (from, to) = partition.range();
        let generations = written.iter().map(|it| (it.id, it.generation)).collect();
        let drop_partitions = if bits == 0 {
            vec![]
        } else {
            vec![partition.id]
        };
        let at = layout
            .partitions
            .partition_point(|it| it.to < partition.from);
        layout.partitions.splice(at..=at, written);
        self.log.fold(
            &self.sync,
            FoldCommit {
                layout: layout.encode(),
                generations,
                drop_partitions,
                from,
                to,
                up_to_seq,
            },
        )?;
        failpoints::reach("fold_taken_over");
        Ok(entries)
    }

    /// Bytes that base and journal together will take, by a sample of the journal.
    fn expected_bytes(&self, partition: &Partition, rows: u64) -> Result<u64, SnapshotError> {
        const SAMPLE: u64 = 512;
        let parts = u128::from(rows / SAMPLE) + 1;
        let to = partition.from + (partition.to - partition.from) / parts;
        let sample =
            self.log
                .journal(&self.sync, partition.from.to_be_bytes(), to.to_be_bytes())?;
        let bytes: u64 = sample
            .iter()
            .map(|row| row.entry.as_ref().map_or(0, |entry| wide(entry.len()) + 4))
            .sum();
        let each = bytes.checked_div(wide(sample.len())).unwrap_or(128);
        Ok(partition.bytes + each.saturating_mul(rows))
    }

    fn write_pieces(
        &self,
        mut walk: Overlay,
        targets: Vec<Partition>,
        keep_values: bool,
        refreshes: &mut Option<RefreshCursor>,
    ) -> Result<Vec<Partition>, SnapshotError> {
        let mut written = Vec::with_capacity(targets.len());
        let mut scratch = Vec::new();
        let mut more = walk.advance()?;
        for target in targets {
            let to = target.to;
            let mut writer = PartitionWriter::create(&self.path_of(&target), target, self.seed)?;
            while more && u128::from_be_bytes(walk.hash().0) <= to {
                if let (Some(bytes), Some(entry)) = (walk.entry_bytes(), walk.entry()?) {
                    let refresh = match refreshes {
                        Some(cursor) => cursor.at(&entry)?,
                        None => None,
                    };
                    let stripped = strip(&entry, refresh, keep_values, &mut scratch)?;
                    let bytes = if stripped { &scratch } else { bytes };
                    let is_lost =
                        entry.key_hash.0[0] < 8 && failpoints::planted("fold_loses_entries");
                    if !is_lost {
                        writer.push(bytes, entry.is_known())?;
                    }
                }
                more = walk.advance()?;
            }
            written.push(writer.finish()?);
        }
        Ok(written)
    }

    fn path_of(&self, partition: &Partition) -> PathBuf {
        partition_path(&self.folder, partition)
    }
}

/// Writes the entry as it is to be kept into `out`; false where it stays as it is.
fn strip(
    entry: &EntryView<'_>,
    refresh: Option<Fingerprint>,
    keep_values: bool,
    out: &mut Vec<u8>,
) -> Result<bool, SnapshotError> {
    if refresh.is_none() && (keep_values || !entry.has_values()) {
        return Ok(false);
    }
    let entry = entry.to_entry()?;
    out.clear();
    Entry {
        input_hash: refresh.unwrap_or(entry.input_hash),
        values: entry.values.filter(|_| keep_values),
        ..entry
    }
    .encode(out);
    Ok(true)
}

/// The refreshed input hashes of a plan, in step with the entries.
struct RefreshCursor {
    rest: Refreshes,
    next: Option<Refresh>,
}

impl RefreshCursor {
    fn new(plan: &PlanReader) -> Result<Self, SnapshotError> {
        let mut rest = plan.refreshes();
        let next = rest.next().transpose()?;
        Ok(Self { rest, next })
    }

    /// The refreshed input hash of `entry`, if its output is still the one that was compared.
    fn at(&mut self, entry: &EntryView<'_>) -> Result<Option<Fingerprint>, SnapshotError> {
        while let Some(refresh) = &self.next {
            if refresh.key_hash > entry.key_hash {
                break;
            }
            let same = refresh.key_hash == entry.key_hash
                && refresh.output_hash == entry.output_hash
                && !entry.is_left();
            let input_hash = refresh.input_hash;
            self.next = self.rest.next().transpose()?;
            if same {
                return Ok(Some(input_hash));
            }
        }
        Ok(None)
    }
}
