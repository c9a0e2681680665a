//! Saving of what a page edits: what follows for syncs is asked first, then a person, then it is done.

use super::msg::Effect;
use super::questions::{ask_name, ask_page};
use super::requests::misfit;
use super::screens::page::Tag;
use super::state::State;
use super::text;
use crate::domain::command::{Change, Command, Reply};
use crate::domain::problem::Problem;

/// The tag under which a page hears that saving was confirmed.
pub(crate) const SAVE: Tag = "save";

/// Where saving stands.
#[derive(Debug, Default)]
pub(crate) enum Saving {
    #[default]
    Not,
    /// The core is asked what would follow for syncs.
    Looking(u64),
    /// A person is asked; these syncs would lose their snapshots.
    Asking(Vec<String>),
    /// The core saves.
    Writing(u64),
}

/// What is saved, for people.
pub(crate) struct What<'a> {
    /// `model`, `source`.
    pub kind: &'a str,
    pub name: &'a str,
}

/// What comes of an answer.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Nobody asked for it here.
    NotOurs,
    /// Nothing follows for syncs: it can be saved.
    Free,
    /// A person is asked.
    Asked,
    Saved,
    Trouble(Problem),
}

impl Saving {
    /// Whether the core is at work on it.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, Self::Looking(_) | Self::Writing(_))
    }

    /// Asks what would follow, by a `command` that changes nothing.
    pub(crate) fn look(&mut self, state: &mut State, command: Command) -> Vec<Effect> {
        let (token, effect) = state.ask("looking what follows for syncs", command);
        *self = Self::Looking(token);
        vec![effect]
    }

    /// Saves; it goes on when the page goes.
    pub(crate) fn save(
        &mut self,
        state: &mut State,
        what: &What<'_>,
        command: Command,
    ) -> Vec<Effect> {
        let failed = format!("could not save the {} {}", what.kind, what.name);
        let done = format!("{} is saved", what.name);
        let (token, effect) = state.order("saving", failed, done, command);
        *self = Self::Writing(token);
        vec![effect]
    }

    /// The syncs whose snapshots go, where a person was asked just now and said yes.
    pub(crate) fn confirmed(&mut self) -> Option<Vec<String>> {
        match std::mem::take(self) {
            Self::Asking(confirm) => Some(confirm),
            other => {
                *self = other;
                None
            }
        }
    }

    /// Takes an answer of the core.
    pub(crate) fn take(
        &mut self,
        state: &mut State,
        what: &What<'_>,
        token: u64,
        result: Result<Reply, Problem>,
    ) -> Outcome {
        let looked = match self {
            Self::Looking(own) if *own == token => true,
            Self::Writing(own) if *own == token => false,
            _ => return Outcome::NotOurs,
        };
        *self = Self::Not;
        match result {
            Err(problem) => Outcome::Trouble(problem),
            Ok(Reply::Changes(changes)) if looked => self.consider(state, what, &changes),
            Ok(Reply::Changes(_)) => Outcome::Saved,
            Ok(_) => Outcome::Trouble(misfit()),
        }
    }

    /// Asks a person where saving has consequences for syncs.
    fn consider(&mut self, state: &mut State, what: &What<'_>, changes: &[Change]) -> Outcome {
        const SHOWN: usize = 4;
        let told: Vec<&Change> = changes
            .iter()
            .filter(|change| change.kind == "sync" && !change.notes.is_empty())
            .collect();
        if told.is_empty() {
            return Outcome::Free;
        }
        let mut body: Vec<String> = told
            .iter()
            .take(SHOWN)
            .map(|change| format!("{}: {}", change.name, change.notes.join("; ")))
            .collect();
        if told.len() > SHOWN {
            let more = u64::try_from(told.len() - SHOWN).unwrap_or(u64::MAX);
            body.push(format!("and {} more", text::count(more)));
        }
        let dropped: Vec<String> = told
            .iter()
            .filter(|change| change.drops_snapshot)
            .map(|change| change.name.clone())
            .collect();
        let title = format!("Save the {} {}?", what.kind, what.name);
        if dropped.is_empty() {
            ask_page(state, title, body, ("go on editing", "save it"), SAVE);
        } else {
            body.push(
                "What these syncs have sent stays at the destination; what is known of it goes."
                    .to_owned(),
            );
            ask_name(state, title, body, what.name, "save it", SAVE);
        }
        *self = Self::Asking(dropped);
        Outcome::Asked
    }
}
