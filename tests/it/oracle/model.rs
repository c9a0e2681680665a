//! The naive model: what a sync knows, in maps, and what a plan must be by the table of modes.

use std::collections::{BTreeMap, BTreeSet};

use signalsmith::domain::destination::IdentifierForm;
use signalsmith::domain::mode::Mode;
use signalsmith::domain::plan::OperationKind;

use super::history::Row;
use super::mapped::{self, Mapped, Outcome};
use crate::support::scripted::{Record, normal};

/// What a piece of knowledge is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// A key's own record.
    Own(String),
    /// The record under an identifier that a key carried before.
    Former(String, String),
    /// A record of somebody else.
    Foreign(String),
}

impl Slot {
    /// The key by which an operation on it goes.
    pub fn key(&self) -> &str {
        match self {
            Self::Own(key) | Self::Former(key, _) | Self::Foreign(key) => key,
        }
    }
}

/// What is known of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    pub identifier: String,
    /// What was last accepted; nothing where the next row is to be sent.
    pub output: Option<Record>,
    pub left: bool,
    pub adopted: bool,
}

/// A write that may or may not have been done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Doubt {
    pub identifier: String,
    pub deleting: bool,
}

/// All that a sync knows.
#[derive(Debug, Clone, Default)]
pub struct State {
    pub entries: BTreeMap<Slot, Known>,
    pub doubts: BTreeMap<Slot, BTreeSet<Doubt>>,
    /// Set where product rules leave open which of several keys is told what; from then on only
    /// what must always hold is looked at.
    pub blurred: bool,
}

impl State {
    pub fn doubt(&mut self, slot: Slot, identifier: &str, deleting: bool) {
        let doubts = self.doubts.entry(slot).or_default();
        doubts.retain(|doubt| doubt.identifier != identifier);
        let identifier = identifier.to_owned();
        doubts.insert(Doubt {
            identifier,
            deleting,
        });
    }

    /// The doubtful write of a key to `identifier` is seen to elsewhere.
    pub fn settle_doubt(&mut self, key: &str, identifier: &str) {
        let own = Slot::Own(key.to_owned());
        if let Some(doubts) = self.doubts.get_mut(&own) {
            doubts.retain(|doubt| doubt.identifier != identifier);
            if doubts.is_empty() {
                self.doubts.remove(&own);
            }
        }
    }

    pub fn is_dirty(&self, slot: &Slot) -> bool {
        self.doubts.contains_key(slot)
    }

    /// Records that are neither left nor former.
    pub fn known(&self) -> u64 {
        let known = |(slot, it): &(&Slot, &Known)| !it.left && !matches!(slot, Slot::Former(..));
        self.entries.iter().filter(known).count() as u64
    }
}

/// How a run looks at things.
#[derive(Debug, Clone)]
pub struct View {
    pub mode: Mode,
    pub form: IdentifierForm,
    pub mapping: u8,
    pub key: u8,
    pub hold: bool,
    pub full: bool,
    pub adopt: bool,
    pub keys: Option<BTreeSet<String>>,
    pub limit: Option<u64>,
    /// What the destination lists, by normal form, where the mirror's scope is all.
    pub listed: Option<BTreeMap<String, String>>,
}

impl View {
    pub fn is_partial(&self) -> bool {
        self.adopt || self.keys.is_some() || self.limit.is_some()
    }

    pub fn normal(&self, identifier: &str) -> String {
        normal(self.form, identifier)
    }
}

/// What becomes of the rows of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Unchanged,
    Idle,
    Send,
    Invalid,
    Unselected,
}

/// A key with its rows.
#[derive(Debug, Clone)]
pub struct Judged {
    pub fate: Fate,
    pub rows: u64,
    pub mapped: Option<Mapped>,
    /// Whether another key maps to its identifier.
    pub collides: bool,
}

impl Judged {
    pub fn is_sent(&self) -> bool {
        self.fate == Fate::Send && !self.collides
    }
}

/// A create or update that is due.
#[derive(Debug, Clone, PartialEq)]
pub struct Send {
    pub kind: OperationKind,
    pub mapped: Mapped,
}

/// What a plan must be.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub read: u64,
    pub unchanged: u64,
    pub invalid: u64,
    pub skipped: u64,
    pub judged: BTreeMap<String, Judged>,
    pub sends: BTreeMap<String, Send>,
    /// By identifier: the slots of which one is deleted.
    pub deletes: BTreeMap<String, BTreeSet<Slot>>,
    /// By identifier in its normal form: the keys that map to it.
    pub claims: BTreeMap<String, BTreeSet<String>>,
    /// Identifiers of rows without a key.
    pub keyless: BTreeSet<String>,
}

