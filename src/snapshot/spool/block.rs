//! Records in memory: framed by their length, end to end, with an index in sort order.

use std::io;

/// Records that were loaded or collected, sorted.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// The framed records, in the order in which they came.
    pub bytes: Vec<u8>,
    /// One number a record: its leading 8 bytes, then where it stands.
    index: Vec<u128>,
    /// Whether no other block holds records with the same leading bytes.
    pub is_whole: bool,
}

/// The leading 8 bytes as a number; 0 where there are fewer.
#[inline]
pub(super) fn prefix(record: &[u8]) -> u64 {
    record
        .first_chunk::<8>()
        .map_or(0, |head| u64::from_be_bytes(*head))
}

/// What a record sorts by.
pub(super) fn sort_key(record: &[u8], length: usize) -> &[u8] {
    record.get(..length).unwrap_or(record)
}

/// The record whose frame starts at `offset`.
#[inline]
fn record(bytes: &[u8], offset: usize) -> &[u8] {
    bytes
        .get(offset..)
        .and_then(|rest| rest.split_first_chunk::<4>())
        .and_then(|(length, rest)| rest.get(..place(u32::from_le_bytes(*length))))
        .unwrap_or_default()
}

#[inline]
fn place(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

#[inline]
fn entry(record: &[u8], offset: usize) -> Option<u128> {
    let offset = u32::try_from(offset).ok()?;
    Some(u128::from(prefix(record)) << 64 | u128::from(offset))
}

#[inline]
fn head_of(entry: u128) -> u128 {
    entry >> 64
}

#[inline]
fn offset_of(entry: u128) -> usize {
    usize::try_from(entry & u128::from(u32::MAX)).unwrap_or(usize::MAX)
}

/// Appends the record that `parts` make up, with its frame; `length` is theirs together.
#[inline]
pub(super) fn put(length: u32, parts: &[&[u8]], out: &mut Vec<u8>) {
    out.extend_from_slice(&length.to_le_bytes());
    for part in parts {
        out.extend_from_slice(part);
    }
}

/// Gives every record with its frame to `take`, in the order in which they came.
pub(super) fn each(
    mut rest: &[u8],
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    while let Some(length) = rest.first_chunk::<4>() {
        let whole = place(u32::from_le_bytes(*length)).saturating_add(4);
        let (framed, next) = rest.split_at_checked(whole).ok_or_else(cut)?;
        take(framed)?;
        rest = next;
    }
    if rest.is_empty() { Ok(()) } else { Err(cut()) }
}

impl Block {
    /// Appends a record that sorts behind all others.
    pub fn push_last(&mut self, record: &[u8]) -> io::Result<()> {
        let length = u32::try_from(record.len()).map_err(|_| too_large())?;
        let entry = entry(record, self.bytes.len()).ok_or_else(too_large)?;
        put(length, &[record], &mut self.bytes);
        self.index.push(entry);
        Ok(())
    }

    /// Indexes and sorts the records by their first `key` bytes; equal ones stay in their order.
    pub fn sort(&mut self, key: usize) -> io::Result<()> {
        self.index.clear();
        let (index, mut offset) = (&mut self.index, 0);
        each(&self.bytes, |framed| {
            let record = framed.get(4..).unwrap_or_default();
            index.push(entry(record, offset).ok_or_else(too_large)?);
            offset += framed.len();
            Ok(())
        })?;
        self.index.sort_unstable();
        let bytes = &self.bytes;
        let by_key = |entry: &u128| sort_key(record(bytes, offset_of(*entry)), key);
        for equal in self.index.chunk_by_mut(|a, b| head_of(*a) == head_of(*b)) {
            if equal.len() > 1 {
                equal.sort_by(|a, b| by_key(a).cmp(by_key(b)));
            }
        }
        Ok(())
    }

    /// Leaves out the records that share their leading 8 bytes with no other and are idle.
    pub fn drop_lone(&mut self, is_idle: fn(&[u8]) -> bool) {
        let bytes = &self.bytes;
        let mut before = None;
        let mut kept = 0;
        for at in 0..self.index.len() {
            let Some(entry) = self.index.get(at).copied() else {
                break;
            };
            let head = head_of(entry);
            let next = self.index.get(at + 1).map(|next| head_of(*next));
            let is_lone = before != Some(head) && next != Some(head);
            before = Some(head);
            if is_lone && is_idle(record(bytes, offset_of(entry))) {
                continue;
            }
            if let Some(place) = self.index.get_mut(kept) {
                *place = entry;
            }
            kept += 1;
        }
        self.index.truncate(kept);
    }

    /// Number of indexed records.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// The record at a position of the sort order.
    #[inline]
    pub fn nth(&self, position: usize) -> Option<&[u8]> {
        let entry = self.index.get(position)?;
        Some(record(&self.bytes, offset_of(*entry)))
    }

    /// Whether the record after `position` certainly has other leading bytes.
    #[inline]
    pub fn next_differs(&self, position: usize) -> bool {
        let head = |at: usize| self.index.get(at).map(|entry| head_of(*entry));
        match head(position + 1) {
            Some(next) => head(position) != Some(next),
            None => self.is_whole,
        }
    }

    /// Empties it and keeps its memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.index.clear();
    }
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "a spooled row is cut")
}

pub(super) fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a row is too large")
}
