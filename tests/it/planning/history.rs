//! Random histories of one sync: every plan, and what is known after it, is what the naive model
//! says; and what the destination holds is never lost sight of.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use proptest::prelude::*;
use signalsmith::domain::destination::IdentifierForm;
use signalsmith::domain::mode::Mode;
use signalsmith::domain::plan::{Operation, OperationKind};
use signalsmith::domain::row::Fingerprint;
use signalsmith::engine::diff::Selection;
use signalsmith::snapshot::{Dirty, Entry, encode_identifier};

use super::oracle::{Oracle, State, brief, identifier_of, normal};
use super::world::{Planned, Settings, TestRow, World, key, settings};

/// One change of the model.
#[derive(Debug, Clone)]
pub(super) enum Edit {
    Set(i64, Option<u8>, u8),
    Double(i64, Option<u8>, u8),
    Remove(i64),
    Keyless(Option<u8>, u8),
    Clear,
}

#[derive(Debug, Clone)]
pub(super) struct Run {
    pub edits: Vec<Edit>,
    pub settings: Settings,
    pub verdicts: Vec<u8>,
    pub fold: bool,
}

const EMAILS: [&str; 6] = ["a@x", "A@x", "b@x", "c@x", "d@x", "D@X"];
const NAMES: [&str; 5] = ["Ann", "Bob", " Ann", "bad", "Cy"];

fn any_edit() -> impl Strategy<Value = Edit> {
    let email = || prop_oneof![8 => (0_u8..6).prop_map(Some), 1 => Just(None)];
    prop_oneof![
        10 => (0_i64..6, email(), 0_u8..5).prop_map(|(id, email, name)| Edit::Set(id, email, name)),
        3 => (0_i64..6).prop_map(Edit::Remove),
        1 => (0_i64..6, email(), 0_u8..5).prop_map(|(id, email, name)| Edit::Double(id, email, name)),
        1 => (email(), 0_u8..5).prop_map(|(email, name)| Edit::Keyless(email, name)),
        1 => Just(Edit::Clear),
    ]
}

fn any_selection() -> impl Strategy<Value = Selection> {
    prop_oneof![
        8 => Just(Selection::All),
        1 => (0_u64..4).prop_map(Selection::Limit),
        1 => proptest::collection::hash_set(0_i64..6, 0..4)
            .prop_map(|ids| Selection::Keys(ids.into_iter().map(key).collect::<HashSet<_>>())),
    ]
}

fn any_run(mode: Mode, form: IdentifierForm) -> impl Strategy<Value = Run> {
    let mode = prop_oneof![
        8 => Just(mode),
        1 => proptest::sample::select(Mode::ALL.to_vec()),
    ];
    let choices = (
        mode,
        any_selection(),
        proptest::bool::weighted(0.15),
        proptest::bool::weighted(0.1),
        proptest::bool::weighted(0.1),
        any::<bool>(),
        proptest::option::weighted(0.2, proptest::collection::vec(0_usize..6, 0..5)),
        proptest::bool::weighted(0.2),
        1_usize..400,
    );
    (
        proptest::collection::vec(any_edit(), 0..5),
        choices,
        proptest::collection::vec(0_u8..10, 1..7),
        any::<bool>(),
    )
        .prop_map(move |(edits, choices, verdicts, fold)| {
            let (mode, selection, full, adopt, without_deletes, hold, listed, by_key, bytes) =
                choices;
            let settings = Settings {
                form,
                by_key,
                selection,
                full,
                adopt,
                without_deletes,
                hold,
                listed: listed.filter(|_| !by_key).map(|listed| {
                    let texts = listed.into_iter().map(|at| EMAILS[at].to_owned());
                    texts.chain(["z@x".to_owned()]).collect()
                }),
                spool_bytes: bytes,
                ..settings(mode)
            };
            Run {
                edits,
                settings,
                verdicts,
                fold,
            }
        })
}

