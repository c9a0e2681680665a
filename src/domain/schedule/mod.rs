//! Schedules: when a sync runs by itself.

use serde::{Deserialize, Serialize};

/// When a sync runs by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type", deny_unknown_fields)]
pub enum Schedule {
    /// Never; only when someone asks.
    #[default]
    Manual,
    /// Every so many minutes.
    Interval {
        /// At least 1.
        interval_minutes: u32,
    },
    /// By a cron expression, or words for one, in a time zone.
    Cron {
        /// Five or six fields, an `@name`, or words such as `weekdays 9:00`.
        expression: String,
        /// An IANA zone; absent: the workspace's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timezone: Option<String>,
    },
    /// When all of these syncs have completed: ids in the store, names in a file.
    After {
        /// The syncs.
        syncs: Vec<String>,
    },
}
