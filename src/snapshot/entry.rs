//! The record of a snapshot: what the destination has acknowledged of one key.

use crate::domain::plan::{Cause, Operation, OperationKind, Record};
use crate::domain::row::{Damaged, Fingerprint, Key, decode_values, encode};
use crate::domain::value::Value;

use super::codec::put_bytes;
use super::entry_view::EntryView;

pub(super) const LEFT: u8 = 1;
pub(super) const ADOPTED: u8 = 2;
pub(super) const FORMER: u8 = 4;
pub(super) const IDENTIFIER_IS_KEY: u8 = 8;
pub(super) const HAS_DESTINATION_ID: u8 = 16;
pub(super) const HAS_VALUES: u8 = 32;

/// A hash that no row has: it stands where nothing was accepted.
pub const NO_HASH: Fingerprint = Fingerprint([0; 16]);

/// Leads the bytes under which a former identifier is filed; no cell starts with it.
const FORMER_MARK: u8 = 0xf0;
/// Leads the bytes under which a record is filed that this sync never sent.
const FOREIGN_MARK: u8 = 0xf1;
/// Leads the bytes that stand for the output of a restored record; no output starts with it.
const RESTORED_MARK: u8 = 0xf2;

/// What is known of one record at the destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The hash of the key; of key and identifier where the entry is `former`.
    pub key_hash: Fingerprint,
    /// The hash of the mapped inputs; [`NO_HASH`] where the next row is to be sent.
    pub input_hash: Fingerprint,
    /// The hash of the mapped output; [`NO_HASH`] where the next row is to be sent.
    pub output_hash: Fingerprint,
    /// The key left the model; the record stays.
    pub left: bool,
    /// Recorded without having been sent.
    pub adopted: bool,
    /// A record under an identifier that its key carried before; due for deletion.
    pub former: bool,
    /// The primary key.
    pub key: Key,
    /// The encoded values of the identifier.
    pub identifier: Vec<u8>,
    /// The destination's own id, where it told one.
    pub destination_id: Option<String>,
    /// What was last accepted, where it is kept.
    pub values: Option<Record>,
}

impl Entry {
    /// Makes the entry of an operation that was accepted; `destination_id` is what the verdict told.
    pub fn accepted(operation: &Operation, destination_id: Option<String>, keep: bool) -> Self {
        Self {
            key_hash: operation.key_hash,
            input_hash: operation.input_hash,
            output_hash: operation.output_hash,
            left: false,
            adopted: false,
            former: false,
            key: operation.key.clone(),
            identifier: encode_identifier(&operation.identifier),
            destination_id: destination_id.or_else(|| operation.destination_id.clone()),
            values: keep
                .then(|| merged(operation.old.as_ref(), operation.new.as_ref()))
                .flatten(),
        }
    }

    /// Makes the entry of a key whose record is known by its identifier only.
    pub fn bare(key_hash: Fingerprint, key: Key, identifier: Vec<u8>) -> Self {
        Self {
            key_hash,
            input_hash: NO_HASH,
            output_hash: NO_HASH,
            left: false,
            adopted: false,
            former: false,
            key,
            identifier,
            destination_id: None,
            values: None,
        }
    }

    /// The entry after its key left the model: key and identifier stay, the fingerprint goes.
    #[must_use]
    pub fn left(self) -> Self {
        Self {
            input_hash: NO_HASH,
            output_hash: NO_HASH,
            left: true,
            values: None,
            ..self
        }
    }

    /// The entry of a row that is recorded without being sent.
    #[must_use]
    pub fn adopted(
        row: Self,
        input_hash: Fingerprint,
        output_hash: Fingerprint,
        values: Option<Record>,
    ) -> Self {
        Self {
            input_hash,
            output_hash,
            adopted: true,
            values,
            ..row
        }
    }

    /// The entry under which the record of a former identifier is filed until it is deleted.
    #[must_use]
    pub fn into_former(self, seed: u64) -> Self {
        Self {
            key_hash: former_hash(seed, &self.key, &self.identifier),
            input_hash: NO_HASH,
            output_hash: NO_HASH,
            former: true,
            ..self
        }
    }

    /// The delete of the record that it holds.
    ///
    /// # Errors
    /// [`Damaged`] where its identifier does not read.
    pub fn deletion(self, cause: Cause) -> Result<Operation, Damaged> {
        Ok(Operation {
            number: 0,
            kind: OperationKind::Delete,
            identifier: decode_values(&self.identifier)?,
            key: self.key,
            key_hash: self.key_hash,
            destination_id: self.destination_id,
            old: self.values,
            new: None,
            input_hash: NO_HASH,
            output_hash: NO_HASH,
            cause,
        })
    }

