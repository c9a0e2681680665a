//! A naive model of product section 2: all rows and all entries in maps, rule by rule.

mod brief;
mod identifiers;

use std::collections::{BTreeMap, BTreeSet};

use signalsmith::domain::destination::IdentifierForm;
use signalsmith::domain::mode::Mode;
use signalsmith::domain::plan::OperationKind;
use signalsmith::domain::row::{Fingerprint, Key, encode};
use signalsmith::domain::value::Value;
use signalsmith::engine::diff::{RowMapper, Selection};
use signalsmith::snapshot::{Dirty, Entry, encode_identifier};

pub use brief::{Brief, brief};

use crate::planning::world::{SEED, Settings, TestMapper, TestRow};

/// What the destination has acknowledged, and what it has not.
#[derive(Debug, Clone, Default)]
pub struct State {
    pub entries: BTreeMap<Fingerprint, Entry>,
    pub dirty: BTreeMap<Fingerprint, Vec<Dirty>>,
}

/// What a plan must be.
#[derive(Debug, Default)]
pub struct Expected {
    pub read: u64,
    pub unchanged: u64,
    pub skipped: u64,
    pub invalid: u64,
    /// By key hash: kind, identifier, cause, destination id.
    pub operations: BTreeMap<Fingerprint, Brief>,
    pub next: State,
    /// Absent keys whose record is another's.
    released: BTreeSet<Fingerprint>,
    /// Present keys whose record is another's.
    overtaken: BTreeSet<Fingerprint>,
    handed: BTreeMap<Fingerprint, Entry>,
    in_sight: BTreeMap<Fingerprint, Entry>,
    /// Doubtful writes that are filed under their identifier, or whose record is another's.
    traced: BTreeSet<(Fingerprint, Vec<u8>)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Unchanged,
    Idle,
    Send,
    Invalid,
    Unselected,
}

struct Judged {
    rows: u64,
    fate: Fate,
    identifier: Vec<u8>,
    is_same: bool,
    input_hash: Fingerprint,
    output_hash: Fingerprint,
    record: Option<signalsmith::domain::plan::Record>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Stays,
    Moved,
    Absent,
}

#[derive(Clone)]
struct Hold {
    role: Role,
    entry: Entry,
    dirty: bool,
    deleting: bool,
    on_record: bool,
    /// Identifiers of the doubtful writes that went here, as spelled.
    doubts: Vec<Vec<u8>>,
}

pub fn normal(form: IdentifierForm, identifier: &[u8]) -> Vec<u8> {
    match form {
        IdentifierForm::Exact => identifier.to_vec(),
        // All test texts are ASCII, and no tag or length is a letter.
        IdentifierForm::CaseFolded => identifier.to_ascii_lowercase(),
    }
}

pub fn identifier_of(settings: &Settings, row: &TestRow) -> Option<Vec<u8>> {
    let value = if settings.by_key {
        row.id.map(Value::Integer)
    } else {
        row.email.clone().map(Value::Text)
    };
    value.map(|value| encode_identifier(&[value]))
}

pub struct Oracle<'a> {
    pub settings: &'a Settings,
    pub state: &'a State,
}

