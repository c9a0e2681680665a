//! Identifiers in the form in which the object compares them, and what is said of each.
//!
//! Unless the identifier is the untransformed key, comparing emits one record for each identifier
//! that a row claims, that a snapshot entry holds, or that the destination lists. Sorted by
//! identifier they show collisions, hand-overs and what may be deleted (`settle`).

use std::path::Path;

use crate::domain::destination::IdentifierForm;
use crate::domain::plan::RecordShape;
use crate::domain::row::{self, Cell, Damaged, Fingerprint, put_length, take_length};
use crate::domain::value::{Type, Value};
use crate::snapshot::{Entry, SnapshotError, Sorted, Spool, encode_identifier};

/// Leading bytes by which identifier records sort: identifier, role and rank, key.
pub(super) const SORT_BYTES: usize = 33;
/// Ranks within a role. Of those that hold an identifier, one under a former identifier comes first
/// and so stands for the record: no write of its key that is still under way takes it elsewhere.
const RANKS: u8 = 2;

/// What a row that claims an identifier is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Nothing to send; counted as unchanged.
    Unchanged,
    /// An operation of this plan.
    Send,
    /// Nothing is sent, by mode or option; counted as skipped.
    Idle,
    /// Outside of what this run looks at.
    Unselected,
    /// Stopped by us.
    Invalid,
    /// Stopped by us, without a usable key.
    Keyless,
}

impl Class {
    const ALL: [Self; 6] = [
        Self::Unchanged,
        Self::Send,
        Self::Idle,
        Self::Unselected,
        Self::Invalid,
        Self::Keyless,
    ];
}

/// The role of an identifier record; they sort in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A row maps to it.
    Claim,
    /// The destination lists it.
    Listed,
    /// The entry of a key whose row is present and not sent to another identifier.
    Stays,
    /// The entry of a key whose row is sent to another identifier now.
    Moved,
    /// The entry of a key that is not in the model.
    Absent,
}

impl Role {
    const ALL: [Self; 5] = [
        Self::Claim,
        Self::Listed,
        Self::Stays,
        Self::Moved,
        Self::Absent,
    ];
}

pub(super) fn code<T: PartialEq>(all: &[T], one: &T) -> u8 {
    let position = all.iter().position(|other| other == one);
    position
        .and_then(|it| u8::try_from(it).ok())
        .unwrap_or(u8::MAX)
}

/// The byte by which records of one identifier sort.
fn place(role: Role, rank: u8) -> u8 {
    code(&Role::ALL, &role)
        .saturating_mul(RANKS)
        .saturating_add(rank)
}

fn decoded<T: Copy>(all: &[T], code: u8) -> Result<T, Damaged> {
    all.get(usize::from(code)).copied().ok_or(Damaged)
}

/// What the entry of a claiming key is to the identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It holds another one, or there is none.
    Elsewhere,
    /// It holds it.
    Own,
    /// It holds it, and was recorded without having been sent.
    Adopted,
}

impl Standing {
    const ALL: [Self; 3] = [Self::Elsewhere, Self::Own, Self::Adopted];

    /// That of a key whose entry holds the identifier where `own`.
    pub(super) fn of(own: bool, is_adopted: bool) -> Self {
        match (own, is_adopted) {
            (false, _) => Self::Elsewhere,
            (true, false) => Self::Own,
            (true, true) => Self::Adopted,
        }
    }
}

/// An entry that holds an identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holder {
    /// The entry; made up from a write of unknown outcome where `on_record` is false.
    pub entry: Entry,
    /// Whether a write under its hash has an unknown outcome.
    pub dirty: bool,
    /// Whether that write was a delete.
    pub deleting: bool,
    /// Whether the snapshot holds the entry.
    pub on_record: bool,
    /// The identifiers of the doubtful writes that went to the entry's, as each spelled it; empty
    /// where one did not keep it.
    pub doubts: Vec<Vec<u8>>,
}

/// A record of the identifier spool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    Claim {
        class: Class,
        standing: Standing,
        key: Vec<u8>,
    },
    /// The encoded identifier as the object's fields have it.
    Listed(Vec<u8>),
    Holds(Role, Holder),
}