    /// Appends the encoding.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let identifier_is_key = self.identifier == self.key.bytes();
        let mut flags = 0;
        for (set, flag) in [
            (self.left, LEFT),
            (self.adopted, ADOPTED),
            (self.former, FORMER),
            (identifier_is_key, IDENTIFIER_IS_KEY),
            (self.destination_id.is_some(), HAS_DESTINATION_ID),
            (self.values.is_some(), HAS_VALUES),
        ] {
            if set {
                flags |= flag;
            }
        }
        out.push(flags);
        out.extend_from_slice(&self.key_hash.0);
        out.extend_from_slice(&self.input_hash.0);
        out.extend_from_slice(&self.output_hash.0);
        put_bytes(self.key.bytes(), out);
        if !identifier_is_key {
            put_bytes(&self.identifier, out);
        }
        if let Some(id) = &self.destination_id {
            put_bytes(id.as_bytes(), out);
        }
        if let Some(values) = &self.values {
            values.encode(out);
        }
    }

    /// The encoding.
    pub fn to_bytes(&self) -> Vec<u8> {
        let values = self.values.as_ref().map_or(0, |values| values.0.len());
        let mut out = Vec::with_capacity(96 + values * 24);
        self.encode(&mut out);
        out
    }

    /// The encoding of an entry whose parts are encoded already: the hashes of key, input and
    /// output, the key, the identifier, the destination's id, a record's values.
    pub(super) fn join(
        hashes: [Fingerprint; 3],
        key: &[u8],
        identifier: &[u8],
        destination_id: Option<&[u8]>,
        values: Option<&[u8]>,
    ) -> Vec<u8> {
        let values = values.unwrap_or_default();
        let mut out = Vec::with_capacity(64 + key.len() + identifier.len() + values.len());
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        out.push(
            flag(identifier == key, IDENTIFIER_IS_KEY)
                | flag(destination_id.is_some(), HAS_DESTINATION_ID)
                | flag(!values.is_empty(), HAS_VALUES),
        );
        hashes
            .iter()
            .for_each(|hash| out.extend_from_slice(&hash.0));
        put_bytes(key, &mut out);
        if identifier != key {
            put_bytes(identifier, &mut out);
        }
        if let Some(id) = destination_id {
            put_bytes(id, &mut out);
        }
        out.extend_from_slice(values);
        out
    }

    /// Decodes an entry.
    ///
    /// # Errors
    /// [`Damaged`] where the bytes are not one.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        EntryView::parse(bytes)?.to_entry()
    }
}

/// What is at the destination after `new` was written over `old`: fields left out keep their value.
fn merged(old: Option<&Record>, new: Option<&Record>) -> Option<Record> {
    let new = new?;
    let Some(old) = old.filter(|old| old.0.len() == new.0.len()) else {
        return Some(new.clone());
    };
    let values = new.0.iter().zip(&old.0);
    Some(Record(
        values
            .map(|(new, old)| new.clone().or_else(|| old.clone()))
            .collect(),
    ))
}

/// Encodes the values of an identifier.
pub fn encode_identifier(values: &[Value]) -> Vec<u8> {
    let mut out = Vec::new();
    values.iter().for_each(|value| encode(value, &mut out));
    out
}

/// The hash under which the record of a former identifier is filed.
pub fn former_hash(seed: u64, key: &Key, identifier: &[u8]) -> Fingerprint {
    let mut bytes = vec![FORMER_MARK];
    put_bytes(key.bytes(), &mut bytes);
    bytes.extend_from_slice(identifier);
    Fingerprint::of(seed, &bytes)
}

/// The hash under which the deletion of a record is filed that this sync never sent.
pub fn foreign_hash(seed: u64, identifier: &[u8]) -> Fingerprint {
    let mut bytes = vec![FOREIGN_MARK];
    bytes.extend_from_slice(identifier);
    Fingerprint::of(seed, &bytes)
}

/// The output hash of a record that an undo restores: no row maps to it, so that the row is due.
pub fn restored_hash(seed: u64, record: &Record) -> Fingerprint {
    let mut bytes = vec![RESTORED_MARK];
    record.encode(&mut bytes);
    Fingerprint::of(seed, &bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_entry_reads_back_as_it_was_written(
            flags in any::<(bool, bool, bool)>(),
            key in any::<String>(),
            other in any::<Option<String>>(),
            destination_id in any::<Option<String>>(),
            values in any::<Option<Vec<Option<i64>>>>(),
        ) {
            let key = Key::of(&[Value::text(key)]);
            let identifier = other.map_or(key.bytes().to_vec(), |text| {
                encode_identifier(&[Value::Text(text)])
            });
            let entry = Entry {
                key_hash: Fingerprint::of(1, key.bytes()),
                input_hash: Fingerprint::of(2, key.bytes()),
                output_hash: Fingerprint::of(3, key.bytes()),
                left: flags.0,
                adopted: flags.1,
                former: flags.2,
                key,
                identifier,
                destination_id,
                values: values.map(|values| {
                    Record(values.into_iter().map(|number| number.map(Value::Integer)).collect())
                }),
            };
            prop_assert_eq!(Entry::from_bytes(&entry.to_bytes()), Ok(entry));
        }

        #[test]
        fn other_bytes_are_refused_without_a_panic(bytes in any::<Vec<u8>>()) {
            let _ = Entry::from_bytes(&bytes);
        }
    }

    #[test]
    fn a_field_left_out_of_a_write_keeps_its_last_value() {
        let old = Record(vec![Some(Value::Integer(1)), Some(Value::Integer(2))]);
        let new = Record(vec![Some(Value::Integer(3)), None]);
        assert_eq!(
            merged(Some(&old), Some(&new)),
            Some(Record(vec![
                Some(Value::Integer(3)),
                Some(Value::Integer(2))
            ]))
        );
    }
}
