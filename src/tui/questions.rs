//! Questions: the dialogs that stand before cancelling, sending all again, approving and leaving.

use super::intents::Intent;
use super::leaving::leave_running;
use super::msg::Leave;
use super::overlays::Overlay;
use super::overlays::dialog::{Ask, Dialog, Watch, yes};
use super::screens::page::Tag;
use super::state::State;
use super::text;
use super::widgets::field::Field;
use crate::domain::id::{RunId, SyncId};
use crate::domain::mode::Mode;
use crate::domain::run::{Counters, Phase, RunOptions};
use crate::link::Connection;
use crate::link::view::SyncView;

pub(super) fn open(state: &mut State, dialog: Dialog) {
    state.overlay = Some(Overlay::Dialog(Box::new(dialog)));
}

/// Asks before runs are cancelled.
pub(crate) fn ask_cancel(state: &mut State, syncs: &[SyncId]) {
    let mut runs: Vec<(SyncId, RunId)> = Vec::new();
    let mut body = Vec::new();
    for id in syncs {
        let Some(sync) = state.sync(id) else { continue };
        if let Some(active) = &sync.active {
            let c = &active.run.counters;
            body.push(format!(
                "{}: {} of {} operations are done.",
                sync.name(),
                text::count(c.total(|t| t.done)),
                text::count(c.total(|t| t.planned - t.held)),
            ));
            runs.push((id.clone(), active.run.id.clone()));
        } else if let Some(run) = &sync.queued {
            body.push(format!("{}: its run waits for its turn.", sync.name()));
            runs.push((id.clone(), run.id.clone()));
        }
    }
    if runs.is_empty() {
        return;
    }
    body.truncate(4);
    body.push(
        "No new batch starts. What is in flight is awaited for up to 30 s, what was accepted stays, \
         the rest is due again in the next run."
            .to_owned(),
    );
    let many = runs.len() > 1;
    let title = match runs.as_slice() {
        [(sync, run)] => {
            let name = state.sync(sync).map_or("", |sync| sync.name());
            format!("Cancel run {} of {name}?", text::short(run))
        }
        _ => format!(
            "Cancel {}?",
            text::counted(u64::try_from(runs.len()).unwrap_or(u64::MAX), "run")
        ),
    };
    let watched = runs.iter().map(|(_, run)| run.clone()).collect();
    let mut dialog = yes(state.now.ms, title, Intent::Cancel(runs));
    dialog.body = body;
    dialog.stay = if many {
        "keep them running"
    } else {
        "keep it running"
    }
    .to_owned();
    dialog.go = if many {
        "cancel the runs"
    } else {
        "cancel the run"
    }
    .to_owned();
    dialog.watch = Watch::Runs(watched);
    open(state, dialog);
}

/// Asks before every row is sent again, with what it costs.
pub(crate) fn ask_full(state: &mut State, sync: &SyncView, options: RunOptions) {
    let known = text::counted(sync.known, "known record");
    let mut body = vec![format!(
        "Every row of {} goes to {} again, changed or not: {known}, and what is new.",
        sync.model, sync.destination
    )];
    let last = sync.last.as_ref().map(|run| &run.counters);
    if let Some(c) = last.filter(|c| c.requests > 0 && c.total(|t| t.done) > 0) {
        let rows = sync.known.max(c.read);
        let requests = rows.saturating_mul(c.requests) / c.total(|t| t.done).max(1);
        body.push(format!(
            "By the last run's measure that is about {}.",
            text::counted(requests.max(1), "request")
        ));
    }
    match sync.sync.settings.mode {
        Mode::Append => body.push(
            "This sync appends: every row is added a second time at the destination.".to_owned(),
        ),
        Mode::Mirror => body.push("Deletes are planned as in any mirror run.".to_owned()),
        _ => {}
    }
    let intent = Intent::Run(vec![sync.id().clone()], options);
    let mut dialog = yes(
        state.now.ms,
        format!("Full resync of {}?", sync.name()),
        intent,
    );
    dialog.body = body;
    dialog.go = match sync.sync.settings.mode {
        Mode::Append => "send all, twice there".to_owned(),
        _ => format!("send all, {known}"),
    };
    dialog.watch = Watch::Known {
        sync: sync.id().clone(),
        known: sync.known,
    };
    open(state, dialog);
}

