//! Commands: everything that a face may ask of a core, and what it may be answered.
//!
//! Where a command names a sync, model, source or destination, the text is its id or unique name.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::browse::{Browse, Browsed};
use super::destination::{Object, ObjectSchema, TestStep};
use super::edit::Edit;
use super::event::{Event, LogLine};
use super::explore::{CatalogTable, Connectors, Explore, KeyCheck};
pub use super::failing::{CauseName, RowEntry, RowFilter};
use super::id::RunId;
pub use super::log_page::{LogPage, LogPlace, PlacedLine};
use super::model::Column;
use super::rehearsal::{ObjectInfo, Rehearsal};
use super::run::{Run, RunOptions};
use super::secret::SecretText;
use super::trouble::SetAside;

/// What a face asks of a core.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Starts a run, or queues one where the sync is running. Reply: [`Reply::Run`].
    Run {
        /// The sync.
        sync: String,
        /// Which rows and how.
        #[serde(default)]
        options: RunOptions,
    },
    /// Waits until a run is final or waits for approval. Reply: [`Reply::Run`].
    WaitRun {
        /// The run.
        run: RunId,
    },
    /// Ends a queued or running run. Reply: [`Reply::Run`].
    Cancel {
        /// A run's id, or a sync whose active run is meant.
        target: String,
    },
    /// Approves a waiting run, or the held deletes of a sync, by plan hash. Reply: [`Reply::Run`].
    Approve {
        /// A run's id or a sync.
        target: String,
        /// The plan that was looked at.
        plan_hash: String,
    },
    /// Ends a run that waits for approval, or drops the held deletes of a sync. Reply: [`Reply::Done`].
    Reject {
        /// A run's id or a sync.
        target: String,
    },
    /// Sends chosen rows of an earlier run again. Reply: [`Reply::Run`].
    Retry {
        /// The run.
        run: RunId,
        /// Only rows with this cause code.
        cause: Option<String>,
        /// Only these keys, as text.
        #[serde(default)]
        keys: Vec<String>,
    },
    /// Takes back what a run wrote: plans that, waits for the plan's approval, and pauses the sync
    /// when it begins to write. Reply: [`Reply::Run`].
    Undo {
        /// The run whose writes are taken back.
        run: RunId,
        /// The hash of the plan that was looked at: exactly this goes at once, or nothing.
        #[serde(default)]
        approved_plan: Option<String>,
    },
    /// Ignores the rows of a cause, or heeds them again: they are tried as before, and no longer count
    /// as trouble until their cause changes. Reply: [`Reply::Done`].
    Ignore {
        /// The run.
        run: RunId,
        /// The cause.
        cause: CauseName,
        /// False heeds them again.
        ignore: bool,
    },
    /// Turns a sync's schedule off. Reply: [`Reply::Done`].
    Pause {
        /// The sync.
        sync: String,
    },
    /// Turns a sync's schedule on; slots missed meanwhile are not made up. Reply: [`Reply::Done`].
    Resume {
        /// The sync.
        sync: String,
    },
    /// Empties a sync's snapshot and sends nothing. Reply: [`Reply::Done`].
    Forget {
        /// The sync.
        sync: String,
        /// Its name once more, typed.
        confirm: String,
    },
    /// Puts back what was known of a sync's sent records before it went to another destination or
    /// object, now that it writes there again. Reply: [`Reply::Done`].
    PutBack {
        /// The sync.
        sync: String,
    },
    /// Brings a resource file in. Reply: [`Reply::Changes`].
    Apply {
        /// The file's text.
        text: String,
        /// The folder that its relative paths start from.
        base: PathBuf,
        /// Also removes what the file does not have.
        prune: bool,
        /// Shows what would change and changes nothing.
        dry_run: bool,
        /// Names of syncs whose snapshot may be dropped, typed.
        #[serde(default)]
        confirm: Vec<String>,
    },
    /// Gives the store as a resource file. Reply: [`Reply::Text`].
    Export {
        /// Only this sync with what it needs.
        sync: Option<String>,
    },
    /// Gives runs, newest first. Reply: [`Reply::Runs`].
    Runs {
        /// Only of this sync.
        sync: Option<String>,
        /// Only runs before this one.
        before: Option<RunId>,
        /// At most so many.
        limit: u32,
    },
    /// Gives one run. Reply: [`Reply::Run`].
    ShowRun {
        /// The run.
        run: RunId,
    },
    /// Gives invalid, rejected, unknown and unsent rows of a run. Reply: [`Reply::Rows`].
    Rows {
        /// The run.
        run: RunId,
        /// Which of them.
        #[serde(default)]
        filter: RowFilter,
    },
    /// Gives operations of a run's plan. Reply: [`Reply::Plan`].
    ShowPlan {
        /// The run.
        run: RunId,
        /// From this operation number on.
        from: u64,
        /// At most so many.
        limit: u32,
    },
    /// Gives lines of a run's log. Reply: [`Reply::Log`].
    Log {
        /// The run.
        run: RunId,
        /// From this line on, counted from 0.
        from: u64,
        /// At most so many.
        limit: u32,
    },
    /// Gives a page of a run's log from its end or from a place in it, which costs the same whatever
    /// the log's length. Reply: [`Reply::LogPage`].
    LogPage {
        /// The run.
        run: RunId,
        /// Where the lines stand.
        from: LogPlace,
        /// At most so many.
        limit: u32,
        /// Only lines with this text, whatever the case.
        #[serde(default)]
        text: Option<String>,
    },
    /// Gives what happened to a key over all syncs. Reply: [`Reply::History`].
    History {
        /// A primary key, identifier or destination id, as text.
        key: String,
        /// Only of this sync.
        sync: Option<String>,
        /// Shows personal values as they are, which is audited.
        #[serde(default)]
        unmask: bool,
    },
    /// Reads the first rows of a model. Reply: [`Reply::Table`].
    Preview {
        /// The model.
        model: String,
        /// At most so many.
        limit: u32,
    },
    /// Tests a source or destination and keeps its health. Reply: [`Reply::Steps`].
    Test {
        /// A source or destination.
        connection: String,
    },
    /// Gives the objects of a destination. Reply: [`Reply::Objects`].
    Objects {
        /// The destination.
        destination: String,
    },
    /// Gives an object's fields. Reply: [`Reply::Schema`].
    Fields {
        /// The destination.
        destination: String,
        /// The object.
        object: String,
    },
    /// Makes an object at a destination. Reply: [`Reply::Schema`].
    CreateObject {
        /// The destination.
        destination: String,
        /// The object's name.
        object: String,
        /// Its fields with their types.
        columns: Vec<Column>,
        /// The fields that make up the identifier.
        identifier: Vec<String>,
    },
    /// Keeps a secret of a source or destination, encrypted. Reply: [`Reply::Done`].
    SetSecret {
        /// The source or destination.
        connection: String,
        /// The setting's key.
        key: String,
        /// The secret.
        secret: SecretText,
    },
    /// Looks through what is on record, page by page. Reply: [`Reply::Browsed`].
    Browse(Browse),
    /// Answers a question that changes nothing. Reply: as [`Explore`] says.
    Explore(Explore),
    /// Changes a model, source or destination. Reply: [`Reply::Changes`].
    Edit(Edit),
    /// Sets a cause of trouble aside, or takes it up again. Reply: [`Reply::Done`].
    SetAside(SetAside),
    /// Gives journaled events after a number. Reply: [`Reply::Events`].
    Events {
        /// The last number that is known.
        after: u64,
        /// At most so many.
        limit: u32,
    },
}

