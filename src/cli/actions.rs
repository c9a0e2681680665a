//! The command line's arguments, second words: what is done with causes of trouble, objects, secrets
//! and schedules.

use clap::Subcommand;

use super::args::Json;

/// What to do with a cause of trouble that `status` shows.
#[derive(Debug, Subcommand)]
pub enum StatusAction {
    /// Sets a cause aside until it is worse: graver, about more syncs, or twice the rows.
    Acknowledge {
        /// The cause, as status shows it.
        cause: String,
    },
    /// Sets a cause aside for a while, unless it becomes worse before.
    Snooze {
        /// The cause, as status shows it.
        cause: String,
        /// For so many hours.
        #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=8_760), conflicts_with = "until_change")]
        hours: u16,
        /// Until it changes in any way.
        #[arg(long)]
        until_change: bool,
    },
    /// Takes up again what was set aside.
    TakeUp {
        /// The cause, as status shows it.
        cause: String,
    },
}

/// What to do with objects.
#[derive(Debug, Subcommand)]
pub enum ObjectAction {
    /// Lists the objects of a destination.
    List {
        /// The destination.
        destination: String,
        #[command(flatten)]
        json: Json,
    },
    /// Shows the fields of an object.
    Fields {
        /// The destination.
        destination: String,
        /// The object.
        object: String,
        #[command(flatten)]
        json: Json,
    },
    /// Makes an object.
    Create {
        /// The destination.
        destination: String,
        /// The object's name.
        object: String,
        /// A field as NAME:TYPE; can be repeated.
        #[arg(long = "field", value_name = "NAME:TYPE", required = true)]
        fields: Vec<String>,
        /// A field of the identifier; can be repeated.
        #[arg(long, value_name = "NAME", required = true)]
        identifier: Vec<String>,
    },
}

/// What to do with secrets.
#[derive(Debug, Subcommand)]
pub enum SecretAction {
    /// Keeps a secret, typed or piped in, encrypted in the workspace.
    Set {
        /// The source or destination.
        connection: String,
        /// The setting's key, such as signing_secret.
        key: String,
    },
}

/// What to do with schedules.
#[derive(Debug, Subcommand)]
pub enum ScheduleAction {
    /// Prints the next times of a cron expression, or of words for one.
    Next {
        /// `0 9 * * 1-5`, `weekdays 9:00`, `@hourly` …
        expression: String,
        /// The time zone.
        #[arg(long = "tz", value_name = "ZONE", default_value = "UTC")]
        zone: String,
        /// The time to start from; now by default.
        #[arg(long, value_name = "RFC3339")]
        from: Option<chrono::DateTime<chrono::FixedOffset>>,
        /// How many.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        count: u32,
        #[command(flatten)]
        json: Json,
    },
}
