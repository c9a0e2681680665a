//! Operations as a plan file has them: a delivery batch in a fraction of the memory that its
//! operations take when they are decoded.

use crate::domain::plan::{Operation, OperationKind};
use crate::domain::row::{Damaged, Fingerprint};
use crate::domain::value::Value;

use super::codec::{accepted_entry, decode_identifier, decode_operation, kind_of_code};

/// An operation that is still bytes.
#[derive(Debug, Clone, Copy)]
pub struct RawOperation<'a> {
    /// As [`Operation::number`].
    pub number: u64,
    /// As [`Operation::kind`].
    pub kind: OperationKind,
    /// As [`Operation::key_hash`].
    pub key_hash: Fingerprint,
    /// The whole record.
    pub bytes: &'a [u8],
}

impl<'a> RawOperation<'a> {
    pub(super) fn parse(number: u64, bytes: &'a [u8]) -> Result<Self, Damaged> {
        let (key_hash, rest) = bytes.split_first_chunk::<16>().ok_or(Damaged)?;
        Ok(Self {
            number,
            kind: kind_of_code(*rest.first().ok_or(Damaged)?)?,
            key_hash: Fingerprint(*key_hash),
            bytes,
        })
    }

    /// Decodes the whole operation.
    ///
    /// # Errors
    /// [`Damaged`] where the record is not an operation's.
    pub fn decode(&self) -> Result<Operation, Damaged> {
        decode_operation(self.bytes, self.number)
    }

    /// Decodes the identifier's values.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn identifier(&self) -> Result<Vec<Value>, Damaged> {
        decode_identifier(self.bytes)
    }

    /// The snapshot's record once this was accepted, encoded, as [`Entry::accepted`] makes it;
    /// nothing for a delete.
    ///
    /// [`Entry::accepted`]: crate::snapshot::Entry::accepted
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn accepted(
        &self,
        destination_id: Option<&str>,
        keep: bool,
    ) -> Result<Option<Vec<u8>>, Damaged> {
        accepted_entry(self.bytes, destination_id, keep)
    }
}

/// Bytes of records that are kept in one piece of memory. A large piece that is freed makes the
/// system's allocator keep as much for later, once a thread.
const PIECE: usize = 256 << 10;

/// Operations of one plan, in its order, each decoded when it is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackedOperations {
    /// Whole records each; all but the last are full.
    pieces: Vec<Vec<u8>>,
    index: Vec<Place>,
    bytes: usize,
}

/// Where an operation's record ends, in which piece, and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    number: u64,
    piece: u32,
    end: u32,
}

impl PackedOperations {
    /// Appends an operation.
    pub fn push(&mut self, operation: &RawOperation<'_>) {
        self.append(operation.number, operation.bytes);
    }

    fn append(&mut self, number: u64, record: &[u8]) {
        let fits = |piece: &Vec<u8>| piece.len() + record.len() <= PIECE;
        if !self.pieces.last().is_some_and(fits) {
            // The first grows as it must: most batches are small.
            let room = if self.pieces.is_empty() { 0 } else { PIECE };
            self.pieces.push(Vec::with_capacity(room.max(record.len())));
        }
        let piece = self.pieces.len() - 1;
        if let Some(last) = self.pieces.last_mut() {
            last.extend_from_slice(record);
            // A record is a few MiB at most.
            let end = u32::try_from(last.len()).unwrap_or(u32::MAX);
            let piece = u32::try_from(piece).unwrap_or(u32::MAX);
            self.index.push(Place { number, piece, end });
            self.bytes += record.len();
        }
    }

    /// Gives back the memory that it has not grown into.
    pub fn shrink(&mut self) {
        if let Some(last) = self.pieces.last_mut() {
            last.shrink_to_fit();
        }
        self.index.shrink_to_fit();
    }

    /// Number of operations.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Bytes of all records.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The number of each operation.
    pub fn numbers(&self) -> impl Iterator<Item = u64> {
        self.index.iter().map(|place| place.number)
    }

