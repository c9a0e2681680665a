//! What is asked before rows of a run are sent again.

use super::lines::refused;
use crate::domain::command::Command;
use crate::domain::run::Run;
use crate::tui::msg::Effect;
use crate::tui::questions::ask_page;
use crate::tui::screens::page::Tag;
use crate::tui::state::State;
use crate::tui::text;

pub(in crate::tui::screens) const RESEND: Tag = "resend";
/// More rows than this are sent again only when a person has seen how many.
pub(in crate::tui::screens) const ASKED_FROM: u64 = 100;

/// Sends the refused rows of a run again, and asks first where they are many.
pub(super) fn ask_resend(state: &mut State, run: &Run) -> Vec<Effect> {
    let rows = refused(run);
    if rows <= ASKED_FROM {
        return resend(state, run);
    }
    let words = text::counted(rows, "row");
    ask_page(
        state,
        format!("Send {words} of run {} again?", text::short(&run.id)),
        vec![
            "The model is read again and mapped as the mapping is now; one row goes first."
                .to_owned(),
            "A key that has left the model is reported.".to_owned(),
        ],
        ("leave them", &format!("send {words}")),
        RESEND,
    );
    Vec::new()
}

/// Sends the refused rows of a run again.
pub(super) fn resend(state: &mut State, run: &Run) -> Vec<Effect> {
    let failed = format!(
        "could not send the rows of run {} again",
        text::short(&run.id)
    );
    let command = Command::Retry {
        run: run.id.clone(),
        cause: None,
        keys: Vec::new(),
    };
    vec![state.order("re-sending", failed, "", command).1]
}
