//! Histories of one sync: what a source, a destination, a person and a failing machine may do to it.

use std::collections::BTreeMap;

use proptest::prelude::*;
use signalsmith::domain::destination::IdentifierForm;
use signalsmith::domain::mode::Mode;

use crate::support::scripted::{Fate, Silence, Then};

/// A cell of the source, which has no types.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'static str),
}

/// A row of the source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    pub id: Cell,
    pub email: Cell,
    pub name: Cell,
    pub score: Cell,
}

/// The first two are one where case does not matter; the last two only look alike.
pub const EMAILS: [&str; 7] = ["a@x", "A@x", "b@x", "c@x", "d@x", "\u{e9}@x", "e\u{301}@x"];
const NAMES: [Cell; 6] = [
    Cell::Text("Ann"),
    Cell::Text(" Ann"),
    Cell::Text("Bob"),
    Cell::Text("\u{e9}"),
    Cell::Text("e\u{301}"),
    Cell::Null,
];
const SCORES: [Cell; 9] = [
    Cell::Null,
    Cell::Real(1.0),
    Cell::Integer(1),
    Cell::Real(0.0),
    Cell::Real(-0.0),
    Cell::Text("2.5"),
    Cell::Text("no number"),
    Cell::Real(f64::INFINITY),
    // SQLite makes it null.
    Cell::Real(f64::NAN),
];

/// Rows are known by the id under which they were put, of which a key may be made or not.
pub type RowId = u8;

/// One change of the model.
#[derive(Debug, Clone)]
pub enum Edit {
    Put(RowId, Row),
    /// A second row with the same id.
    Double(RowId, Row),
    Remove(RowId),
    /// Two rows exchange what they map to.
    Swap(RowId, RowId),
    Empty,
}

/// What a person or the world does between two runs.
#[derive(Debug, Clone)]
pub enum Change {
    Mode(Mode),
    Mapping(u8),
    Key(u8),
    Object(u8),
    Guard(u64),
    Forget,
    Pause(bool),
    /// Somebody else puts a record there.
    Foreign(u8),
    Restart,
}

/// Which rows a run takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Take {
    All,
    Limit(u64),
    Keys(Vec<RowId>),
    Full,
    /// Approves held deletes, if some are held.
    Approve,
    PlanOnly,
}

/// One run and what happened before it.
#[derive(Debug, Clone)]
pub struct Step {
    pub edits: Vec<Edit>,
    pub change: Option<Change>,
    pub take: Take,
    /// Fates by place among the identifiers.
    pub fates: BTreeMap<u8, Fate>,
    pub silence: Option<Silence>,
    /// Where the destination goes silent while open batches are sent again.
    pub again: Option<bool>,
    /// Whether a plan that waits for a person is approved.
    pub approves: bool,
}

/// How the sync begins.
#[derive(Debug, Clone)]
pub struct Start {
    pub mode: Mode,
    pub scope_all: bool,
    pub foreign_allowed: bool,
    pub form: IdentifierForm,
    pub mapping: u8,
    pub key: u8,
    pub from_now: bool,
    pub hold: bool,
    pub idempotent: bool,
    pub batch_rows: u32,
    pub delete_rows: u64,
}

/// A sync and what happens to it.
#[derive(Debug, Clone)]
pub struct History {
    pub start: Start,
    pub steps: Vec<Step>,
}

fn any_row(id: RowId) -> impl Strategy<Value = Row> {
    let id = prop_oneof![
        20 => Just(Cell::Integer(i64::from(id))),
        1 => Just(Cell::Null),
        1 => Just(Cell::Text("x")),
    ];
    let email = prop_oneof![
        6 => (0..3_usize).prop_map(|at| Cell::Text(EMAILS[2 * at])),
        6 => (0..EMAILS.len()).prop_map(|at| Cell::Text(EMAILS[at])),
        1 => Just(Cell::Null),
    ];
    let score = prop_oneof![
        4 => proptest::sample::select(SCORES[..6].to_vec()),
        1 => proptest::sample::select(SCORES.to_vec()),
    ];
    let name = proptest::sample::select(NAMES.to_vec());
    (id, email, name, score).prop_map(|(id, email, name, score)| Row {
        id,
        email,
        name,
        score,
    })
}

