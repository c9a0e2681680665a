//! The part of the naive model that follows identifiers: hand-overs, former records, deletes.

use std::collections::{BTreeMap, BTreeSet};

use signalsmith::domain::mode::Mode;
use signalsmith::domain::plan::OperationKind;
use signalsmith::domain::row::{Fingerprint, Key};
use signalsmith::domain::value::Value;
use signalsmith::snapshot::{Entry, encode_identifier, foreign_hash};

use super::{Expected, Fate, Hold, Judged, Oracle, Role, leave};
use crate::planning::world::SEED;

impl Oracle<'_> {
    pub(super) fn identifiers(
        &self,
        judged: &BTreeMap<Fingerprint, (Key, Judged)>,
        collided: &BTreeSet<Fingerprint>,
        claims: &BTreeMap<Vec<u8>, BTreeSet<Fingerprint>>,
        keyless: &BTreeSet<Vec<u8>>,
        due: &[Fingerprint],
        expected: &mut Expected,
    ) {
        let mut groups: BTreeMap<Vec<u8>, Vec<Hold>> = BTreeMap::new();
        let mut add = |hold: Hold| {
            let norm = self.norm(&hold.entry.identifier);
            groups.entry(norm).or_default().push(hold);
        };
        for hash in self.all_hashes() {
            let Some((key, it)) = judged.get(&hash) else {
                self.absent_holds(hash).into_iter().for_each(&mut add);
                continue;
            };
            let elsewhere = |identifier: &[u8]| {
                it.identifier.is_empty() || self.norm(identifier) != self.norm(&it.identifier)
            };
            let role = if it.fate == Fate::Send {
                Role::Moved
            } else {
                Role::Stays
            };
            if let Some(entry) = self.entry(hash).filter(|it| elsewhere(&it.identifier)) {
                add(self.hold(role.clone(), hash, entry.clone(), true));
            }
            for former in self.unrecorded(hash).into_iter().filter(|it| elsewhere(it)) {
                let entry = Entry::bare(hash, key.clone(), former);
                add(self.hold(role.clone(), hash, entry, false));
            }
        }
        let listed: BTreeSet<Vec<u8>> = self
            .settings
            .listed
            .iter()
            .flatten()
            .map(|text| self.norm(&encode_identifier(&[Value::text(text.clone())])))
            .collect();
        for (norm, mut holds) in groups {
            let claimants = claims.get(&norm);
            let winner = claimants
                .filter(|claimants| claimants.len() == 1)
                .and_then(|claimants| claimants.first())
                .filter(|hash| matches!(judged[hash].1.fate, Fate::Send | Fate::Unchanged));
            let claimed = claimants.is_some() || keyless.contains(&norm);
            // One under a former identifier stands for the record before others do.
            holds.sort_by_key(|hold| {
                let stands = hold.on_record && hold.entry.former;
                (hold.role.clone(), !stands, hold.entry.key_hash)
            });
            match winner {
                Some(winner) => self.won(*winner, judged, collided, due, holds, expected),
                None if claimed => self.claimed(collided, due, holds, expected),
                None => self.unclaimed(listed.contains(&norm), collided, due, holds, expected),
            }
        }
        self.foreign(claims, keyless, expected);
    }

    /// One valid row maps to the identifier: it takes over, and all others let go.
    fn won(
        &self,
        winner: Fingerprint,
        judged: &BTreeMap<Fingerprint, (Key, Judged)>,
        collided: &BTreeSet<Fingerprint>,
        due: &[Fingerprint],
        holds: Vec<Hold>,
        expected: &mut Expected,
    ) {
        let (key, it) = &judged[&winner];
        let own = self
            .entry(winner)
            .is_some_and(|entry| self.norm(&entry.identifier) == self.norm(&it.identifier));
        let takes =
            |hold: &&Hold| !own && it.fate == Fate::Send && hold.on_record && !hold.deleting;
        let mut first = None;
        for hold in holds.iter().filter(|it| it.entry.key_hash != winner) {
            let hash = hold.entry.key_hash;
            first = first.or(Some(hold).filter(takes));
            if hold.role == Role::Stays && !hold.on_record {
                continue;
            }
            let secured = own || first.is_some();
            // What this sync wrote stays in sight beside an entry that it never wrote.
            let stands = match own {
                true => self.entry(winner),
                false => first.map(|it| &it.entry),
            };
            let may = !hold.entry.adopted && (!hold.entry.left || !hold.doubts.is_empty());
            let was_ours = self.settings.mode == Mode::Mirror
                && may
                && stands.is_some_and(|entry| entry.adopted);
            let lets_go = secured && !was_ours && !self.is_partial();
            match hold.role {
                Role::Moved if !lets_go && self.settings.mode == Mode::Mirror => {
                    self.keep_in_sight(hold, collided, due, expected);
                }
                Role::Moved if !hold.on_record => {}
                Role::Moved if lets_go || (secured && due.contains(&hash)) => {
                    expected.overtaken.insert(hash);
                }
                Role::Stays if lets_go => {
                    expected.overtaken.insert(hash);
                }
                Role::Absent if lets_go => release(hold, expected),
                Role::Absent => self.file(hold, expected),
                _ => {}
            }
        }
        if let Some(hold) = first.filter(|_| due.contains(&winner)) {
            let operation = expected.operations.get_mut(&winner).unwrap();
            operation.0 = OperationKind::Update;
            operation.2 = "hand over";
            operation.3 = hold.entry.destination_id.clone();
            let handed = Entry {
                adopted: hold.entry.adopted,
                destination_id: hold.entry.destination_id.clone(),
                values: hold.entry.values.clone(),
                ..Entry::bare(winner, key.clone(), hold.entry.identifier.clone())
            };
            expected.handed.insert(winner, handed);
        }
    }

    /// What a doubtful write of an absent key may have made beside its main record is filed.
    fn file(&self, hold: &Hold, expected: &mut Expected) {
        if hold.entry.former && !hold.on_record && !self.is_partial() {
            let entry = hold.entry.clone();
            expected.in_sight.insert(entry.key_hash, entry);
            trace(hold, expected);
        }
    }

    fn keep_in_sight(
        &self,
        hold: &Hold,
        collided: &BTreeSet<Fingerprint>,
        due: &[Fingerprint],
        expected: &mut Expected,
    ) -> Option<Entry> {
        let hash = hold.entry.key_hash;
        let former = hold.entry.clone().into_former(SEED);
        (!collided.contains(&hash)).then(|| {
            if !hold.on_record && due.contains(&hash) {
                trace(hold, expected);
            }
            expected.in_sight.insert(former.key_hash, former.clone());
            former
        })
    }

    /// Only rows that are not sent map to the identifier: nothing is deleted.
    fn claimed(
        &self,
        collided: &BTreeSet<Fingerprint>,
        due: &[Fingerprint],
        holds: Vec<Hold>,
        expected: &mut Expected,
    ) {
        for hold in holds {
            let mirror = self.settings.mode == Mode::Mirror;
            match hold.role {
                Role::Moved if mirror => {
                    self.keep_in_sight(&hold, collided, due, expected);
                }
                Role::Absent if mirror => self.file(&hold, expected),
                Role::Absent if !self.is_partial() => leave(hold, expected),
                _ => {}
            }
        }
    }

    /// No row maps to the identifier.
    fn unclaimed(
        &self,
        listed: bool,
        collided: &BTreeSet<Fingerprint>,
        due: &[Fingerprint],
        holds: Vec<Hold>,
        expected: &mut Expected,
    ) {
        let mirror = self.settings.mode == Mode::Mirror;
        let kept = holds.iter().any(|hold| hold.role == Role::Stays);
        let mut ended = false;
        let mut mover = None;
        for hold in holds {
            let Hold { entry, .. } = &hold;
            let may = !entry.adopted && (!entry.left || !hold.doubts.is_empty());
            let foreign = listed && entry.left && !entry.adopted;
            match hold.role {
                Role::Stays => {}
                Role::Moved => {
                    if mirror && !may && !hold.doubts.is_empty() {
                        self.keep_in_sight(&hold, collided, due, expected);
                    } else if mirror && may && !ended {
                        ended = true;
                        mover = Some(entry.key_hash);
                        let mut sent = hold.clone();
                        sent.entry.left = false;
                        let former = self.keep_in_sight(&sent, collided, due, expected);
                        if let Some(former) = former.filter(|_| !kept && !self.is_partial()) {
                            self.delete(former, "former", expected);
                        }
                    }
                }
                Role::Absent if self.is_partial() || (kept && mirror) => {}
                Role::Absent if !mirror || !(may || foreign) => leave(hold, expected),
                // The key that moves away files it there anew, or does not move.
                Role::Absent if ended && hold.on_record && is_former_of(entry, mover) => {}
                Role::Absent if ended => release(&hold, expected),
                Role::Absent => {
                    ended = true;
                    self.file(&hold, expected);
                    let cause = match (may, entry.former) {
                        (false, _) => "foreign",
                        (true, true) => "former",
                        (true, false) => "changed",
                    };
                    self.delete(entry.clone(), cause, expected);
                }
            }
        }
    }

    fn delete(&self, entry: Entry, cause: &'static str, expected: &mut Expected) {
        if !self.settings.without_deletes {
            let operation = (
                OperationKind::Delete,
                entry.identifier,
                cause,
                entry.destination_id,
            );
            expected.operations.insert(entry.key_hash, operation);
        }
    }

    fn foreign(
        &self,
        claims: &BTreeMap<Vec<u8>, BTreeSet<Fingerprint>>,
        keyless: &BTreeSet<Vec<u8>>,
        expected: &mut Expected,
    ) {
        let Some(listed) = &self.settings.listed else {
            return;
        };
        if self.is_partial() || self.settings.mode != Mode::Mirror {
            return;
        }
        let mut known: BTreeSet<Vec<u8>> = claims.keys().chain(keyless).cloned().collect();
        for entry in self.state.entries.values() {
            known.insert(self.norm(&entry.identifier));
        }
        for write in self.state.dirty.values().flatten() {
            known.extend(write.identifier.iter().map(|it| self.norm(it)));
        }
        for text in listed {
            let identifier = encode_identifier(&[Value::text(text.clone())]);
            if known.insert(self.norm(&identifier)) {
                let hash = foreign_hash(SEED, &identifier);
                let key = Key::from_bytes(&identifier);
                self.delete(Entry::bare(hash, key, identifier), "foreign", expected);
            }
        }
    }
}

/// Whether the entry stands for a record that this key carried before.
fn is_former_of(entry: &Entry, key: Option<Fingerprint>) -> bool {
    entry.former && key == Some(Fingerprint::of(SEED, entry.key.bytes()))
}

/// An absent key lets go of the record that it held here.
fn release(hold: &Hold, expected: &mut Expected) {
    if hold.on_record {
        expected.released.insert(hold.entry.key_hash);
    }
    trace(hold, expected);
}

/// The doubtful writes that went here are seen to.
fn trace(hold: &Hold, expected: &mut Expected) {
    let entry = &hold.entry;
    let hash = if entry.former && !hold.on_record {
        Fingerprint::of(SEED, entry.key.bytes())
    } else {
        entry.key_hash
    };
    let writes = hold.doubts.iter().map(|it| (hash, it.clone()));
    expected.traced.extend(writes);
}