    /// The record of each operation.
    pub fn records(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).filter_map(|at| self.record(at))
    }

    fn record(&self, at: usize) -> Option<&[u8]> {
        let place = self.index.get(at)?;
        let before = at.checked_sub(1).and_then(|before| self.index.get(before));
        let start = before.filter(|it| it.piece == place.piece);
        let piece = self.pieces.get(usize::try_from(place.piece).ok()?)?;
        let start = usize::try_from(start.map_or(0, |it| it.end)).ok()?;
        piece.get(start..usize::try_from(place.end).ok()?)
    }

    /// The operation at a position, as bytes.
    ///
    /// # Errors
    /// [`Damaged`] where there is none, or its record is not an operation's.
    pub fn raw(&self, at: usize) -> Result<RawOperation<'_>, Damaged> {
        let place = self.index.get(at).ok_or(Damaged)?;
        RawOperation::parse(place.number, self.record(at).ok_or(Damaged)?)
    }

    /// Decodes the operation at a position.
    ///
    /// # Errors
    /// As [`Self::raw`].
    pub fn get(&self, at: usize) -> Result<Operation, Damaged> {
        self.raw(at)?.decode()
    }

    /// The operations at some positions, ascending.
    #[must_use]
    pub fn part(&self, positions: impl IntoIterator<Item = usize>) -> Self {
        let mut part = Self::default();
        for at in positions {
            if let (Some(place), Some(record)) = (self.index.get(at), self.record(at)) {
                part.append(place.number, record);
            }
        }
        part
    }
}

#[cfg(test)]
mod tests {
    use super::super::codec::encode_operation;
    use super::*;
    use crate::domain::plan::{Cause, Record};
    use crate::domain::row::Key;
    use crate::snapshot::Entry;

    fn operation(number: u64) -> Operation {
        let key = Key::of(&[Value::Integer(number.cast_signed())]);
        Operation {
            number,
            kind: OperationKind::ALL[usize::try_from(number % 3).unwrap()],
            key_hash: Fingerprint::of(1, key.bytes()),
            key,
            identifier: vec![Value::text(format!("id {number}"))],
            destination_id: None,
            old: None,
            new: Some(Record(vec![Some(Value::text("x")), None])),
            input_hash: Fingerprint([1; 16]),
            output_hash: Fingerprint([2; 16]),
            cause: Cause::Changed,
        }
    }

    #[test]
    fn a_part_of_packed_operations_reads_back_as_they_were() {
        let all: Vec<Operation> = [2, 3, 5, 8].map(operation).into();
        let mut packed = PackedOperations::default();
        for operation in &all {
            let mut record = Vec::new();
            encode_operation(operation, &mut record);
            let raw = RawOperation::parse(operation.number, &record).unwrap();
            assert_eq!(
                (raw.kind, raw.key_hash),
                (operation.kind, operation.key_hash)
            );
            packed.push(&raw);
        }
        let part = packed.part([1, 3]);
        assert_eq!(part.numbers().collect::<Vec<_>>(), [3, 8]);
        assert_eq!(part.get(0), Ok(all[1].clone()));
        assert_eq!(part.get(1), Ok(all[3].clone()));
        assert_eq!(part.get(2), Err(Damaged));
        assert!(RawOperation::parse(0, &[0; 16]).is_err());
        assert!(RawOperation::parse(0, &[9; 17]).is_err());
    }

    #[test]
    fn records_of_more_than_a_piece_read_back_too() {
        let sizes = [100, PIECE - 200, 300, 2 * PIECE, 17, PIECE];
        let records: Vec<Vec<u8>> = (1..).zip(sizes).map(|(it, size)| vec![it; size]).collect();
        let mut packed = PackedOperations::default();
        for (number, record) in (0..).zip(&records) {
            packed.append(number, record);
        }
        packed.shrink();
        assert!(packed.records().eq(&records));
        assert_eq!(packed.bytes(), sizes.iter().sum::<usize>());
    }

    #[test]
    fn the_entry_of_bytes_is_the_entry_of_the_operation() {
        let plain = operation(3);
        let record = |values: &[Option<i64>]| {
            let values = values.iter().map(|it| it.map(Value::Integer));
            Some(Record(values.collect()))
        };
        let mut named = operation(6);
        named.identifier = vec![Value::text("k")];
        named.key = Key::of(&[Value::text("k")]);
        named.destination_id = Some("d1".into());
        let mut merged = operation(4);
        (merged.old, merged.new) = (record(&[Some(1), Some(2)]), record(&[None, Some(3)]));
        let mut handed = operation(9);
        handed.cause = Cause::HandOver { from: vec![1, 2] };
        let deleted = operation(2);
        for operation in [plain, named, merged, handed, deleted] {
            let mut bytes = Vec::new();
            encode_operation(&operation, &mut bytes);
            let raw = RawOperation::parse(operation.number, &bytes).unwrap();
            assert_eq!(raw.identifier().unwrap(), operation.identifier);
            for (id, keep) in [(None, true), (None, false), (Some("d2"), true)] {
                let whole = (operation.kind != OperationKind::Delete)
                    .then(|| Entry::accepted(&operation, id.map(str::to_owned), keep).to_bytes());
                assert_eq!(raw.accepted(id, keep).unwrap(), whole, "{operation:?}");
            }
        }
    }
}