impl Plan {
    pub fn of(view: &View, state: &mut State, rows: &[Row]) -> Self {
        let mut plan = Self {
            read: rows.len() as u64,
            ..Self::default()
        };
        let mut by_key: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
        for row in rows {
            match mapped::key(view.key, row) {
                Some(key) => by_key.entry(key).or_default().push(row),
                None => {
                    // All rows without a key are looked at together; one that was not chosen is
                    // left alone.
                    if view.keys.is_none() {
                        plan.invalid += 1;
                    } else {
                        plan.skipped += 1;
                    }
                    let identifier = identifier(&mapped::map(view.mapping, row));
                    plan.keyless.extend(identifier.map(|it| view.normal(&it)));
                }
            }
        }
        for (key, rows) in by_key {
            let own = state.entries.get(&Slot::Own(key.clone()));
            for row in &rows {
                let told = identifier(&mapped::map(view.mapping, row));
                let told = told.or_else(|| own.map(|own| own.identifier.clone()));
                if let Some(told) = told {
                    let claims = plan.claims.entry(view.normal(&told)).or_default();
                    claims.insert(key.clone());
                }
            }
            let judged = judge(view, state, &key, &rows);
            plan.judged.insert(key, judged);
        }
        for (key, it) in &mut plan.judged {
            let contested = it.mapped.as_ref().is_some_and(|mapped| {
                let claims = plan.claims.get(&view.normal(&mapped.identifier));
                claims.is_some_and(|keys| keys.iter().any(|other| other != key))
            });
            it.collides = contested && it.fate != Fate::Unselected;
            match it.fate {
                _ if it.collides => plan.invalid += it.rows,
                Fate::Invalid => plan.invalid += it.rows,
                Fate::Unchanged => plan.unchanged += it.rows,
                Fate::Idle | Fate::Unselected => plan.skipped += it.rows,
                Fate::Send => {
                    let mapped = it.mapped.clone().unwrap();
                    let kind = kind(view, state, key, &mapped.identifier);
                    plan.sends.insert(key.clone(), Send { kind, mapped });
                }
            }
        }
        super::identifiers::deletes(view, state, &mut plan);
        plan
    }

    /// How many of the rows that are due go.
    pub fn most_sends(&self, view: &View) -> u64 {
        let due = self.sends.len() as u64;
        view.limit.map_or(due, |limit| limit.min(due))
    }
}

fn identifier(outcome: &Outcome) -> Option<String> {
    match outcome {
        Ok(mapped) => Some(mapped.identifier.clone()),
        Err(identifier) => identifier.clone(),
    }
}

fn judge(view: &View, state: &State, key: &str, rows: &[&Row]) -> Judged {
    let mapped = match rows {
        [row] => mapped::map(view.mapping, row).ok(),
        _ => None,
    };
    let own = Slot::Own(key.to_owned());
    let entry = state.entries.get(&own);
    let dirty = state.is_dirty(&own);
    let fate = match &mapped {
        _ if view.keys.as_ref().is_some_and(|keys| !keys.contains(key)) => Fate::Unselected,
        None => Fate::Invalid,
        Some(mapped) => {
            let same = entry.is_some_and(|entry| {
                !entry.left
                    && entry.output.as_ref() == Some(&mapped.record)
                    && view.normal(&entry.identifier) == view.normal(&mapped.identifier)
            });
            let waits = dirty && view.mode == Mode::Append && view.hold;
            let is_due = view.mode.updates() || entry.is_none() || dirty || view.full;
            if same && !dirty && !view.full {
                Fate::Unchanged
            } else if !view.adopt && !waits && is_due {
                Fate::Send
            } else {
                Fate::Idle
            }
        }
    };
    Judged {
        fate,
        rows: rows.len() as u64,
        mapped,
        collides: false,
    }
}

/// An update where the record is known under this identifier, be it another key's until now.
fn kind(view: &View, state: &State, key: &str, identifier: &str) -> OperationKind {
    let own = Slot::Own(key.to_owned());
    let here = |slot: &Slot, known: &Known| {
        let deleting = state
            .doubts
            .get(slot)
            .is_some_and(|doubts| doubts.iter().any(|doubt| doubt.deleting));
        view.normal(&known.identifier) == view.normal(identifier) && !deleting
    };
    let entry = state.entries.get(&own);
    let is_own = entry.is_some_and(|it| view.normal(&it.identifier) == view.normal(identifier));
    let known = match entry.filter(|_| is_own) {
        Some(entry) => here(&own, entry),
        None => state
            .entries
            .iter()
            .any(|(slot, known)| *slot != own && here(slot, known)),
    };
    if known && view.mode.updates() {
        OperationKind::Update
    } else {
        OperationKind::Create
    }
}