/// Asks before what is new in the model is taken as sent already.
pub(crate) fn ask_from_now(state: &mut State, sync: &SyncView, options: RunOptions) {
    let new = match sync.known {
        0 => format!("Every row of {} is taken", sync.model),
        known => format!(
            "{} stay as they are, and what differs in them is due as before. Rows of {} that are new \
             are taken",
            text::counted(known, "known record"),
            sync.model
        ),
    };
    let intent = Intent::Run(vec![sync.id().clone()], options);
    let title = format!("Begin {} from now?", sync.name());
    let mut dialog = yes(state.now.ms, title, intent);
    dialog.body = vec![
        format!(
            "{new} as sent already: only what changes later goes to {}.",
            sync.destination
        ),
        "Nothing is sent or deleted by this run. To send those rows after all: a full resync."
            .to_owned(),
    ];
    dialog.go = "take them as sent".to_owned();
    open(state, dialog);
}

/// A plan that waits for a person.
pub(crate) struct Waiting {
    pub hash: String,
    /// Its deletes.
    pub figure: u64,
    pub run: RunId,
    /// What an approval names.
    pub target: String,
    /// The counts of a run that waits as a whole; nothing where only deletes are held.
    pub whole: Option<Counters>,
    /// The run that it undoes.
    pub undone: Option<RunId>,
}

/// The plan of `sync` that waits for a person: a run before its first write comes before deletes
/// that were held.
pub(crate) fn waiting(sync: &SyncView) -> Option<Waiting> {
    if let Some(active) = &sync.active
        && active.run.phase == Some(Phase::AwaitingApproval)
        && let Some(hash) = &active.run.plan_hash
    {
        return Some(Waiting {
            hash: hash.clone(),
            figure: active.run.counters.delete.planned,
            run: active.run.id.clone(),
            target: active.run.id.as_str().to_owned(),
            whole: Some(active.run.counters),
            undone: active.run.options.undo_of.clone(),
        });
    }
    sync.held.as_ref().map(|held| Waiting {
        hash: held.plan_hash.clone(),
        figure: held.count,
        run: held.run.clone(),
        target: sync.id().as_str().to_owned(),
        whole: None,
        undone: None,
    })
}

/// Shows what waits for approval and asks for it; deletes are approved by typing their number.
pub(crate) fn ask_held(state: &mut State, id: &SyncId) {
    let Some(sync) = state.sync(id).cloned() else {
        return;
    };
    let Some(plan) = waiting(&sync) else { return };
    let deletes = text::counted(plan.figure, "delete");
    let intent = Intent::Approve {
        sync: id.clone(),
        target: plan.target,
        plan_hash: plan.hash.clone(),
    };
    let title = match (plan.whole, &plan.undone) {
        (_, Some(undone)) => format!("Undo run {} of {}?", text::short(undone), sync.name()),
        (None, _) => format!("{deletes} held: {}", sync.name()),
        (Some(_), _) => format!("Run {} waits: {}", text::short(&plan.run), sync.name()),
    };
    let mut dialog = yes(state.now.ms, title, intent);
    dialog.body = match plan.whole {
        Some(c) if plan.undone.is_some() => undo_words(&sync, &c),
        None => held_words(&sync, plan.figure),
        Some(c) => vec![format!(
            "It would create {}, update {} and delete {} at {}. Nothing has been sent.",
            text::count(c.create.planned),
            text::count(c.update.planned),
            text::count(c.delete.planned),
            sync.destination
        )],
    };
    let hash: String = plan.hash.chars().take(12).collect();
    dialog
        .body
        .push(format!("Plan {hash}, run {}.", text::short(&plan.run)));
    dialog.stay = "leave it".to_owned();
    if plan.undone.is_some() {
        "undo it, pause the sync".clone_into(&mut dialog.go);
    } else if plan.figure > 0 {
        dialog.go = format!("delete {}", if plan.figure == 1 { "it" } else { "them" });
        if plan.whole.is_some() {
            "run the plan".clone_into(&mut dialog.go);
        }
        dialog.ask = Ask::Number {
            expected: plan.figure,
            field: Field::default(),
        };
    } else {
        "run the plan".clone_into(&mut dialog.go);
    }
    if plan.whole.is_none() {
        dialog.examples_of = Some(plan.run);
    }
    dialog.watch = Watch::Plan {
        sync: id.clone(),
        hash: plan.hash,
        figure: plan.figure,
    };
    open(state, dialog);
}