fn any_history() -> impl Strategy<Value = Vec<Run>> {
    let mode = prop_oneof![
        3 => Just(Mode::Mirror),
        2 => Just(Mode::Upsert),
        1 => proptest::sample::select(Mode::ALL.to_vec()),
    ];
    let form = prop_oneof![
        2 => Just(IdentifierForm::Exact),
        1 => Just(IdentifierForm::CaseFolded),
    ];
    (mode, form).prop_flat_map(|(mode, form)| proptest::collection::vec(any_run(mode, form), 1..8))
}

#[derive(Default)]
struct Model(BTreeMap<Option<i64>, Vec<TestRow>>);

impl Model {
    fn edit(&mut self, edit: &Edit) {
        let made = |id: Option<i64>, email: Option<u8>, name: u8| TestRow {
            id,
            email: email.map(|at| EMAILS[usize::from(at)].to_owned()),
            name: NAMES[usize::from(name)].to_owned(),
        };
        match *edit {
            Edit::Set(id, email, name) => {
                self.0.insert(Some(id), vec![made(Some(id), email, name)]);
            }
            Edit::Double(id, email, name) => {
                let rows = self.0.entry(Some(id)).or_default();
                rows.push(made(Some(id), email, name));
            }
            Edit::Remove(id) => {
                self.0.remove(&Some(id));
            }
            Edit::Keyless(email, name) => {
                self.0
                    .entry(None)
                    .or_default()
                    .push(made(None, email, name));
            }
            Edit::Clear => {
                self.0.remove(&None);
            }
        }
    }

    fn rows(&self) -> Vec<TestRow> {
        // Not in key order: a source need not sort.
        self.0.values().rev().flatten().cloned().collect()
    }
}

/// What the destination holds, by identifier in its normal form.
type Destination = BTreeMap<Vec<u8>, Operation>;

fn apply(destination: &mut Destination, form: IdentifierForm, operation: &Operation) {
    let identifier = normal(form, &encode_identifier(&operation.identifier));
    if operation.kind == OperationKind::Delete {
        destination.remove(&identifier);
    } else {
        destination.insert(identifier, operation.clone());
    }
}

fn check_plan(planned: &Planned, run: &Settings, rows: &[TestRow], state: &State) -> State {
    let expected = Oracle {
        settings: run,
        state,
    }
    .plan(rows);
    let operations: BTreeMap<Fingerprint, _> = planned
        .operations
        .iter()
        .map(|operation| (operation.key_hash, brief(operation)))
        .collect();
    assert_eq!(operations, expected.operations);
    assert_eq!(operations.len(), planned.operations.len());
    let counters = &planned.summary.counters;
    assert!(counters.add_up(), "{counters:?}");
    assert_eq!(counters.read, expected.read);
    assert_eq!(counters.unchanged, expected.unchanged);
    assert_eq!(counters.skipped, expected.skipped);
    assert_eq!(counters.invalid, expected.invalid);
    let known = state.entries.values().filter(|it| !it.left && !it.former);
    assert_eq!(planned.summary.noted.known, known.count() as u64);

    // What must hold whatever the rules in detail.
    let numbers: Vec<u64> = planned.operations.iter().map(|it| it.number).collect();
    assert_eq!(numbers, (0..numbers.len() as u64).collect::<Vec<_>>());
    assert!(planned.operations.is_sorted_by_key(|it| it.key_hash));
    let mut written = BTreeSet::new();
    let claimed: BTreeSet<Vec<u8>> = rows
        .iter()
        .filter_map(|row| identifier_of(run, row))
        .map(|identifier| normal(run.form, &identifier))
        .collect();
    for operation in &planned.operations {
        let identifier = normal(run.form, &encode_identifier(&operation.identifier));
        if operation.kind == OperationKind::Delete {
            assert_eq!(run.mode, Mode::Mirror);
            assert!(run.selection == Selection::All && !run.without_deletes && !run.adopt);
            assert!(!claimed.contains(&identifier), "deletes what a row maps to");
        }
        assert!(written.insert(identifier), "two writes to one identifier");
    }
    expected.next
}