fn any_edit() -> impl Strategy<Value = Edit> {
    let put = || (0..5_u8).prop_flat_map(|id| (Just(id), any_row(id)));
    prop_oneof![
        12 => put().prop_map(|(id, row)| Edit::Put(id, row)),
        1 => put().prop_map(|(id, row)| Edit::Double(id, row)),
        4 => (0..5_u8).prop_map(Edit::Remove),
        2 => (0..5_u8, 0..5_u8).prop_map(|(one, other)| Edit::Swap(one, other)),
        1 => Just(Edit::Empty),
    ]
}

fn any_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => proptest::sample::select(Mode::ALL.to_vec()).prop_map(Change::Mode),
        4 => (0..5_u8).prop_map(Change::Mapping),
        1 => (0..2_u8).prop_map(Change::Key),
        1 => (0..2_u8).prop_map(Change::Object),
        2 => (0..4_u64).prop_map(Change::Guard),
        1 => Just(Change::Forget),
        2 => any::<bool>().prop_map(Change::Pause),
        3 => (0..7_u8).prop_map(Change::Foreign),
        1 => Just(Change::Restart),
    ]
}

fn any_fate() -> impl Strategy<Value = Fate> {
    let applied = any::<bool>;
    let then = prop_oneof![
        3 => Just(Then::Accept),
        1 => Just(Then::Reject),
        1 => applied().prop_map(|applied| Then::Unknown { applied }),
    ];
    prop_oneof![
        3 => Just(Fate::Reject),
        4 => applied().prop_map(|applied| Fate::Unknown { applied }),
        1 => applied().prop_map(|applied| Fate::LeftOut { applied }),
        1 => Just(Fate::Poison),
        3 => (0..3_u8, then).prop_map(|(asks, then)| Fate::Pending { asks, then }),
    ]
}

fn any_silence() -> impl Strategy<Value = Silence> {
    prop_oneof![
        1 => Just(Silence::Begin),
        2 => (0..3_u32).prop_map(Silence::Prepare),
        5 => (0..3_u32, any::<bool>()).prop_map(|(nth, applied)| Silence::Write { nth, applied }),
        1 => Just(Silence::Finish),
        1 => Just(Silence::Settle),
    ]
}

fn any_take() -> impl Strategy<Value = Take> {
    prop_oneof![
        14 => Just(Take::All),
        1 => (0..3_u64).prop_map(Take::Limit),
        1 => proptest::collection::vec(0..5_u8, 1..3).prop_map(Take::Keys),
        1 => Just(Take::Full),
        3 => Just(Take::Approve),
        1 => Just(Take::PlanOnly),
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    let fates = proptest::collection::btree_map(0..7_u8, any_fate(), 1..5);
    let fates = prop_oneof![2 => Just(BTreeMap::new()), 3 => fates];
    (
        proptest::collection::vec(any_edit(), 0..5),
        proptest::option::weighted(0.25, any_change()),
        any_take(),
        fates,
        proptest::option::weighted(0.15, any_silence()),
        proptest::option::weighted(0.3, any::<bool>()),
        proptest::bool::weighted(0.8),
    )
        .prop_map(
            |(edits, change, take, fates, silence, again, approves)| Step {
                edits,
                change,
                take,
                fates,
                silence,
                again,
                approves,
            },
        )
}

fn any_start() -> impl Strategy<Value = Start> {
    let mode = prop_oneof![
        4 => Just(Mode::Mirror),
        2 => Just(Mode::Upsert),
        4 => proptest::sample::select(Mode::ALL.to_vec()),
    ];
    let form = prop_oneof![
        3 => Just(IdentifierForm::Exact),
        1 => Just(IdentifierForm::CaseFolded),
    ];
    (
        (mode, proptest::bool::weighted(0.25), any::<bool>(), form),
        (0..5_u8, proptest::bool::weighted(0.25)),
        (
            proptest::bool::weighted(0.1),
            any::<bool>(),
            proptest::bool::weighted(0.8),
        ),
        (1..4_u32, prop_oneof![2 => Just(10), 1 => 0..3_u64]),
    )
        .prop_map(|(modes, shape, choices, limits)| Start {
            mode: modes.0,
            scope_all: modes.1,
            foreign_allowed: modes.2,
            form: modes.3,
            mapping: shape.0,
            key: u8::from(shape.1),
            from_now: choices.0,
            hold: choices.1,
            idempotent: choices.2,
            batch_rows: limits.0,
            delete_rows: limits.1,
        })
}

/// Histories of up to six runs.
pub fn any_history() -> impl Strategy<Value = History> {
    (any_start(), proptest::collection::vec(any_step(), 1..7))
        .prop_map(|(start, steps)| History { start, steps })
}
