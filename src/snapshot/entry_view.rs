//! An entry that is still bytes, for walks over many of which little is looked at.

use crate::domain::plan::Record;
use crate::domain::row::{Damaged, Fingerprint, Key};

use super::codec::{take_byte, take_bytes, take_hash, take_text};
use super::entry::{
    ADOPTED, Entry, FORMER, HAS_DESTINATION_ID, HAS_VALUES, IDENTIFIER_IS_KEY, LEFT,
};

/// An entry that is still bytes: what the comparison of unchanged rows looks at.
#[derive(Debug, Clone, Copy)]
pub struct EntryView<'a> {
    flags: u8,
    /// As [`Entry::key_hash`].
    pub key_hash: Fingerprint,
    /// As [`Entry::input_hash`].
    pub input_hash: Fingerprint,
    /// As [`Entry::output_hash`].
    pub output_hash: Fingerprint,
    /// The key's canonical bytes.
    pub key: &'a [u8],
    /// The encoded values of the identifier.
    pub identifier: &'a [u8],
    rest: &'a [u8],
}

impl<'a> EntryView<'a> {
    /// Reads an encoding; destination id and values stay undecoded.
    ///
    /// # Errors
    /// [`Damaged`] where the bytes are not an entry.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Damaged> {
        let mut rest = bytes;
        let flags = take_byte(&mut rest)?;
        let key_hash = take_hash(&mut rest)?;
        let input_hash = take_hash(&mut rest)?;
        let output_hash = take_hash(&mut rest)?;
        let key = take_bytes(&mut rest)?;
        let identifier = if flags & IDENTIFIER_IS_KEY == 0 {
            take_bytes(&mut rest)?
        } else {
            key
        };
        Ok(Self {
            flags,
            key_hash,
            input_hash,
            output_hash,
            key,
            identifier,
            rest,
        })
    }

    /// The key hash of an encoding of which nothing else is looked at.
    ///
    /// # Errors
    /// [`Damaged`] where the bytes are too few.
    #[inline]
    pub(crate) fn key_hash_of(bytes: &[u8]) -> Result<Fingerprint, Damaged> {
        let mut rest = bytes.get(1..).ok_or(Damaged)?;
        take_hash(&mut rest)
    }

    /// As [`Entry::left`].
    #[inline]
    pub fn is_left(&self) -> bool {
        self.flags & LEFT != 0
    }

    /// Whether the identifier is the key.
    #[inline]
    pub fn identifier_is_key(&self) -> bool {
        self.flags & IDENTIFIER_IS_KEY != 0 || self.identifier == self.key
    }

    /// As [`Entry::adopted`].
    pub fn is_adopted(&self) -> bool {
        self.flags & ADOPTED != 0
    }

    /// As [`Entry::former`].
    #[inline]
    pub fn is_former(&self) -> bool {
        self.flags & FORMER != 0
    }

    /// Whether it counts as a record that the sync knows.
    #[inline]
    pub fn is_known(&self) -> bool {
        self.flags & (LEFT | FORMER) == 0
    }

    /// Whether the last accepted values are kept in it.
    pub fn has_values(&self) -> bool {
        self.flags & HAS_VALUES != 0
    }

    /// Decodes the whole entry.
    ///
    /// # Errors
    /// [`Damaged`] where destination id or values are not encodings.
    pub fn to_entry(&self) -> Result<Entry, Damaged> {
        let mut rest = self.rest;
        let destination_id = (self.flags & HAS_DESTINATION_ID != 0)
            .then(|| take_text(&mut rest))
            .transpose()?;
        let values = (self.flags & HAS_VALUES != 0)
            .then(|| Record::decode(&mut rest))
            .transpose()?;
        if !rest.is_empty() {
            return Err(Damaged);
        }
        Ok(Entry {
            key_hash: self.key_hash,
            input_hash: self.input_hash,
            output_hash: self.output_hash,
            left: self.is_left(),
            adopted: self.is_adopted(),
            former: self.is_former(),
            key: Key::from_bytes(self.key),
            identifier: self.identifier.to_vec(),
            destination_id,
            values,
        })
    }
}
