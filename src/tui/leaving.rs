//! Questions before the interface is left, or stopped for a while, under runs of its own process.

use super::intents::Intent;
use super::msg::Leave;
use super::overlays::dialog::{Other, yes};
use super::questions::open;
use super::state::State;
use super::text;

/// Asks before leaving while runs live in this process.
pub(crate) fn ask_leave(state: &mut State, runs: usize) {
    let words = text::counted(u64::try_from(runs).unwrap_or(u64::MAX), "run");
    let stop = Intent::Leave(Leave::StopRuns);
    if !state.leave_running {
        let mut dialog = yes(state.now.ms, format!("Leave and stop {words}?"), stop);
        dialog.body = vec![format!(
            "{words} under way in this process. Leaving cancels: what was accepted stays, the rest is \
             due again in the next run."
        )];
        dialog.stay = "stay".to_owned();
        dialog.go = "leave and stop runs".to_owned();
        return open(state, dialog);
    }
    let mut dialog = yes(state.now.ms, format!("Leave with {words} under way?"), stop);
    dialog.body = vec![
        "Left running, they go on in a core of their own: `signalsmith` shows it again, \
         `signalsmith stop` ends it."
            .to_owned(),
        "Stopped: what was accepted stays, the rest is due again in the next run.".to_owned(),
    ];
    dialog.stay = "stay".to_owned();
    dialog.other = Some(leave_running(Leave::KeepRunning));
    dialog.go = "stop runs".to_owned();
    open(state, dialog);
}

/// The answer by which runs go on in a core of their own.
pub(super) fn leave_running(leave: Leave) -> Other {
    Other {
        key: 'l',
        go: "leave running".to_owned(),
        intent: Intent::Leave(leave),
    }
}

/// Asks before the whole process, runs included, is stopped by ctrl-z.
pub(crate) fn ask_suspend(state: &mut State, runs: usize) {
    let words = text::counted(u64::try_from(runs).unwrap_or(u64::MAX), "run");
    let title = format!("Suspend with {words} under way?");
    let mut dialog = yes(state.now.ms, title, Intent::Suspend);
    dialog.body = vec![
        "The runs live in this process and stand still until `fg`. Requests in flight may time out \
         meanwhile."
            .to_owned(),
    ];
    dialog.stay = "stay".to_owned();
    dialog.go = "suspend all the same".to_owned();
    // Whoever is attached after `fg` begins anew: what is edited would be lost.
    if state.leave_running && !state.router.dirty() {
        let words = "Left running, they go on in a core of their own, to which this interface is \
                     attached after `fg`.";
        dialog.body.push(words.to_owned());
        dialog.other = Some(leave_running(Leave::Suspend));
        dialog.go = "suspend runs too".to_owned();
    }
    open(state, dialog);
}
