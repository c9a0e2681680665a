//! The command line's arguments.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use super::actions::{ObjectAction, ScheduleAction, SecretAction, StatusAction};

/// Terminal-native, self-hosted reverse ETL: carries the rows of a model into a destination.
///
/// Without a command, opens the interface.
#[derive(Debug, Parser)]
#[command(
    name = "signalsmith",
    version,
    propagate_version = false,
    disable_help_subcommand = true
)]
pub struct Arguments {
    /// The workspace's folder.
    #[arg(
        short = 'C',
        long = "dir",
        value_name = "DIR",
        env = "SIGNALSMITH_DIR",
        global = true
    )]
    pub dir: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<CommandLine>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum CommandLine {
    /// Sets up a workspace with sample data, in a new temporary folder or DIR, and opens it.
    Demo {
        /// Runs every sync in four rounds of changes without a terminal and checks every destination.
        #[arg(long)]
        headless: bool,
        /// Seeds the sample data.
        #[arg(long, default_value_t = 7)]
        seed: u64,
    },
    /// Makes an empty workspace.
    Init {
        /// Its name; the folder's name by default.
        #[arg(long)]
        name: Option<String>,
        /// The time zone of schedules that name none.
        #[arg(long, default_value = "UTC")]
        timezone: String,
    },
    /// Checks a resource file against sources and destinations; changes nothing.
    Check {
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        json: Json,
    },
    /// Shows what is wrong, by cause, and how every sync is.
    Status {
        #[command(subcommand)]
        action: Option<StatusAction>,
        #[command(flatten)]
        json: Json,
    },
    /// Opens the interface on a run or a sync.
    Open {
        /// A run's id, or a sync.
        target: String,
    },
    /// Lists syncs, models, sources, destinations or runs.
    List {
        /// What to list.
        #[arg(value_enum, default_value_t = Kind::Syncs)]
        kind: Kind,
        /// With runs: only of this sync.
        #[arg(long)]
        sync: Option<String>,
        /// With runs: at most so many.
        #[arg(long, default_value_t = 20)]
        limit: u32,
        #[command(flatten)]
        json: Json,
    },
    /// Shows one sync, model, source, destination or run.
    Show {
        /// What it is.
        #[arg(value_enum)]
        kind: One,
        /// Its id or name.
        name: String,
        #[command(flatten)]
        json: Json,
    },
    /// Brings a resource file in, after showing what changes.
    Apply {
        /// The file.
        file: PathBuf,
        /// Also removes what the file does not have.
        #[arg(long)]
        prune: bool,
        /// Only shows what would change.
        #[arg(long)]
        dry_run: bool,
        /// Does not ask.
        #[arg(short, long)]
        yes: bool,
        /// The name of a sync whose snapshot may be dropped.
        #[arg(long, value_name = "SYNC")]
        confirm: Vec<String>,
        #[command(flatten)]
        json: Json,
    },
    /// Prints the workspace as a resource file.
    Export {
        /// Only this sync with what it needs.
        #[arg(long)]
        sync: Option<String>,
    },
    /// Shows what a run would do; sends nothing.
    Plan {
        /// The sync.
        sync: String,
        /// Operations that are shown.
        #[arg(long, default_value_t = 20)]
        limit: u32,
        /// Shows every operation.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        json: Json,
    },
    /// Runs a sync and waits for its end.
    Run(RunArguments),
    /// Approves a run that waits, or a sync's held deletes.
    Approve {
        /// A run's id or a sync.
        target: String,
        /// The hash of the plan that you have looked at.
        #[arg(long, value_name = "HASH")]
        plan: Option<String>,
        #[command(flatten)]
        json: Json,
    },
    /// Ends a run that waits for approval, or drops a sync's held deletes; sends nothing.
    Reject {
        /// A run's id or a sync.
        target: String,
    },
    /// Ends a run; what was acknowledged is kept.
    Cancel {
        /// A run's id or a sync.
        target: String,
    },
    /// Sends the rejected and invalid rows of a run again, under the present mapping.
    Retry {
        /// The run's id.
        run: String,
        /// Only rows with this cause.
        #[arg(long)]
        cause: Option<String>,
        /// Only this key; can be repeated.
        #[arg(long, value_name = "KEY")]
        key: Vec<String>,
        #[command(flatten)]
        json: Json,
    },
    /// Takes back what a run wrote, once its plan is approved, and pauses the sync.
    Undo {
        /// The run's id.
        run: String,
        /// The hash of the undo's plan that you have looked at: exactly this, or nothing.
        #[arg(long, value_name = "HASH")]
        plan: Option<String>,
        #[command(flatten)]
        json: Json,
    },
    /// Turns a sync's schedule off.
    Pause {
        /// The sync.
        sync: String,
    },
    /// Turns a sync's schedule on; slots missed meanwhile are not made up.
    Resume {
        /// The sync.
        sync: String,
    },
    /// Empties what is known of a sync's sent records; sends and deletes nothing.
    Forget {
        /// The sync.
        sync: String,
        /// Its name once more.
        #[arg(long, value_name = "NAME")]
        confirm: Option<String>,
        /// Forgets nothing: puts back what was known before the sync went to another destination or
        /// object, now that it writes there again.
        #[arg(long, conflicts_with = "confirm")]
        put_back: bool,
    },
    /// Prints a run's log.
    Logs {
        /// A run's id, or a sync whose latest run is meant.
        target: String,
        /// Goes on until the run ends.
        #[arg(short, long)]
        follow: bool,
        #[command(flatten)]
        json: Json,
    },
    /// Prints the invalid, rejected and unknown rows of a run.
    Rows {
        /// A run's id, or a sync whose latest run is meant.
        target: String,
        /// Only with this verdict.
        #[arg(long, value_parser = ["invalid", "rejected", "unknown", "held"])]
        verdict: Option<String>,
        /// Only with this cause.
        #[arg(long)]
        cause: Option<String>,
        /// Only keys that contain this text.
        #[arg(long)]
        key: Option<String>,
        /// Ignores the rows with this cause: they are tried as before and count as no trouble until
        /// their cause changes.
        #[arg(long, value_name = "CAUSE", conflicts_with_all = ["heed", "cause", "key", "unmask", "json"])]
        ignore: Option<String>,
        /// Heeds ignored rows with this cause again.
        #[arg(long, value_name = "CAUSE", conflicts_with_all = ["cause", "key", "unmask", "json"])]
        heed: Option<String>,
        /// Only rows with this field or column at fault.
        #[arg(long)]
        field: Option<String>,
        /// Shows personal values as they are, and puts it on record that you did.
        #[arg(long)]
        unmask: bool,
        #[command(flatten)]
        json: Json,
    },
    /// Prints what happened to a key.
    History {
        /// A primary key, its columns joined by commas or as a JSON array, or an identifier.
        key: String,
        /// Only in this sync.
        #[arg(long)]
        sync: Option<String>,
        /// Shows personal values as they are, and puts it on record that you did.
        #[arg(long)]
        unmask: bool,
        #[command(flatten)]
        json: Json,
    },
    /// Prints the first rows of a model.
    Preview {
        /// The model.
        model: String,
        /// At most so many.
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
        #[command(flatten)]
        json: Json,
    },
    /// Tests a source or destination step by step.
    Test {
        /// Its id or name.
        connection: String,
        #[command(flatten)]
        json: Json,
    },
    /// Lists a destination's objects, shows one's fields, or makes one.
    Object {
        #[command(subcommand)]
        action: ObjectAction,
    },
    /// Keeps secrets of sources and destinations.
    Secret {
        #[command(subcommand)]
        action: SecretAction,
    },
    /// Works with schedules.
    Schedule {
        #[command(subcommand)]
        action: ScheduleAction,
    },
    /// Runs the workspace's core without an interface, until it is told to stop.
    Serve {
        /// Goes on with what another core left, whose lock is standard input.
        #[arg(long, hide = true)]
        take_over: bool,
    },
    /// Stops the workspace's core, wherever it runs; what is under way is run again by the next one.
    Stop,
    /// Lists the transforms, or explains one.
    Transforms {
        /// The transform.
        name: Option<String>,
        #[command(flatten)]
        json: Json,
    },
}

