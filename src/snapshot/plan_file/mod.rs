//! Plan files: what a run would do, in one immutable file with a content hash.
//!
//! Four sections (operations, invalid rows, marks, refreshed input hashes), each in key-hash order
//! and cut into compressed blocks of 1 MiB with checksums; at the end an index of the blocks and the
//! header. The plan hash covers what would be done, and values by the hashes of their inputs, in
//! which run variables stand by name: two runs over the same snapshot, rows and settings have the
//! same hash.

mod codec;
mod packed;
mod read;
mod section;
mod write;

use serde::{Deserialize, Serialize};

use crate::domain::id::{RunId, SyncId};
use crate::domain::mode::Mode;
use crate::domain::plan::RecordShape;
use crate::domain::row::{Fingerprint, Key};
use crate::domain::run::Counters;

use super::entry::Entry;
use section::Section;

pub(crate) use codec::{decode_invalid, decode_mark, decode_operation};
pub(crate) use codec::{encode_invalid, encode_mark, encode_operation};
pub use packed::{PackedOperations, RawOperation};
pub use read::{InvalidRows, Marks, Operations, PlanReader, Refreshes};
pub use write::PlanWriter;

const MAGIC: &[u8; 8] = b"SGNPLAN1";
/// Raw bytes after which a block is closed.
const BLOCK_BYTES: usize = 1 << 20;

/// What a plan says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanHeader {
    /// The run; not part of the plan hash.
    pub run: RunId,
    /// The sync.
    pub sync: SyncId,
    /// The sync's revision.
    pub revision: u64,
    /// The mode.
    pub mode: Mode,
    /// The names of the key's columns.
    pub key_columns: Vec<String>,
    /// The fields of the records.
    pub shape: RecordShape,
    /// What was counted; every planned operation is unsent.
    pub counters: Counters,
    /// Records that the snapshot knew, neither left nor former.
    pub known: u64,
    /// Deletes of records that this sync never sent, among `counters.delete`.
    pub foreign_deletes: u64,
}

/// A change of the bookkeeping that is made when the plan is accepted, before anything is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// What it is for.
    pub kind: MarkKind,
    /// The hash under which the entry is filed.
    pub key_hash: Fingerprint,
    /// The primary key, for people.
    pub key: Key,
    /// The entry from then on; nothing where it goes.
    pub entry: Option<Entry>,
}

/// Why a mark is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// The key left the model; the record stays.
    Left,
    /// As `Left`, with a write of unknown outcome: the record may exist at the destination.
    LeftUnknown,
    /// Recorded without being sent.
    Adopted,
    /// A key that had left is back, in a mode that sends nothing for it.
    Returned,
    /// The key left the model and another carries its record now; the entry goes.
    Released,
    /// The key is in the model, but another carries its record now; the entry goes.
    Overtaken,
    /// The key carries a record that was another key's.
    HandedOver,
    /// The record under the key's former identifier, kept in sight until it is deleted.
    Former,
    /// The key's write of unknown outcome to the entry's identifier is seen to: filed there, or
    /// the record is another key's now.
    Traced,
    /// The record under the key's former identifier stays at the destination, said only.
    FormerStays,
}

impl MarkKind {
    const ALL: [Self; 10] = [
        Self::Left,
        Self::LeftUnknown,
        Self::Adopted,
        Self::Returned,
        Self::Released,
        Self::Overtaken,
        Self::HandedOver,
        Self::Former,
        Self::Traced,
        Self::FormerStays,
    ];

    /// What is said of it in the run's log.
    pub fn words(self) -> &'static str {
        match self {
            Self::Left => "left the model; its record stays",
            Self::LeftUnknown => "left the model; may exist at the destination",
            Self::Adopted => "adopted without being sent",
            Self::Returned => "is back in the model",
            Self::Released | Self::Overtaken => "its record is another key's now",
            Self::HandedOver => "takes over another key's record",
            Self::Former => "its record under the former identifier is to be deleted",
            Self::Traced => "its write of unknown outcome is traced",
            Self::FormerStays => "its record under the former identifier stays",
        }
    }
}

impl Mark {
    /// The journal row that it makes: the hash, and the entry or its removal.
    pub fn journal(&self) -> Option<([u8; 16], Option<Vec<u8>>)> {
        (!matches!(self.kind, MarkKind::FormerStays | MarkKind::Traced))
            .then(|| (self.key_hash.0, self.entry.as_ref().map(Entry::to_bytes)))
    }

    /// Which writes of unknown outcome under its hash count as settled.
    pub fn settles(&self) -> Settles<'_> {
        match (self.kind, &self.entry) {
            (MarkKind::LeftUnknown, _) => Settles::All,
            (MarkKind::Traced, Some(entry)) => Settles::To(&entry.identifier),
            _ => Settles::None,
        }
    }
}

/// Which writes of unknown outcome of a key a mark settles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settles<'a> {
    /// None.
    None,
    /// All of the key.
    All,
    /// Those to this encoded identifier; empty where the write did not keep it.
    To(&'a [u8]),
}

/// A row whose inputs changed without changing its output: its input hash is written by a fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refresh {
    /// The key's hash.
    pub key_hash: Fingerprint,
    /// The hash of the new inputs.
    pub input_hash: Fingerprint,
    /// The hash of the output that both have.
    pub output_hash: Fingerprint,
}

/// One block of the index.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Block {
    section: Section,
    offset: u64,
    stored_bytes: u32,
    raw_bytes: u32,
    /// 64-bit xxh3 of the stored bytes.
    checksum: u64,
    /// The number of its first record within the section.
    first: u64,
    /// The key hash of its first record.
    first_hash: [u8; 16],
}

/// What stands at the end of the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Footer {
    header: PlanHeader,
    hash: String,
    /// Records of each section.
    counts: [u64; 4],
    blocks: Vec<Block>,
}
