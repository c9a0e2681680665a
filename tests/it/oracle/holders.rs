//! Who holds an identifier, or may: the keys whose records are known, and writes that may have been done.

use std::collections::{BTreeMap, BTreeSet};

use signalsmith::domain::mode::Mode;

use super::model::{Fate, Plan, Slot, State, View};

/// Whether the key of a record that is held is in the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// It is, and not sent elsewhere.
    Stays,
    /// It is sent to another identifier.
    Moved,
    Absent,
}

/// Somebody who holds an identifier, or may.
#[derive(Debug, Clone)]
pub struct Holder {
    pub role: Role,
    pub slot: Slot,
    pub identifier: String,
    pub on_record: bool,
    pub left: bool,
    pub adopted: bool,
    pub deleting: bool,
    /// Whether a doubtful write went to this identifier.
    pub here: bool,
}

impl Holder {
    /// Where it is filed once the key has moved on.
    pub fn former(&self) -> Slot {
        match &self.slot {
            Slot::Own(key) => Slot::Former(key.clone(), self.identifier.clone()),
            other => other.clone(),
        }
    }

    pub fn may_be_deleted(&self) -> bool {
        !self.adopted && (!self.left || self.here)
    }
}

/// Whether keys follow identifiers in this run.
pub fn follows(view: &View) -> bool {
    view.mode.updates() && !view.adopt
}

pub fn holders(view: &View, state: &mut State, plan: &Plan) -> BTreeMap<String, Vec<Holder>> {
    let mut all: BTreeMap<String, Vec<Holder>> = BTreeMap::new();
    let slots: BTreeSet<Slot> = state
        .entries
        .keys()
        .chain(state.doubts.keys())
        .cloned()
        .collect();
    for slot in slots {
        let judged = match &slot {
            Slot::Own(key) => plan.judged.get(key),
            _ => None,
        };
        let role = match judged {
            None => Role::Absent,
            Some(it) if it.is_sent() => Role::Moved,
            Some(_) => Role::Stays,
        };
        // The identifier that the key itself goes to, or keeps, is held by its row.
        let own = judged
            .filter(|it| it.fate != Fate::Invalid)
            .and_then(|it| it.mapped.as_ref())
            .map(|mapped| view.normal(&mapped.identifier));
        let doubts = state.doubts.get(&slot).cloned().unwrap_or_default();
        let deleting = doubts.iter().any(|doubt| doubt.deleting);
        let entry = state.entries.get(&slot);
        let recorded = entry.map(|entry| view.normal(&entry.identifier));
        let mut found = Vec::new();
        if let Some(entry) = entry {
            found.push((entry.identifier.clone(), true));
        }
        let mut elsewhere: BTreeMap<String, String> = BTreeMap::new();
        for doubt in &doubts {
            let at = view.normal(&doubt.identifier);
            if recorded.as_ref() != Some(&at) {
                elsewhere.entry(at).or_insert(doubt.identifier.clone());
            }
        }
        if elsewhere.len() > 1 {
            // Which of several doubtful writes stands for the key is nobody's business.
            state.blurred = true;
        }
        let most = match role {
            // Where nothing is deleted, one record stands for an absent key.
            Role::Absent if view.mode != Mode::Mirror => 1,
            _ => usize::MAX,
        };
        found.extend(
            elsewhere
                .into_values()
                .map(|identifier| (identifier, false)),
        );
        for (place, (identifier, on_record)) in found.into_iter().enumerate() {
            let at = view.normal(&identifier);
            if place >= most || own.as_ref() == Some(&at) {
                continue;
            }
            let here = doubts
                .iter()
                .any(|doubt| view.normal(&doubt.identifier) == at);
            // What an absent key may have written beside its record is filed as former at once.
            let slot = match &slot {
                Slot::Own(key) if role == Role::Absent && place > 0 => {
                    Slot::Former(key.clone(), identifier.clone())
                }
                slot => slot.clone(),
            };
            all.entry(at).or_default().push(Holder {
                role,
                slot,
                identifier,
                on_record,
                left: on_record && entry.is_some_and(|entry| entry.left),
                adopted: on_record && entry.is_some_and(|entry| entry.adopted),
                deleting,
                here: here || !on_record,
            });
        }
    }
    for holders in all.values_mut() {
        holders.sort_by(|one, other| (one.role, &one.slot).cmp(&(other.role, &other.slot)));
    }
    all
}

/// The one key that maps to an identifier and is not stopped.
pub fn winner<'a>(plan: &'a Plan, identifier: &str) -> Option<&'a String> {
    let claims = plan.claims.get(identifier)?;
    let key = claims.first().filter(|_| claims.len() == 1)?;
    matches!(plan.judged[key].fate, Fate::Send | Fate::Unchanged).then_some(key)
}

pub fn is_claimed(plan: &Plan, identifier: &str) -> bool {
    plan.claims.contains_key(identifier) || plan.keyless.contains(identifier)
}