/// Gives the verdicts, to the snapshot and to the model.
fn answer(
    world: &World,
    planned: &Planned,
    run: &Run,
    state: &mut State,
    destination: &mut Destination,
) {
    let verdicts = run.verdicts.iter().cycle();
    for (operation, verdict) in planned.operations.iter().zip(verdicts) {
        let hash = operation.key_hash;
        let is_delete = operation.kind == OperationKind::Delete;
        match verdict {
            0..6 => {
                apply(destination, run.settings.form, operation);
                world.accept(operation);
                if is_delete {
                    state.entries.remove(&hash);
                } else {
                    let id = Some(format!("d-{}", operation.key));
                    state
                        .entries
                        .insert(hash, Entry::accepted(operation, id, true));
                }
                state.dirty.remove(&hash);
            }
            6 | 7 => {
                if *verdict == 6 {
                    apply(destination, run.settings.form, operation);
                }
                let write = Dirty {
                    key_hash: hash.0,
                    key: operation.key.bytes().to_vec(),
                    identifier: Some(encode_identifier(&operation.identifier)),
                    deleting: is_delete,
                };
                world.acks.doubt(write.clone());
                let writes = state.dirty.entry(hash).or_default();
                if !writes.contains(&write) {
                    writes.push(write);
                }
            }
            // Rejected, or never sent.
            _ => {}
        }
    }
}

/// In a mirror, every record at the destination is known or in doubt.
fn check_nothing_is_lost(destination: &Destination, form: IdentifierForm, state: &State) {
    let mut known: BTreeSet<Vec<u8>> = BTreeSet::new();
    for entry in state.entries.values() {
        known.insert(normal(form, &entry.identifier));
    }
    for write in state.dirty.values().flatten() {
        known.extend(write.identifier.iter().map(|it| normal(form, it)));
    }
    for identifier in destination.keys() {
        assert!(known.contains(identifier), "a record is lost sight of");
    }
}

pub(super) fn live(history: &[Run]) {
    let world = World::new();
    let mut model = Model::default();
    let mut state = State::default();
    let mut destination = Destination::new();
    let mut only_mirror = true;
    for run in history {
        run.edits.iter().for_each(|edit| model.edit(edit));
        let rows = model.rows();
        let planned = world.plan(&run.settings, &rows);
        state = check_plan(&planned, &run.settings, &rows, &state);
        world.make(&planned.marks);
        answer(&world, &planned, run, &mut state, &mut destination);
        only_mirror &= run.settings.mode == Mode::Mirror;
        if only_mirror {
            check_nothing_is_lost(&destination, run.settings.form, &state);
        }
        if run.fold {
            world.fold();
        }
        assert_eq!(
            world.entries(),
            state.entries.values().cloned().collect::<Vec<_>>()
        );
    }
    let Some(last) = history.last() else {
        return;
    };
    // When nothing fails and nothing changes, there is nothing left to do.
    let quiet = Settings {
        selection: Selection::All,
        full: false,
        adopt: false,
        without_deletes: false,
        listed: None,
        ..last.settings.clone()
    };
    let rows = model.rows();
    for _ in 0..3 {
        let planned = world.run(&quiet, &rows);
        planned
            .operations
            .iter()
            .for_each(|it| apply(&mut destination, quiet.form, it));
    }
    let planned = world.plan(&quiet, &rows);
    assert_eq!(planned.operations, []);
    assert_eq!(planned.marks, []);
    if only_mirror {
        let dirty = world.acks.doubts();
        let held: BTreeSet<Vec<u8>> = world
            .entries()
            .iter()
            .map(|entry| normal(quiet.form, &entry.identifier))
            .chain(dirty.iter().map(|it| normal(quiet.form, it)))
            .collect();
        let there: BTreeSet<Vec<u8>> = destination.keys().cloned().collect();
        assert!(
            there.is_subset(&held),
            "the mirror holds what nothing names"
        );
    }
}

/// 2,000 histories; any number by `SIGNALSMITH_TEST_CASES`.
fn cases() -> ProptestConfig {
    let wanted = std::env::var("SIGNALSMITH_TEST_CASES").ok();
    let cases = wanted.map_or(2_000, |it| it.parse().expect("a number of cases"));
    ProptestConfig::with_cases(cases)
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn every_plan_is_what_the_naive_model_says(history in any_history()) {
        live(&history);
    }
}
