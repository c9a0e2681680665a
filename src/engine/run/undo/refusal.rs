//! Why a run cannot be undone at all, each with what can be done instead.

use std::path::PathBuf;

use crate::domain::mode::Mode;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::run::Run;
use crate::store::Pinned;

use super::super::super::core::Core;
use super::fields;

/// Checks that a run can be undone, by how it was set up `then` and how its sync is `now`.
///
/// # Errors
/// A [`Problem`] that says why not, and what to do.
pub(crate) fn check(run: &Run, then: &Pinned, now: &Pinned) -> Result<(), Problem> {
    of_run(run)?;
    let refuse = |why: String, hint: String| {
        let text = format!("cannot undo run {}: {why}", run.id);
        Err(Problem::new(ProblemKind::Conflict, text).hint(hint))
    };
    let (old, new) = (&then.sync.settings, &now.sync.settings);
    if (&old.destination, &old.destination_object) != (&new.destination, &new.destination_object) {
        let place = format!("{} ▸ {}", then.destination.name, old.destination_object);
        return refuse(
            format!("its sync wrote to {place} then, and writes elsewhere now"),
            format!("let the sync write to {place} again, then undo"),
        );
    }
    if then.destination.settings != now.destination.settings {
        let name = &now.destination.name;
        return refuse(
            format!("the settings of the destination {name} have changed since"),
            "what it wrote may stand elsewhere; put the settings back, then undo".to_owned(),
        );
    }
    if then.model.primary_key != now.model.primary_key {
        return refuse(
            format!("the primary key of {} has changed since", now.model.name),
            "its rows are known by other keys now; run the sync to send what the model holds"
                .to_owned(),
        );
    }
    if fields(then) != fields(now) {
        return refuse(
            "the fields of the sync's mapping have changed since".to_owned(),
            "put the mapping's fields back, then undo; or run the sync to send what the model holds"
                .to_owned(),
        );
    }
    Ok(())
}

/// What the run alone says against it.
fn of_run(run: &Run) -> Result<(), Problem> {
    let refuse = |kind, why: &str, hint: &str| {
        let text = format!("cannot undo run {}: {why}", run.id);
        Err(Problem::new(kind, text).hint(hint))
    };
    if !run.status.is_final() {
        let hint = "wait for its end, or cancel it: what it wrote until then can be undone";
        return refuse(ProblemKind::Conflict, "it goes on", hint);
    }
    if run.options.undo_of.is_some() {
        let hint = "mend what was wrong and run the sync: it sends what the model holds";
        return refuse(ProblemKind::Usage, "it is an undo itself", hint);
    }
    if run.counters.total(|tally| tally.done) == 0 {
        let open = run.counters.total(|tally| tally.unknown + tally.pending) > 0;
        let (why, hint) = match open {
            true => (
                "nothing that it sent was accepted as yet",
                "its rows without an outcome are sent again by the next run",
            ),
            false => (
                "it wrote nothing",
                "signalsmith list runs shows what others wrote",
            ),
        };
        return refuse(ProblemKind::Conflict, why, hint);
    }
    if run.mode == Mode::Append {
        return refuse(
            ProblemKind::Usage,
            "it appended, and what was appended cannot be told from what was there",
            "delete those records at the destination",
        );
    }
    Ok(())
}

/// The plan file of a run, which says what it wrote over what.
///
/// # Errors
/// A [`Problem`] where it is no longer kept.
pub(crate) fn kept_plan(core: &Core, run: &Run) -> Result<PathBuf, Problem> {
    let path = core.plan_path(&run.id);
    if path.exists() {
        return Ok(path);
    }
    let text = format!(
        "cannot undo run {}: its plan is no longer kept, and with it what stood there before",
        run.id
    );
    Err(Problem::new(ProblemKind::NotFound, text).hint(
        "plans are kept for 30 days and the last 10 runs; mend the model or the mapping and run the \
         sync instead",
    ))
}