impl Oracle<'_> {
    fn selects(&self, key: &Key) -> bool {
        match &self.settings.selection {
            Selection::Keys(keys) => keys.contains(key),
            _ => true,
        }
    }

    fn is_partial(&self) -> bool {
        self.settings.selection != Selection::All || self.settings.adopt
    }

    fn norm(&self, identifier: &[u8]) -> Vec<u8> {
        normal(self.settings.form, identifier)
    }

    fn entry(&self, hash: Fingerprint) -> Option<&Entry> {
        self.state.entries.get(&hash)
    }

    fn dirty(&self, hash: Fingerprint) -> &[Dirty] {
        self.state.dirty.get(&hash).map_or(&[], Vec::as_slice)
    }

    fn judge(&self, key: &Key, hash: Fingerprint, rows: &[&TestRow]) -> Judged {
        let row = rows[0];
        let mapper = TestMapper::new(self.settings.by_key);
        let values = [
            row.id.map_or(Value::Null, Value::Integer),
            row.email.clone().map_or(Value::Null, Value::Text),
            Value::text(row.name.clone()),
        ];
        let cells: Vec<_> = mapper
            .inputs()
            .iter()
            .map(|at| signalsmith::domain::row::Cell::Value(values[*at].clone()))
            .collect();
        let mut bytes = Fingerprint::of(SEED, &mapper.signature()).0.to_vec();
        for at in mapper.inputs() {
            encode(&values[*at], &mut bytes);
        }
        let input_hash = Fingerprint::of(SEED, &bytes);
        let record = mapper.apply(&cells).ok().filter(|_| rows.len() == 1);
        let selected = self.selects(key);
        let mut judged = Judged {
            rows: rows.len() as u64,
            fate: Fate::Invalid,
            identifier: Vec::new(),
            is_same: false,
            input_hash,
            output_hash: Fingerprint([0; 16]),
            record,
        };
        if row.id.is_none() {
            judged.record = None;
        }
        if let Some(record) = &judged.record {
            let mut bytes = Vec::new();
            mapper.comparison_bytes(record, &mut bytes);
            judged.output_hash = Fingerprint::of(SEED, &bytes);
            judged.identifier = encode_identifier(&mapper.identifier(record));
            let dirty = !self.dirty(hash).is_empty();
            judged.is_same = self.entry(hash).is_some_and(|entry| {
                !entry.left
                    && entry.output_hash == judged.output_hash
                    && self.norm(&entry.identifier) == self.norm(&judged.identifier)
            });
            let settings = self.settings;
            let known = self.entry(hash).is_some();
            judged.fate = if judged.is_same && !dirty && !settings.full {
                Fate::Unchanged
            } else if settings.adopt || (dirty && settings.mode == Mode::Append && settings.hold) {
                Fate::Idle
            } else if settings.mode.updates() || !known || dirty || settings.full {
                Fate::Send
            } else {
                Fate::Idle
            };
        }
        if !selected {
            judged.fate = Fate::Unselected;
        }
        judged
    }

    pub fn plan(&self, rows: &[TestRow]) -> Expected {
        let mut by_key: BTreeMap<Key, Vec<&TestRow>> = BTreeMap::new();
        for row in rows {
            let key = Key::of(&[row.id.map_or(Value::Null, Value::Integer)]);
            by_key.entry(key).or_default().push(row);
        }
        let mut expected = Expected {
            read: rows.len() as u64,
            next: self.state.clone(),
            ..Expected::default()
        };
        let mut judged: BTreeMap<Fingerprint, (Key, Judged)> = BTreeMap::new();
        let mut claims: BTreeMap<Vec<u8>, BTreeSet<Fingerprint>> = BTreeMap::new();
        let mut keyless: BTreeSet<Vec<u8>> = BTreeSet::new();
        for (key, rows) in by_key {
            let hash = Fingerprint::of(SEED, key.bytes());
            for row in &rows {
                let own = self.entry(hash).map(|entry| entry.identifier.clone());
                let Some(identifier) = identifier_of(self.settings, row).or(own) else {
                    continue;
                };
                if row.id.is_none() {
                    keyless.insert(self.norm(&identifier));
                } else {
                    claims
                        .entry(self.norm(&identifier))
                        .or_default()
                        .insert(hash);
                }
            }
            judged.insert(hash, (key.clone(), self.judge(&key, hash, &rows)));
        }
        let mut collided = BTreeSet::new();
        for (hash, (_, it)) in &judged {
            let contested = !it.identifier.is_empty()
                && claims
                    .get(&self.norm(&it.identifier))
                    .is_some_and(|claimants| claimants.len() > 1);
            if contested && it.fate != Fate::Unselected {
                collided.insert(*hash);
            }
        }
        let mut due = Vec::new();
        for (hash, (_, it)) in &judged {
            match it.fate {
                _ if collided.contains(hash) => expected.invalid += it.rows,
                Fate::Invalid => expected.invalid += it.rows,
                Fate::Unchanged => expected.unchanged += 1,
                Fate::Idle => self.idle(*hash, &judged[hash], &mut expected),
                Fate::Unselected => expected.skipped += it.rows,
                Fate::Send => due.push(*hash),
            }
        }
        let limit = match self.settings.selection {
            Selection::Limit(limit) => limit as usize,
            _ => usize::MAX,
        };
        expected.skipped += due.len().saturating_sub(limit) as u64;
        due.truncate(limit);
        for hash in &due {
            self.send(*hash, &judged[hash], &mut expected);
        }
        if self.settings.mode.updates() && !self.settings.adopt {
            self.identifiers(&judged, &collided, &claims, &keyless, &due, &mut expected);
        } else if !self.is_partial() && self.settings.mode == Mode::Insert {
            for hash in self.all_hashes() {
                if !judged.contains_key(&hash)
                    && let Some(hold) = self.absent_holds(hash).into_iter().next()
                {
                    leave(hold, &mut expected);
                }
            }
        }
        self.conclude(&mut expected);
        expected
    }

    fn conclude(&self, expected: &mut Expected) {
        for hash in expected
            .released
            .iter()
            .filter(|it| !expected.in_sight.contains_key(it))
        {
            expected.next.entries.remove(hash);
        }
        for hash in &expected.overtaken {
            expected.next.entries.remove(hash);
        }
        for (hash, identifier) in &expected.traced {
            if let Some(writes) = expected.next.dirty.get_mut(hash) {
                writes.retain(|write| write.identifier.as_ref() != Some(identifier));
            }
        }
        expected.next.dirty.retain(|_, writes| !writes.is_empty());
        expected.next.entries.extend(expected.handed.clone());
        expected.next.entries.extend(expected.in_sight.clone());
    }

    fn all_hashes(&self) -> BTreeSet<Fingerprint> {
        let entries = self.state.entries.keys();
        entries.chain(self.state.dirty.keys()).copied().collect()
    }

    fn idle(&self, hash: Fingerprint, (key, it): &(Key, Judged), expected: &mut Expected) {
        expected.skipped += 1;
        if !self.dirty(hash).is_empty() {
            return;
        }
        if self.settings.adopt && self.entry(hash).is_some() {
            return;
        }
        if self.settings.adopt {
            let bare = Entry::bare(hash, key.clone(), it.identifier.clone());
            let entry = Entry::adopted(bare, it.input_hash, it.output_hash, it.record.clone());
            expected.next.entries.insert(hash, entry);
        } else if let Some(entry) = expected.next.entries.get_mut(&hash) {
            entry.left = false;
        }
    }

    fn send(&self, hash: Fingerprint, (_, it): &(Key, Judged), expected: &mut Expected) {
        let dirty = self.dirty(hash);
        let held = self.entry(hash).filter(|entry| {
            self.norm(&entry.identifier) == self.norm(&it.identifier)
                && self.settings.mode.updates()
                && !dirty.iter().any(|write| write.deleting)
        });
        let cause = if !dirty.is_empty() {
            "dirty"
        } else if self.settings.full && it.is_same {
            "resync"
        } else {
            "changed"
        };
        let kind = match held {
            Some(_) => OperationKind::Update,
            None => OperationKind::Create,
        };
        let id = held.and_then(|entry| entry.destination_id.clone());
        let operation = (kind, it.identifier.clone(), cause, id);
        expected.operations.insert(hash, operation);
    }

    fn unrecorded(&self, hash: Fingerprint) -> Vec<Vec<u8>> {
        let mut found: Vec<Vec<u8>> = Vec::new();
        for write in self.dirty(hash) {
            let Some(identifier) = write.identifier.clone() else {
                continue;
            };
            let norm = self.norm(&identifier);
            let entry = self.entry(hash).map(|entry| self.norm(&entry.identifier));
            if entry != Some(norm.clone()) && found.iter().all(|it| self.norm(it) != norm) {
                found.push(identifier);
            }
        }
        found
    }

    fn hold(&self, role: Role, hash: Fingerprint, entry: Entry, on_record: bool) -> Hold {
        let here = self.norm(&entry.identifier);
        Hold {
            role,
            entry,
            dirty: !self.dirty(hash).is_empty(),
            deleting: self.dirty(hash).iter().any(|write| write.deleting),
            on_record,
            doubts: self
                .dirty(hash)
                .iter()
                .filter_map(|write| write.identifier.clone())
                .filter(|it| self.norm(it) == here)
                .collect(),
        }
    }

    /// What an absent key holds, its main record first.
    fn absent_holds(&self, hash: Fingerprint) -> Vec<Hold> {
        let mut others = self.unrecorded(hash).into_iter();
        let main = match self.entry(hash) {
            Some(entry) => self.hold(Role::Absent, hash, entry.clone(), true),
            None => {
                let key = Key::from_bytes(&self.dirty(hash)[0].key);
                let entry = Entry::bare(hash, key, others.next().unwrap());
                self.hold(Role::Absent, hash, entry, false)
            }
        };
        let key = main.entry.key.clone();
        let mut holds = vec![main];
        if self.settings.mode == Mode::Mirror {
            for identifier in others {
                let entry = Entry::bare(hash, key.clone(), identifier).into_former(SEED);
                holds.push(self.hold(Role::Absent, hash, entry, false));
            }
        }
        holds
    }
}

fn leave(hold: Hold, expected: &mut Expected) {
    let hash = hold.entry.key_hash;
    if hold.dirty {
        expected.next.dirty.remove(&hash);
        expected.next.entries.insert(hash, hold.entry.left());
    } else if !hold.entry.left {
        expected.next.entries.insert(hash, hold.entry.left());
    }
}