/// Whether a record is a row's claim. Where nothing else is said of its identifier, nothing follows.
pub(super) fn is_claim(record: &[u8]) -> bool {
    record
        .get(16)
        .is_some_and(|place| place / RANKS == code(&Role::ALL, &Role::Claim))
}

/// The leading parts of a record.
pub(super) fn heads(record: &[u8]) -> Result<(Fingerprint, Fingerprint), Damaged> {
    let identifier = record.get(..16).and_then(|it| it.try_into().ok());
    let key = record.get(17..33).and_then(|it| it.try_into().ok());
    match (identifier, key) {
        (Some(identifier), Some(key)) => Ok((Fingerprint(identifier), Fingerprint(key))),
        _ => Err(Damaged),
    }
}

/// Decodes the rest of a record.
pub(super) fn said(record: &[u8]) -> Result<Said, Damaged> {
    let role = decoded(&Role::ALL, record.get(16).ok_or(Damaged)? / RANKS)?;
    let rest = record.get(SORT_BYTES..).ok_or(Damaged)?;
    Ok(match role {
        Role::Claim => {
            let ([class, standing], key) = rest.split_first_chunk::<2>().ok_or(Damaged)?;
            Said::Claim {
                class: decoded(&Class::ALL, *class)?,
                standing: decoded(&Standing::ALL, *standing)?,
                key: key.to_vec(),
            }
        }
        Role::Listed => Said::Listed(rest.to_vec()),
        Role::Stays | Role::Moved | Role::Absent => {
            let (flags, mut rest) = rest.split_first().ok_or(Damaged)?;
            let doubts = take_texts(&mut rest)?;
            Said::Holds(
                role,
                Holder {
                    entry: Entry::from_bytes(rest)?,
                    dirty: flags & 1 != 0,
                    deleting: flags & 2 != 0,
                    on_record: flags & 4 != 0,
                    doubts,
                },
            )
        }
    })
}

/// Appends byte strings with their number and lengths.
pub(super) fn put_texts(texts: &[Vec<u8>], out: &mut Vec<u8>) {
    put_length(texts.len(), out);
    for text in texts {
        put_length(text.len(), out);
        out.extend_from_slice(text);
    }
}

/// Takes what [`put_texts`] appended.
pub(super) fn take_texts(rest: &mut &[u8]) -> Result<Vec<Vec<u8>>, Damaged> {
    let mut texts = Vec::new();
    for _ in 0..take_length(rest)? {
        let length = take_length(rest)?;
        let (text, after) = rest.split_at_checked(length).ok_or(Damaged)?;
        texts.push(text.to_vec());
        *rest = after;
    }
    Ok(texts)
}

/// Collects what is said of identifiers.
pub(super) struct Identifiers {
    spool: Spool,
    form: IdentifierForm,
    seed: u64,
    folded: Vec<u8>,
    encoded: Vec<u8>,
}

impl Identifiers {
    pub(super) fn new(folder: &Path, run_bytes: usize, form: IdentifierForm, seed: u64) -> Self {
        Self {
            spool: Spool::new(folder, SORT_BYTES, run_bytes),
            form,
            seed,
            folded: Vec::new(),
            encoded: Vec::new(),
        }
    }

    fn hash(&mut self, identifier: &[u8]) -> Fingerprint {
        match self.form {
            IdentifierForm::Exact => Fingerprint::of(self.seed, identifier),
            IdentifierForm::CaseFolded => {
                self.folded.clear();
                fold_case(identifier, &mut self.folded);
                Fingerprint::of(self.seed, &self.folded)
            }
        }
    }

    pub(super) fn claim(
        &mut self,
        identifier: &[u8],
        key_hash: Fingerprint,
        key: &[u8],
        class: Class,
        standing: Standing,
    ) -> Result<(), SnapshotError> {
        let hash = self.hash(identifier);
        let role = [place(Role::Claim, 0)];
        let what = [code(&Class::ALL, &class), code(&Standing::ALL, &standing)];
        self.spool.push(&[&hash.0, &role, &key_hash.0, &what, key])
    }

