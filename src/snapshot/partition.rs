//! Partition files: a checked header and the entries of a range of key hashes, sorted.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::codec::{take, take_array, take_byte, take_u64, wide};
use super::entry_view::EntryView;
use super::error::SnapshotError;
use super::files::PendingFile;
use super::layout::Partition;

const MAGIC: &[u8; 8] = b"SGNSNAP1";
/// 128-bit xxh3 under the seed of the header.
const HASH_ID: u8 = 1;
const HEADER: usize = 8 + 1 + 8 + 4 + 8 + 16 + 16 + 8 + 8 + 16 + 8;
const BUFFER: usize = 256 << 10;
/// An entry is never larger: rows come in batches of 4 MiB at most, and a record holds two.
const MAX_ENTRY: usize = 1 << 30;

fn header(partition: &Partition, seed: u64, checksum: u128) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER);
    out.extend_from_slice(MAGIC);
    out.push(HASH_ID);
    out.extend_from_slice(&seed.to_le_bytes());
    out.extend_from_slice(&partition.id.to_le_bytes());
    out.extend_from_slice(&partition.generation.to_le_bytes());
    out.extend_from_slice(&partition.from.to_le_bytes());
    out.extend_from_slice(&partition.to.to_le_bytes());
    out.extend_from_slice(&partition.count.to_le_bytes());
    out.extend_from_slice(&partition.bytes.to_le_bytes());
    out.extend_from_slice(&checksum.to_le_bytes());
    out.extend_from_slice(&xxh3_64(&out).to_le_bytes());
    out
}

/// Writes one partition file, entry by entry in key-hash order.
pub(crate) struct PartitionWriter {
    pending: PendingFile,
    writer: BufWriter<File>,
    hasher: Xxh3,
    seed: u64,
    partition: Partition,
    frame: Vec<u8>,
}

impl PartitionWriter {
    /// Starts the file of `partition`, whose counts are filled in here.
    pub fn create(path: &Path, partition: Partition, seed: u64) -> Result<Self, SnapshotError> {
        let mut pending = PendingFile::create(path)?;
        let file = pending
            .file()?
            .try_clone()
            .map_err(|error| SnapshotError::io("open", path, error))?;
        let mut writer = BufWriter::with_capacity(BUFFER, file);
        writer
            .write_all(&[0; HEADER])
            .map_err(|error| SnapshotError::io("write", path, error))?;
        Ok(Self {
            pending,
            writer,
            hasher: Xxh3::new(),
            seed,
            partition: Partition {
                count: 0,
                known: 0,
                bytes: 0,
                ..partition
            },
            frame: Vec::new(),
        })
    }

    /// Appends one encoded entry.
    pub fn push(&mut self, entry: &[u8], known: bool) -> Result<(), SnapshotError> {
        let length = u32::try_from(entry.len())
            .map_err(|_| SnapshotError::damaged(self.pending.path(), "an entry is too large"))?;
        self.frame.clear();
        self.frame.extend_from_slice(&length.to_le_bytes());
        self.frame.extend_from_slice(entry);
        self.hasher.update(&self.frame);
        self.writer
            .write_all(&self.frame)
            .map_err(|error| SnapshotError::io("write", self.pending.path(), error))?;
        self.partition.count += 1;
        self.partition.known += u64::from(known);
        self.partition.bytes += wide(self.frame.len());
        Ok(())
    }

    /// Completes the header and brings file and folder to disk.
    pub fn finish(mut self) -> Result<Partition, SnapshotError> {
        let head = header(&self.partition, self.seed, self.hasher.digest128());
        let path = self.pending.path().to_owned();
        self.writer
            .flush()
            .and_then(|()| self.writer.get_mut().seek(SeekFrom::Start(0)))
            .and_then(|_| self.writer.get_mut().write_all(&head))
            .map_err(|error| SnapshotError::io("write", &path, error))?;
        self.pending.commit()?;
        Ok(self.partition)
    }
}

/// Reads one partition file from front to end; the end is reached only if all of it is sound.
pub(crate) struct PartitionReader {
    path: PathBuf,
    file: Option<File>,
    hasher: Xxh3,
    checksum: u128,
    partition: Partition,
    buffer: Vec<u8>,
    start: usize,
    /// The current entry within `buffer`.
    current: std::ops::Range<usize>,
    /// The key hash of the current entry.
    last: Option<u128>,
    read: u64,
    bytes: u64,
    done: bool,
}