/// Prints JSON instead of text for people.
#[derive(Debug, Clone, Copy, Args)]
pub struct Json {
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// How a sync is run.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// The sync.
    pub sync: String,
    /// Sends only the first N rows that are due; deletes and forgets nothing.
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
    /// Sends only this key, its columns joined by commas or as a JSON array; can be repeated.
    #[arg(long, value_name = "KEY")]
    pub key: Vec<String>,
    /// Sends every row again.
    #[arg(long)]
    pub full: bool,
    /// With --full: also for append, which adds every row a second time.
    #[arg(long, requires = "full")]
    pub duplicate: bool,
    /// Sends nothing: takes what is new in the model as sent already, so that only later changes go.
    #[arg(long, conflicts_with_all = ["limit", "key", "full"])]
    pub from_now: bool,
    /// Leaves out the deletes.
    #[arg(long)]
    pub without_deletes: bool,
    /// Accepts the model's new size where the shrink guard stopped.
    #[arg(long)]
    pub accept_size: bool,
    /// Sends exactly the plan of this hash, or nothing.
    #[arg(long, value_name = "HASH")]
    pub plan: Option<String>,
    /// Waits for the end of the run (the default).
    #[arg(long, conflicts_with = "no_wait")]
    pub wait: bool,
    /// Only asks for the run; needs a core that goes on.
    #[arg(long)]
    pub no_wait: bool,
    #[command(flatten)]
    pub json: Json,
}

/// What to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Syncs.
    Syncs,
    /// Models.
    Models,
    /// Sources.
    Sources,
    /// Destinations.
    Destinations,
    /// Runs, newest first.
    Runs,
}

/// What to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum One {
    /// A sync.
    Sync,
    /// A model.
    Model,
    /// A source.
    Source,
    /// A destination.
    Destination,
    /// A run.
    Run,
}
