//! Which syncs are listed, and in which order.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::cell::state_word;
use crate::link::WorkspaceView;
use crate::link::view::{SyncState, SyncView};

/// What the list is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// What needs a person first.
    #[default]
    State,
    Name,
    Next,
    /// The least healthy first.
    Health,
}

impl Order {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Name => "name",
            Self::Next => "next run",
            Self::Health => "health",
        }
    }

    pub(crate) fn next(self) -> Self {
        match self {
            Self::State => Self::Name,
            Self::Name => Self::Next,
            Self::Next => Self::Health,
            Self::Health => Self::State,
        }
    }

    fn compare(self, a: &SyncView, b: &SyncView) -> Ordering {
        let by = match self {
            Self::State => urgency(&a.state).cmp(&urgency(&b.state)),
            Self::Name => Ordering::Equal,
            Self::Next => {
                let key = |sync: &SyncView| (sync.next_run_at.is_none(), sync.next_run_at);
                key(a).cmp(&key(b))
            }
            Self::Health => {
                let key = |sync: &SyncView| (sync.health.is_none(), sync.health);
                key(a).cmp(&key(b))
            }
        };
        by.then_with(|| a.name().cmp(b.name()))
    }
}

/// How soon a person should look at a sync in this state; 0 is first.
fn urgency(state: &SyncState) -> u8 {
    match state {
        SyncState::NeedsAttention { .. } => 0,
        SyncState::Failed => 1,
        SyncState::AwaitingApproval => 2,
        SyncState::Running => 3,
        SyncState::Held => 4,
        SyncState::Errors => 5,
        SyncState::Queued => 6,
        SyncState::Ok => 7,
        SyncState::Waiting => 8,
        SyncState::Paused => 9,
        SyncState::Manual => 10,
    }
}

/// Positions in the workspace's syncs of those that match `filter`, in order.
pub(crate) fn arrange(world: &WorkspaceView, order: Order, filter: &str) -> Vec<usize> {
    let filter = Filter::parse(filter);
    let mut found: Vec<(usize, &SyncView)> = world
        .syncs
        .iter()
        .map(std::convert::AsRef::as_ref)
        .enumerate()
        .filter(|(_, sync)| filter.matches(sync))
        .collect();
    found.sort_by(|(_, a), (_, b)| order.compare(a, b));
    found.into_iter().map(|(position, _)| position).collect()
}

/// Words that a sync must match, each of them: `state:failed tag:crm dest:sales model:x text`; a
/// leading `-` turns a word around.
struct Filter {
    words: Vec<(bool, Word)>,
}

enum Word {
    State(String),
    Tag(String),
    Destination(String),
    Model(String),
    Any(String),
}

impl Filter {
    fn parse(text: &str) -> Self {
        let words = text
            .split_whitespace()
            .filter_map(|raw| {
                let (wanted, raw) = match raw.strip_prefix('-') {
                    Some(rest) => (false, rest),
                    None => (true, raw),
                };
                let lower = raw.to_lowercase();
                let word = match lower.split_once(':') {
                    Some(("state", value)) => Word::State(value.to_owned()),
                    Some(("tag", value)) => Word::Tag(value.to_owned()),
                    Some(("dest" | "destination", value)) => Word::Destination(value.to_owned()),
                    Some(("model", value)) => Word::Model(value.to_owned()),
                    _ => Word::Any(lower.clone()),
                };
                // A word that is only begun (`state:`, `-`) leaves everything in.
                let empty = match &word {
                    Word::State(v)
                    | Word::Tag(v)
                    | Word::Destination(v)
                    | Word::Model(v)
                    | Word::Any(v) => v.is_empty(),
                };
                (!empty).then_some((wanted, word))
            })
            .collect();
        Self { words }
    }

    fn matches(&self, sync: &SyncView) -> bool {
        self.words
            .iter()
            .all(|(wanted, word)| word.matches(sync) == *wanted)
    }
}

impl Word {
    fn matches(&self, sync: &SyncView) -> bool {
        let has = |text: &str, word: &String| text.to_lowercase().contains(word.as_str());
        let tagged = |word: &String| sync.sync.settings.tags.iter().any(|tag| has(tag, word));
        match self {
            Self::State(word) => {
                state_word(&sync.state).starts_with(word.as_str())
                    || (sync.sync.settings.paused && "paused".starts_with(word.as_str()))
            }
            Self::Tag(word) => tagged(word),
            Self::Destination(word) => {
                has(&sync.destination, word) || has(&sync.destination_type, word)
            }
            Self::Model(word) => has(&sync.model, word),
            Self::Any(word) => {
                has(sync.name(), word)
                    || has(&sync.destination, word)
                    || has(&sync.model, word)
                    || has(&sync.sync.settings.destination_object, word)
                    || state_word(&sync.state).starts_with(word.as_str())
                    || tagged(word)
            }
        }
    }
}
