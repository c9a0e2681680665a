//! What the Syncs screen asks the core for by itself: the log and the runs of what is selected.

use super::Tab;
use super::runs::{PAGE as RUNS_PAGE, Reading};
use crate::domain::command::Command;
use crate::tui::msg::Effect;
use crate::tui::state::{Purpose, State};

/// How long the cursor must rest on a sync before its log and runs are asked for, in milliseconds.
const PATIENCE_MS: u64 = 120;

/// Points log and runs at what is selected.
pub(crate) fn aim(state: &mut State) {
    let due = state.now.ms + PATIENCE_MS;
    let selected = state.selected().cloned();
    let latest = selected.as_ref().and_then(|sync| {
        let active = sync.active.as_ref().map(|active| &active.run.id);
        active.or(sync.last.as_ref().map(|run| &run.id)).cloned()
    });
    let run = state.syncs.opened.clone().or(latest);
    state.syncs.log.aim(run, due);
    if let Some(sync) = selected
        && state.syncs.tab == Tab::Runs
        && state.areas().detail.is_some()
    {
        state.syncs.runs.aim(&sync, state.now.ms, PATIENCE_MS);
    }
}

/// Asks for the next lines of the log.
pub(crate) fn ask_log(state: &mut State) -> Vec<Effect> {
    let Some(run) = state.syncs.log.run.clone() else {
        return Vec::new();
    };
    let question = state.syncs.log.ask();
    let command = Command::LogPage {
        run: run.clone(),
        from: question.from,
        limit: question.limit,
        text: question.text.clone(),
    };
    vec![state.send(Purpose::Log { run, question }, command)]
}

/// Asks for the next runs of the list.
pub(crate) fn ask_runs(state: &mut State) -> Vec<Effect> {
    let runs = &mut state.syncs.runs;
    let Some(sync) = runs.sync.clone() else {
        return Vec::new();
    };
    let before = runs.older_than();
    runs.reading = Reading::Asked;
    let command = Command::Runs {
        sync: Some(sync.as_str().to_owned()),
        before: before.clone(),
        limit: RUNS_PAGE,
    };
    vec![state.send(Purpose::Runs { sync, before }, command)]
}
