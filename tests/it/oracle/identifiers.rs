//! The part of the naive model that follows identifiers: who has a record, what is deleted, and what
//! is known once a plan is accepted.

use std::collections::BTreeSet;

use signalsmith::domain::mode::Mode;

use super::holders::{Holder, Role, follows, holders, is_claimed, winner};
use super::model::{Fate, Known, Plan, Slot, State, View};

/// Those of whom one is deleted, where no row maps to the identifier.
fn due_for_deletion<'a>(view: &View, at: &str, holders: &'a [Holder]) -> Vec<&'a Holder> {
    if view.mode != Mode::Mirror
        || view.is_partial()
        || holders.iter().any(|holder| holder.role == Role::Stays)
    {
        return Vec::new();
    }
    let moved = |it: &&Holder| it.role == Role::Moved && it.may_be_deleted();
    if let Some(moved) = holders.iter().find(moved) {
        return vec![moved];
    }
    let listed = view
        .listed
        .as_ref()
        .is_some_and(|listed| listed.contains_key(at));
    let absent = |it: &&Holder| {
        it.role == Role::Absent && (it.may_be_deleted() || listed && it.left && !it.adopted)
    };
    holders.iter().filter(absent).collect()
}

/// Finds what a plan deletes.
pub fn deletes(view: &View, state: &mut State, plan: &mut Plan) {
    if !follows(view) {
        return;
    }
    let all = holders(view, state, plan);
    for (at, holders) in &all {
        if is_claimed(plan, at) {
            continue;
        }
        let due = due_for_deletion(view, at, holders);
        let slots: BTreeSet<Slot> = due
            .iter()
            .map(|holder| match holder.role {
                Role::Moved => holder.former(),
                _ => holder.slot.clone(),
            })
            .collect();
        let moved = |it: &&Holder| it.role == Role::Moved && it.may_be_deleted();
        if view.mode == Mode::Mirror && holders.iter().filter(moved).count() > 1 {
            state.blurred = true;
        }
        if !slots.is_empty() {
            plan.deletes.insert(at.clone(), slots);
        }
    }
    if view.mode != Mode::Mirror || view.is_partial() {
        return;
    }
    for (at, identifier) in view.listed.iter().flatten() {
        if !is_claimed(plan, at) && !all.contains_key(at) {
            let slot = BTreeSet::from([Slot::Foreign(identifier.clone())]);
            plan.deletes.insert(at.clone(), slot);
        }
    }
}

/// Takes note of what follows from a plan before anything is sent: `sent` are the keys that go, and
/// `deleted` the slots whose records do.
pub fn accept(
    view: &View,
    state: &mut State,
    plan: &Plan,
    sent: &BTreeSet<String>,
    deleted: &BTreeSet<Slot>,
) {
    if view.adopt {
        return adopt(state, plan);
    }
    if follows(view) {
        let all = holders(view, state, plan);
        let mut after = state.clone();
        for (at, holders) in &all {
            match winner(plan, at) {
                Some(winner) => won(view, state, plan, (winner, at), holders, sent, &mut after),
                None if is_claimed(plan, at) => claimed(view, state, holders, sent, &mut after),
                None => unclaimed(view, state, at, holders, (sent, deleted), &mut after),
            }
        }
        *state = after;
        return;
    }
    for (key, it) in &plan.judged {
        let own = Slot::Own(key.clone());
        let is_idle = it.fate == Fate::Idle && !it.collides && !state.is_dirty(&own);
        if let Some(entry) = state.entries.get_mut(&own).filter(|_| is_idle) {
            entry.left = false;
        }
    }
    if view.mode == Mode::Insert && !view.is_partial() {
        let all = holders(view, state, plan);
        for holder in all.values().flatten() {
            if holder.role == Role::Absent {
                leave(holder, state);
            }
        }
    }
}

fn adopt(state: &mut State, plan: &Plan) {
    for (key, it) in &plan.judged {
        let own = Slot::Own(key.clone());
        let is_new = !state.entries.contains_key(&own) && !state.is_dirty(&own);
        if let Some(mapped) = it.mapped.clone()
            && it.fate == Fate::Idle
            && !it.collides
            && is_new
        {
            let known = Known {
                identifier: mapped.identifier,
                output: Some(mapped.record),
                left: false,
                adopted: true,
            };
            state.entries.insert(own, known);
        }
    }
}

fn leave(holder: &Holder, after: &mut State) {
    let dirty = after.doubts.remove(&holder.slot).is_some();
    if dirty || !holder.left {
        let known = Known {
            identifier: holder.identifier.clone(),
            output: None,
            left: true,
            adopted: holder.adopted,
        };
        after.entries.insert(holder.slot.clone(), known);
    }
}

/// Keeps a record in sight that its key leaves behind; what this sync never wrote stays so.
fn keep(state: &State, holder: &Holder, sent: &BTreeSet<String>, after: &mut State) {
    let known = Known {
        identifier: holder.identifier.clone(),
        output: None,
        left: holder.left,
        adopted: holder.adopted,
    };
    after.entries.insert(holder.former(), known);
    let only = |doubts: &BTreeSet<_>| doubts.len() == 1;
    let sole = state.doubts.get(&holder.slot).is_some_and(only);
    if !holder.on_record && sole && sent.contains(holder.slot.key()) {
        after.doubts.remove(&holder.slot);
    }
}