    pub(super) fn listed(&mut self, identifier: &[u8]) -> Result<(), SnapshotError> {
        let hash = self.hash(identifier);
        let role = [place(Role::Listed, 0)];
        self.spool.push(&[&hash.0, &role, &[0; 16], identifier])
    }

    pub(super) fn holds(&mut self, role: Role, holder: &Holder) -> Result<(), SnapshotError> {
        let hash = self.hash(&holder.entry.identifier);
        let stands = holder.on_record && holder.entry.former;
        let role = [place(role, u8::from(!stands))];
        let flags = u8::from(holder.dirty)
            | (u8::from(holder.deleting) << 1)
            | (u8::from(holder.on_record) << 2);
        self.encoded.clear();
        put_texts(&holder.doubts, &mut self.encoded);
        holder.entry.encode(&mut self.encoded);
        let key_hash = holder.entry.key_hash;
        self.spool
            .push(&[&hash.0, &role, &key_hash.0, &[flags], &self.encoded])
    }

    pub(super) fn finish(self) -> Result<Sorted, SnapshotError> {
        self.spool.finish()
    }
}

/// Appends an identifier with its texts in lower case.
fn fold_case(identifier: &[u8], out: &mut Vec<u8>) {
    let mut rest = identifier;
    while !rest.is_empty() {
        let mut cell = match row::take_cell(&mut rest) {
            Ok(cell) => cell,
            Err(Damaged) => {
                out.extend_from_slice(rest);
                return;
            }
        };
        let raw = cell;
        match row::decode(&mut cell) {
            Ok(Cell::Value(Value::Text(text))) => row::encode_text(&text.to_lowercase(), out),
            _ => out.extend_from_slice(raw),
        }
    }
}

/// Whether two identifiers are one to the object.
pub(super) fn same(form: IdentifierForm, a: &[u8], b: &[u8]) -> bool {
    if a == b || form == IdentifierForm::Exact {
        return a == b;
    }
    let (mut left, mut right) = (Vec::new(), Vec::new());
    fold_case(a, &mut left);
    fold_case(b, &mut right);
    left == right
}

/// A listed identifier as the object's fields have it; nothing where it cannot be compared, and
/// such a record is left alone.
pub(super) fn as_fields(values: &[Value], shape: &RecordShape) -> Option<Vec<u8>> {
    let kinds = shape.identifier.iter().map(|at| shape.fields.get(*at));
    if values.len() != shape.identifier.len() {
        return None;
    }
    let fitted: Option<Vec<Value>> = values
        .iter()
        .zip(kinds)
        .map(|(value, field)| fitted(value, field?.kind))
        .collect();
    fitted.map(|values| encode_identifier(&values))
}

fn fitted(value: &Value, kind: Type) -> Option<Value> {
    let plain = value.to_plain();
    match (value.kind()?, kind) {
        (is, wanted) if is == wanted => Some(value.clone()),
        (_, Type::Text) => Some(Value::Text(plain)),
        (Type::Text | Type::Decimal, Type::Integer) => plain
            .parse()
            .ok()
            .filter(|number: &i64| number.to_string() == plain)
            .map(Value::Integer),
        (Type::Text | Type::Integer, Type::Decimal) => plain.parse().ok().map(Value::Decimal),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &str) -> Vec<u8> {
        encode_identifier(&[Value::text(text), Value::Integer(1)])
    }

    #[test]
    fn case_matters_only_where_the_object_says_so() {
        let (a, b) = (encoded("Ä@x"), encoded("ä@X"));
        assert!(same(IdentifierForm::CaseFolded, &a, &b));
        assert!(!same(IdentifierForm::Exact, &a, &b));
        assert!(!same(IdentifierForm::CaseFolded, &a, &encoded("b")));
    }

    #[test]
    fn a_listed_value_of_another_type_is_compared_only_where_it_is_the_same_value() {
        assert_eq!(
            fitted(&Value::text("12"), Type::Integer),
            Some(Value::Integer(12))
        );
        assert_eq!(fitted(&Value::text("012"), Type::Integer), None);
        assert_eq!(
            fitted(&Value::Integer(5), Type::Text),
            Some(Value::text("5"))
        );
        assert_eq!(fitted(&Value::Null, Type::Text), None);
    }
}
