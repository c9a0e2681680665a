//! The schedule editor: kind, interval, words or cron, weekdays, zone, and the next five times.

mod state;
mod update;
mod view;

pub(crate) use state::{ScheduleEditor, words};
