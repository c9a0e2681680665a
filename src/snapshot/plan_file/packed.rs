//! Operations as a plan file has them: a delivery batch in a fraction of the memory that its
//! operations take when they are decoded.

use crate::domain::plan::{Operation, OperationKind};
use crate::domain::row::{Damaged, Fingerprint};

use super::codec::{decode_operation, kind_of_code};

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
}

/// Operations of one plan, in its order, each decoded when it is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackedOperations {
    bytes: Vec<u8>,
    /// The number of each, and where its record ends.
    index: Vec<(u64, usize)>,
}

impl PackedOperations {
    /// Appends an operation.
    pub fn push(&mut self, operation: &RawOperation<'_>) {
        self.append(operation.number, operation.bytes);
    }

    fn append(&mut self, number: u64, record: &[u8]) {
        self.bytes.extend_from_slice(record);
        self.index.push((number, self.bytes.len()));
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
        self.bytes.len()
    }

    /// The number of each operation.
    pub fn numbers(&self) -> impl Iterator<Item = u64> {
        self.index.iter().map(|(number, _)| *number)
    }

    /// The record of each operation.
    pub fn records(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).filter_map(|at| self.record(at))
    }

    fn record(&self, at: usize) -> Option<&[u8]> {
        let (_, end) = self.index.get(at)?;
        let start = match at.checked_sub(1) {
            Some(before) => self.index.get(before)?.1,
            None => 0,
        };
        self.bytes.get(start..*end)
    }

    /// The operation at a position, as bytes.
    ///
    /// # Errors
    /// [`Damaged`] where there is none, or its record is not an operation's.
    pub fn raw(&self, at: usize) -> Result<RawOperation<'_>, Damaged> {
        let (number, _) = self.index.get(at).ok_or(Damaged)?;
        RawOperation::parse(*number, self.record(at).ok_or(Damaged)?)
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
            if let (Some((number, _)), Some(record)) = (self.index.get(at), self.record(at)) {
                part.append(*number, record);
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
    use crate::domain::value::Value;

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
}