/// What an undo takes back, what it costs, and what follows from it.
fn undo_words(sync: &SyncView, c: &Counters) -> Vec<String> {
    let planned = c.total(|tally| tally.planned);
    let last = sync.last.as_ref().map(|run| &run.counters);
    let last = last.filter(|c| c.requests > 0 && c.total(|t| t.done) > 0);
    let requests = last.map_or(String::new(), |last| {
        let requests = planned.saturating_mul(last.requests) / last.total(|t| t.done).max(1);
        format!(
            " That is about {}.",
            text::counted(requests.max(1), "request")
        )
    });
    let record = |count| text::counted(count, "record");
    let parts: Vec<String> = [
        (
            c.update.planned,
            format!("restores {}", record(c.update.planned)),
        ),
        (
            c.create.planned,
            format!("creates {} again", record(c.create.planned)),
        ),
        (
            c.delete.planned,
            format!("deletes {}", record(c.delete.planned)),
        ),
    ]
    .into_iter()
    .filter_map(|(count, words)| (count > 0).then_some(words))
    .collect();
    let stays = match c.skipped {
        0 => String::new(),
        1 => " 1 row stays as it is now.".to_owned(),
        rows => format!(" {} rows stay as they are now.", text::count(rows)),
    };
    vec![
        format!(
            "At {} it {}.{requests}{stays}",
            sync.destination,
            parts.join(", ")
        ),
        "The sync is paused with it, for its next run would send the model's rows again: mend what \
         was wrong before you resume it."
            .to_owned(),
    ]
}

fn held_words(sync: &SyncView, count: u64) -> Vec<String> {
    let share = if sync.known > 0 {
        #[expect(clippy::cast_precision_loss, reason = "a share for people")]
        let share = count as f64 / sync.known as f64 * 100.0;
        format!(
            " That is {share:.1} % of the {} records that this sync has sent.",
            text::count(sync.known)
        )
    } else {
        String::new()
    };
    vec![
        format!(
            "These rows have left {} and would be deleted from {}.{share}",
            sync.model, sync.destination
        ),
        "Creates and updates went through. A key is deleted only if the next reading still lacks it."
            .to_owned(),
    ]
}

/// What confirming means for the page that asks, wherever it is by then.
fn confirmed(state: &State, tag: Tag) -> Intent {
    match state.router.acting() {
        Some(page) => Intent::ConfirmedTo(page, tag),
        None => Intent::Confirmed(tag),
    }
}

/// Asks before edits that are not saved go with the page, or with the whole interface.
pub(crate) fn ask_discard(state: &mut State, what: &str, tag: Tag) {
    let mut dialog = yes(
        state.now.ms,
        format!("Discard the edits of {what}?"),
        confirmed(state, tag),
    );
    dialog.body = vec!["They are not saved; ctrl-s saves them.".to_owned()];
    dialog.stay = "go on editing".to_owned();
    dialog.go = "discard them".to_owned();
    open(state, dialog);
}

/// Asks before leaving while edits are not saved.
pub(crate) fn ask_leave_edits(state: &mut State) {
    let mut dialog = yes(
        state.now.ms,
        "Leave with edits that are not saved?".to_owned(),
        Intent::Leave(Leave::Quit),
    );
    dialog.body = vec!["Some page holds edits; leaving discards them.".to_owned()];
    dialog.stay = "stay".to_owned();
    dialog.go = "discard and leave".to_owned();
    if matches!(state.connection, Connection::Local) && state.active_runs() > 0 {
        dialog.body.push(
            "Runs live in this process too: leaving cancels them, what was accepted stays."
                .to_owned(),
        );
        dialog.intent = Intent::Leave(Leave::StopRuns);
        dialog.go = "discard, stop runs".to_owned();
        dialog.other = state
            .leave_running
            .then(|| leave_running(Leave::KeepRunning));
    }
    open(state, dialog);
}

/// Asks a page's own question, which `y` confirms.
pub(crate) fn ask_page(
    state: &mut State,
    title: String,
    body: Vec<String>,
    (stay, go): (&str, &str),
    tag: Tag,
) {
    let mut dialog = yes(state.now.ms, title, confirmed(state, tag));
    dialog.body = body;
    dialog.stay = stay.to_owned();
    dialog.go = go.to_owned();
    open(state, dialog);
}

/// Asks a page's own question, which a name confirms that must be typed.
pub(crate) fn ask_name(
    state: &mut State,
    title: String,
    body: Vec<String>,
    name: &str,
    go: &str,
    tag: Tag,
) {
    let mut dialog = yes(state.now.ms, title, confirmed(state, tag));
    dialog.body = body;
    dialog.go = go.to_owned();
    dialog.ask = Ask::Name {
        expected: name.to_owned(),
        field: Field::default(),
    };
    open(state, dialog);
}