/// Keeps in sight what an absent key may have written beside its record, whatever becomes of that.
fn file(view: &View, holder: &Holder, after: &mut State) {
    if holder.on_record || view.is_partial() || !matches!(holder.slot, Slot::Former(..)) {
        return;
    }
    let known = Known {
        identifier: holder.identifier.clone(),
        output: None,
        left: false,
        adopted: false,
    };
    after.entries.insert(holder.slot.clone(), known);
    after.settle_doubt(holder.slot.key(), &holder.identifier);
}

fn won(
    view: &View,
    state: &State,
    plan: &Plan,
    (winner, at): (&String, &str),
    holders: &[Holder],
    sent: &BTreeSet<String>,
    after: &mut State,
) {
    let own_slot = Slot::Own(winner.clone());
    let entry = state.entries.get(&own_slot);
    let own = entry.is_some_and(|entry| view.normal(&entry.identifier) == at);
    let others = holders.iter().filter(|holder| holder.slot != own_slot);
    let others: Vec<&Holder> = others.collect();
    let takes =
        |it: &&&Holder| plan.judged[winner].is_sent() && !own && it.on_record && !it.deleting;
    let taken: Vec<&&Holder> = others.iter().filter(takes).collect();
    let secured = own || !taken.is_empty();
    let lets_go = secured && !view.is_partial();
    let is_mixed = !own && !taken.is_empty() && taken.len() < others.len();
    let first = taken.first().map(|holder| holder.adopted);
    if is_mixed || taken.iter().any(|holder| Some(holder.adopted) != first) {
        after.blurred = true;
    }
    let stands_adopted = match own {
        true => entry.is_some_and(|entry| entry.adopted),
        false => first == Some(true),
    };
    for holder in &others {
        let key = holder.slot.key();
        // What this sync wrote stays in sight beside an entry that it never wrote.
        let was_ours = stands_adopted && view.mode == Mode::Mirror && holder.may_be_deleted();
        let lets_go = lets_go && !was_ours;
        match holder.role {
            Role::Moved if !lets_go && view.mode == Mode::Mirror => {
                keep(state, holder, sent, after);
            }
            Role::Moved if !holder.on_record => {}
            Role::Moved if secured && (lets_go || sent.contains(key)) => {
                let is_taken_over = after
                    .entries
                    .get(&holder.slot)
                    .is_some_and(|entry| view.normal(&entry.identifier) != at);
                if !is_taken_over {
                    after.entries.remove(&holder.slot);
                }
            }
            Role::Stays if holder.on_record && lets_go => {
                after.entries.remove(&holder.slot);
            }
            Role::Absent if lets_go => {
                after.entries.remove(&holder.slot);
                after.doubts.remove(&holder.slot);
            }
            Role::Absent => file(view, holder, after),
            _ => {}
        }
    }
    if let Some(holder) = taken.first().filter(|_| sent.contains(winner)) {
        let known = Known {
            identifier: holder.identifier.clone(),
            output: None,
            left: false,
            adopted: holder.adopted,
        };
        after.entries.insert(own_slot, known);
    }
}

/// Only rows that are not sent map to the identifier: nothing is deleted.
fn claimed(
    view: &View,
    state: &State,
    holders: &[Holder],
    sent: &BTreeSet<String>,
    after: &mut State,
) {
    let mirror = view.mode == Mode::Mirror;
    for holder in holders {
        match holder.role {
            Role::Moved if mirror => keep(state, holder, sent, after),
            Role::Absent if mirror => file(view, holder, after),
            Role::Absent if !mirror && !view.is_partial() => leave(holder, after),
            _ => {}
        }
    }
}

fn unclaimed(
    view: &View,
    state: &State,
    at: &str,
    holders: &[Holder],
    (sent, deleted): (&BTreeSet<String>, &BTreeSet<Slot>),
    after: &mut State,
) {
    let mirror = view.mode == Mode::Mirror;
    let stays = holders.iter().any(|holder| holder.role == Role::Stays);
    let moved = |it: &&Holder| it.role == Role::Moved && it.may_be_deleted();
    let first = holders.iter().find(moved).filter(|_| mirror);
    if let Some(moved) = first {
        // One that had left and was perhaps sent since is as one that was sent.
        let sent_since = Holder {
            left: false,
            ..moved.clone()
        };
        keep(state, &sent_since, sent, after);
    }
    // Adopted, and perhaps written since: it stays, and stays in sight.
    for holder in holders {
        if mirror && holder.role == Role::Moved && holder.adopted && holder.here {
            keep(state, holder, sent, after);
        }
    }
    if view.is_partial() || (mirror && stays) {
        return;
    }
    let listed = view
        .listed
        .as_ref()
        .is_some_and(|listed| listed.contains_key(at));
    for holder in holders.iter().filter(|it| it.role == Role::Absent) {
        let foreign = listed && holder.left && !holder.adopted;
        if !mirror || !(holder.may_be_deleted() || foreign) {
            leave(holder, after);
            continue;
        }
        if !holder.on_record && matches!(holder.slot, Slot::Former(..)) {
            // Filed and deleted, or another stands for the record: it is seen to.
            if deleted.contains(&holder.slot) {
                file(view, holder, after);
            } else {
                after.settle_doubt(holder.slot.key(), &holder.identifier);
            }
        }
        if !deleted.contains(&holder.slot) {
            // Another key stands for the record.
            after.entries.remove(&holder.slot);
            after.doubts.remove(&holder.slot);
        }
    }
}