/// What a core answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reply", content = "body")]
pub enum Reply {
    /// Done, with nothing to show.
    Done,
    /// A run.
    Run(Box<Run>),
    /// Runs, newest first.
    Runs(Vec<Run>),
    /// Rows of a run.
    Rows(Vec<RowEntry>),
    /// Operations of a plan.
    Plan(Box<PlanPage>),
    /// A page of what is on record.
    Browsed(Box<Browsed>),
    /// Lines of a log.
    Log(Vec<LogLine>),
    /// A page of a log.
    LogPage(LogPage),
    /// What happened to a key.
    History(Vec<HistoryEntry>),
    /// Rows of a model.
    Table(Table),
    /// Whether columns can be a key.
    KeyCheck(KeyCheck),
    /// Tables of a source.
    Tables(Vec<CatalogTable>),
    /// The kinds of connections.
    Connectors(Connectors),
    /// An object with what it can do.
    Object(Box<ObjectInfo>),
    /// What a draft of a sync would do.
    Rehearsal(Box<Rehearsal>),
    /// Steps of a test.
    Steps(Vec<TestStep>),
    /// Objects of a destination.
    Objects(Vec<Object>),
    /// An object's fields.
    Schema(ObjectSchema),
    /// What an apply changes or changed.
    Changes(Vec<Change>),
    /// Text.
    Text(String),
    /// Events.
    Events(Vec<Event>),
}

/// A part of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanPage {
    /// The content hash.
    pub plan_hash: String,
    /// What the plan counts.
    pub counters: super::run::Counters,
    /// The operations from the asked number on.
    pub operations: Vec<PlanEntry>,
}

/// One operation of a plan as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanEntry {
    /// `create`, `update`, `delete`.
    pub op: super::plan::OperationKind,
    /// Its key by column.
    pub key: serde_json::Map<String, serde_json::Value>,
    /// What was last accepted, by field, where it is kept.
    pub old: Option<serde_json::Value>,
    /// What is to be written, by field.
    pub new: Option<serde_json::Value>,
}

/// One accepted operation on a key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// When it was accepted.
    pub at: chrono::DateTime<chrono::Utc>,
    /// The sync's name.
    pub sync: String,
    /// The run.
    pub run: RunId,
    /// The sync's revision then.
    pub revision: u64,
    /// What was done.
    pub op: super::plan::OperationKind,
    /// Its key by column.
    pub key: serde_json::Map<String, serde_json::Value>,
    /// What was there before, by field, where it is kept.
    pub old: Option<serde_json::Value>,
    /// What was written, by field.
    pub new: Option<serde_json::Value>,
}

/// Rows for looking at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// The columns.
    pub columns: Vec<Column>,
    /// The cells as JSON, row by row.
    pub rows: Vec<Vec<serde_json::Value>>,
    /// Whether the source has more.
    pub more: bool,
}

/// One change that an apply makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// `create`, `update`, `delete`, `unchanged`.
    pub action: String,
    /// `workspace`, `source`, `model`, `destination`, `sync`.
    pub kind: String,
    /// The resource's name.
    pub name: String,
    /// Field by field: name, old, new; secrets redacted.
    pub fields: Vec<(String, String, String)>,
    /// What follows from it, for people: "starts an empty snapshot".
    pub notes: Vec<String>,
    /// Whether a sync's snapshot goes with it, so that the sync's name must be typed.
    #[serde(default)]
    pub drops_snapshot: bool,
}
