//! Sending rows again: one to try, or all of a cause.

use super::Rows;
use crate::domain::command::{CauseName, Command};
use crate::tui::available::{Refusal, reachable};
use crate::tui::msg::Effect;
use crate::tui::questions::ask_page;
use crate::tui::screens::history::key_text;
use crate::tui::screens::page::no;
use crate::tui::screens::runs::{ASKED_FROM, RESEND};
use crate::tui::state::State;
use crate::tui::text;

impl Rows {
    /// Whether rows of the selected cause can be sent again.
    fn may_send(&self, state: &State) -> Result<(), Refusal> {
        reachable(state)?;
        if let Some(reason) = &state.world.halted {
            return Err(format!("nothing is sent: {reason}").into());
        }
        if let Some((_, doing)) = self.doing {
            return Err(format!("{doing} already").into());
        }
        if state.sync(&self.run.sync).is_none() {
            return no("its sync is gone");
        }
        match self.cause() {
            None => no("no cause is selected"),
            Some(cause) if cause.verdict == "held" => {
                no("held deletes are approved by their plan: `A` in Syncs")
            }
            Some(_) if !self.run.status.is_final() => no("the run goes on"),
            Some(_) => Ok(()),
        }
    }

    pub(super) fn may_try(&self, state: &State) -> Result<(), Refusal> {
        self.may_send(state)?;
        match self.row() {
            Some(row) if !row.key.is_empty() => Ok(()),
            Some(_) => no("this row has no key by which it could be sent"),
            None => no("no row is selected"),
        }
    }

    pub(super) fn may_resend(&self, state: &State) -> Result<(), Refusal> {
        self.may_send(state)
    }

    /// Whether every row of the selected cause is ignored.
    pub(super) fn is_ignored(&self) -> bool {
        let cause = self.cause();
        cause.is_some_and(|cause| cause.ignored > 0 && cause.ignored >= cause.rows)
    }

    pub(super) fn may_ignore(&self, state: &State) -> Result<(), Refusal> {
        reachable(state)?;
        if let Some((_, doing)) = self.doing {
            return Err(format!("{doing} already").into());
        }
        match self.cause() {
            None => no("no cause is selected"),
            Some(cause) if cause.verdict == "held" => {
                no("held deletes wait for a person: `A` in Syncs approves or rejects them")
            }
            Some(_) if !self.run.status.is_final() => no("the run goes on"),
            Some(_) => Ok(()),
        }
    }

    /// Ignores the rows of the cause, or heeds them again where all are ignored.
    pub(super) fn ignore(&mut self, state: &mut State) -> Vec<Effect> {
        let ignore = !self.is_ignored();
        let Some(cause) = self.cause() else {
            return Vec::new();
        };
        let rows = text::counted(cause.rows, "row");
        let (doing, verb, done) = match ignore {
            true => (
                "ignoring",
                "ignore",
                format!("{rows} ignored; they are tried as before"),
            ),
            false => ("heeding", "heed", format!("{rows} count again")),
        };
        let failed = format!("could not {verb} the rows with {}", cause.code);
        let command = Command::Ignore {
            run: self.run.id.clone(),
            cause: CauseName {
                verdict: Some(cause.verdict.clone()),
                code: cause.code.clone(),
                field: Some(cause.field.clone().unwrap_or_default()),
            },
            ignore,
        };
        let (token, effect) = state.order(doing, failed, done, command);
        self.doing = Some((token, doing));
        vec![effect]
    }

    /// Sends the selected row again, and nothing else.
    pub(super) fn try_one(&mut self, state: &mut State) -> Vec<Effect> {
        let Some(row) = self.row() else {
            return Vec::new();
        };
        let key = key_text(&row.key);
        let failed = format!("could not send {key} again");
        let command = Command::Retry {
            run: self.run.id.clone(),
            cause: None,
            keys: vec![key],
        };
        let (token, effect) = state.order("trying one row", failed, "", command);
        self.doing = Some((token, "trying one row"));
        vec![effect]
    }

    /// Sends all rows of the cause again, and asks first where they are many.
    pub(super) fn ask_resend(&mut self, state: &mut State) -> Vec<Effect> {
        let rows = self.shared();
        let Some(cause) = self.cause() else {
            return Vec::new();
        };
        if rows <= ASKED_FROM {
            return self.resend(state);
        }
        let words = text::counted(rows, "row");
        ask_page(
            state,
            format!("Send {words} with {} again?", cause.code),
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

    pub(super) fn resend(&mut self, state: &mut State) -> Vec<Effect> {
        let Some(code) = self.cause().map(|cause| cause.code.clone()) else {
            return Vec::new();
        };
        let failed = format!("could not send the rows with {code} again");
        let command = Command::Retry {
            run: self.run.id.clone(),
            cause: Some(code),
            keys: Vec::new(),
        };
        let (token, effect) = state.order("re-sending", failed, "", command);
        self.doing = Some((token, "re-sending"));
        vec![effect]
    }
}