impl PartitionReader {
    /// Opens the file of `partition` and checks its header.
    pub fn open(path: &Path, partition: &Partition, seed: u64) -> Result<Self, SnapshotError> {
        let mut reader = Self {
            path: path.to_owned(),
            file: None,
            hasher: Xxh3::new(),
            checksum: 0,
            partition: partition.clone(),
            buffer: Vec::new(),
            start: 0,
            current: 0..0,
            last: None,
            read: 0,
            bytes: 0,
            done: partition.generation == 0,
        };
        if !reader.done {
            let mut file =
                File::open(path).map_err(|error| SnapshotError::io("open", path, error))?;
            let mut head = [0; HEADER];
            file.read_exact(&mut head)
                .map_err(|_| SnapshotError::damaged(path, "the file ends within its header"))?;
            reader.checksum = reader.check_header(&head, seed)?;
            reader.file = Some(file);
        }
        Ok(reader)
    }

    fn check_header(&self, head: &[u8], seed: u64) -> Result<u128, SnapshotError> {
        let wrong = |why: &str| SnapshotError::damaged(&self.path, why);
        let mut rest = head;
        let short = |_| wrong("the header is damaged");
        let magic = take(&mut rest, MAGIC.len()).map_err(short)?;
        if magic != MAGIC {
            return Err(wrong("it is not a snapshot file of this version"));
        }
        if take_byte(&mut rest).map_err(short)? != HASH_ID {
            return Err(wrong("its hash is not one of this version"));
        }
        if take_u64(&mut rest).map_err(short)? != seed {
            return Err(wrong("it belongs to another snapshot"));
        }
        // Everything else must be what the layout says.
        let fields = HEADER - 24;
        let checksum = head
            .get(fields..)
            .and_then(|tail| take_array(&mut &*tail).ok().map(u128::from_le_bytes));
        let checksum = checksum.ok_or_else(|| wrong("the header is damaged"))?;
        if header(&self.partition, seed, checksum) != head {
            return Err(wrong("its header does not fit the snapshot's layout"));
        }
        Ok(checksum)
    }

    /// Moves to the next entry; false at the sound end.
    pub fn advance(&mut self) -> Result<bool, SnapshotError> {
        if self.done {
            return Ok(false);
        }
        self.start = self.current.end.max(self.start);
        if !self.fill(4)? {
            return self.end();
        }
        let mut head = self.buffer.get(self.start..).unwrap_or_default();
        let length = take_array(&mut head).map(u32::from_le_bytes);
        let length = length.ok().and_then(|length| usize::try_from(length).ok());
        let length = length
            .filter(|length| *length <= MAX_ENTRY)
            .ok_or_else(|| self.wrong("an entry has no length"))?;
        if !self.fill(4 + length)? {
            return Err(self.wrong("the file ends within an entry"));
        }
        self.current = self.start + 4..self.start + 4 + length;
        self.read += 1;
        let hash = EntryView::key_hash_of(self.bytes());
        let number = hash.map(|hash| u128::from_be_bytes(hash.0));
        let number = number.map_err(|_| self.wrong("an entry is damaged"))?;
        let in_range = (self.partition.from..=self.partition.to).contains(&number);
        if !in_range || self.last.is_some_and(|last| last >= number) {
            return Err(self.wrong("its entries are out of order"));
        }
        self.last = Some(number);
        Ok(true)
    }

    fn end(&mut self) -> Result<bool, SnapshotError> {
        self.done = true;
        self.current = 0..0;
        let sound = self.start == self.buffer.len()
            && self.read == self.partition.count
            && self.bytes == self.partition.bytes
            && self.hasher.digest128() == self.checksum;
        if sound {
            Ok(false)
        } else {
            Err(self.wrong("its content does not match its checksum"))
        }
    }

    /// Makes `count` bytes available from `start`; false where the file ends before.
    fn fill(&mut self, count: usize) -> Result<bool, SnapshotError> {
        while self.buffer.len() - self.start < count {
            let Some(file) = &mut self.file else {
                return Ok(false);
            };
            self.buffer.drain(..self.start);
            self.start = 0;
            let old = self.buffer.len();
            // A length from a damaged file must not reserve more than the file can give.
            self.buffer.resize(old + BUFFER, 0);
            let room = self.buffer.get_mut(old..).unwrap_or_default();
            let got = file
                .read(room)
                .map_err(|error| SnapshotError::io("read", &self.path, error))?;
            self.hasher.update(room.get(..got).unwrap_or_default());
            self.buffer.truncate(old + got);
            self.bytes += wide(got);
            if got == 0 {
                self.file = None;
            }
        }
        Ok(true)
    }

    /// The current entry's bytes.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        self.buffer.get(self.current.clone()).unwrap_or_default()
    }

    /// The key hash of the current entry, as a number.
    #[inline]
    pub fn number(&self) -> u128 {
        self.last.unwrap_or_default()
    }

    /// The current entry.
    pub fn view(&self) -> Result<EntryView<'_>, SnapshotError> {
        EntryView::parse(self.bytes()).map_err(|_| self.wrong("an entry is damaged"))
    }

    fn wrong(&self, why: &str) -> SnapshotError {
        SnapshotError::damaged(&self.path, why)
    }
}
