//! Dialogs: what is asked before something that cannot be taken back. Leaving has the focus; only
//! `y`, or the number typed, confirms.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::Overlay;
use crate::domain::id::{RunId, SyncId};
use crate::domain::run::RunOptions;
use crate::tui::look::{Lines, Look};
use crate::tui::msg::Effect;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::popup;

pub(crate) use super::super::intents::{Intent, perform};
pub(crate) use super::super::leaving::{ask_leave, ask_suspend};
pub(crate) use super::super::questions::{ask_cancel, ask_full, ask_held};

/// Keys are not heard this long after a dialog opened: they were meant for what was there before.
const DEAF_MS: u64 = 300;

/// How a dialog is confirmed.
#[derive(Debug)]
pub(crate) enum Ask {
    /// With `y`.
    Yes,
    /// By typing this number.
    Number { expected: u64, field: Field },
    /// By typing this name.
    Name { expected: String, field: Field },
}

/// Another answer than the one that `y` gives.
#[derive(Debug)]
pub(crate) struct Other {
    pub key: char,
    /// What it does: `leave running`.
    pub go: String,
    pub intent: Intent,
}

/// What must stay as it is while the dialog is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Watch {
    Nothing,
    /// These runs are under way.
    Runs(Vec<RunId>),
    /// These deletes are held, or this plan waits.
    Plan {
        sync: SyncId,
        hash: String,
        figure: u64,
    },
    /// So many records are known.
    Known {
        sync: SyncId,
        known: u64,
    },
}

/// An open dialog.
#[derive(Debug)]
pub(crate) struct Dialog {
    pub title: String,
    pub body: Vec<String>,
    /// What leaving means: `keep running`.
    pub stay: String,
    /// What confirming does: `cancel the run`.
    pub go: String,
    /// Another answer than the one that `y` gives.
    pub other: Option<Other>,
    pub ask: Ask,
    pub intent: Intent,
    pub watch: Watch,
    pub opened_ms: u64,
    /// Keys of the rows concerned, read after the dialog opened.
    pub examples: Option<Vec<String>>,
    /// The run whose examples are being read.
    pub examples_of: Option<RunId>,
    pub warning: String,
}

impl Dialog {
    fn deaf(&self, now_ms: u64) -> bool {
        now_ms < self.opened_ms.saturating_add(DEAF_MS)
    }

    pub(super) fn paste(&mut self, text: &str, now_ms: u64) {
        if self.deaf(now_ms) {
            return;
        }
        match &mut self.ask {
            Ask::Number { field, .. } | Ask::Name { field, .. } => field.paste(text),
            Ask::Yes => {}
        }
    }
}

pub(super) fn key(state: &mut State, mut dialog: Dialog, key: KeyEvent) -> Vec<Effect> {
    if dialog.deaf(state.now.ms) {
        state.overlay = Some(Overlay::Dialog(Box::new(dialog)));
        return Vec::new();
    }
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    if key.code == KeyCode::Esc || (ctrl && key.code == KeyCode::Char('c')) {
        return Vec::new();
    }
    match &mut dialog.ask {
        Ask::Yes => match key.code {
            KeyCode::Char('y') if !ctrl => return perform(state, dialog.intent),
            KeyCode::Enter => return Vec::new(),
            KeyCode::Char(key) if !ctrl => {
                if let Some(other) = dialog.other.take_if(|other| other.key == key) {
                    return perform(state, other.intent);
                }
            }
            _ => {}
        },
        Ask::Number { expected, field } => {
            if key.code == KeyCode::Enter {
                let typed = field.text().replace([',', ' '], "");
                if typed.is_empty() {
                    return Vec::new();
                }
                if typed.parse() == Ok(*expected) {
                    return perform(state, dialog.intent);
                }
                dialog.warning = format!("that is not {}", text::count(*expected));
                field.clear();
            } else if field.key(key) {
                dialog.warning.clear();
            }
        }
        Ask::Name { expected, field } => {
            if key.code == KeyCode::Enter {
                if field.text() == expected.as_str() {
                    return perform(state, dialog.intent);
                }
                if field.text().is_empty() {
                    return Vec::new();
                }
                "that is another name".clone_into(&mut dialog.warning);
                field.clear();
            } else if field.key(key) {
                dialog.warning.clear();
            }
        }
    }
    state.overlay = Some(Overlay::Dialog(Box::new(dialog)));
    Vec::new()
}

/// The line at the foot of a dialog that is confirmed by typing.
fn typed(
    look: &Look,
    dialog: &Dialog,
    field: &Field,
    what: &str,
    (above, last): (Rect, Rect),
    buf: &mut Buffer,
) -> Position {
    let columns = usize::from(last.width);
    let label = format!("type {what} to {}: ", dialog.go);
    let label = text::line(&label, columns.saturating_sub(14));
    let place = field.draw(look, &label, last, buf);
    if dialog.warning.is_empty() {
        let hint = format!("esc {}", dialog.stay);
        look.put(buf, above, 0, &Line::from(look.span(Role::Dim, hint)));
    }
    place
}

pub(super) fn draw(dialog: &Dialog, look: &Look, screen: Rect, buf: &mut Buffer) -> Position {
    let width = 76.min(screen.width);
    let columns = usize::from(width.saturating_sub(4));
    let mut lines = Lines::new(look, columns);
    for paragraph in &dialog.body {
        lines.wrapped(Role::Text, paragraph, 4);
    }
    if dialog.examples_of.is_some() {
        lines.blank();
        match &dialog.examples {
            None => lines.wrapped(
                Role::Dim,
                &format!("reading which {}", look.glyphs.ellipsis),
                1,
            ),
            Some(keys) => {
                for key in keys {
                    lines.wrapped(Role::Dim, key, 1);
                }
            }
        }
    }
    // The question is never cut, however small the screen is.
    let most = usize::from(screen.height.saturating_sub(5));
    lines.out.truncate(most);
    let height = u16::try_from(lines.out.len()).unwrap_or(0) + 5;
    let inner = popup::centred(look, &dialog.title, (width, height), screen, buf);
    let inset = Rect {
        x: inner.x + 1,
        width: inner.width.saturating_sub(2),
        ..inner
    };
    for (line, row) in lines.out.iter().zip(0..) {
        look.put(buf, inset, row, line);
    }
    let last = Rect {
        y: inset.bottom().saturating_sub(1),
        height: inset.height.min(1),
        ..inset
    };
    let above = Rect {
        y: last.y.saturating_sub(1),
        ..last
    };
    look.put(
        buf,
        above,
        0,
        &Line::from(look.foreign(Role::Warn, &dialog.warning, columns)),
    );
    match &dialog.ask {
        Ask::Yes => {
            let stay = format!("[ {} ]", dialog.stay);
            let mut spans = vec![
                look.span(Role::Selected, stay),
                look.span(Role::Dim, " enter   "),
            ];
            if let Some(other) = &dialog.other {
                spans.push(look.span(Role::Key, other.key.to_string()));
                spans.push(look.span(Role::Text, format!(" {}   ", other.go)));
            }
            spans.push(look.span(Role::Key, "y"));
            spans.push(look.foreign(Role::Text, &format!(" {}", dialog.go), columns));
            look.put(buf, last, 0, &Line::from(spans));
            Position::new(last.x + 2, last.y)
        }
        Ask::Number { expected, field } => {
            let what = text::count(*expected);
            typed(look, dialog, field, &what, (above, last), buf)
        }
        Ask::Name { expected, field } => {
            let what = format!("'{expected}'");
            typed(look, dialog, field, &what, (above, last), buf)
        }
    }
}

/// Looks whether what the open dialog is about is still so: what is gone closes it, and a figure
/// that changed must be confirmed again.
pub(crate) fn watch(state: &mut State) {
    let Some(Overlay::Dialog(dialog)) = &state.overlay else {
        return;
    };
    match dialog.watch.clone() {
        Watch::Nothing => {}
        Watch::Runs(runs) => {
            let open = state.world.syncs.iter().any(|sync| {
                let active = sync.active.as_ref().map(|active| &active.run.id);
                let queued = sync.queued.as_ref().map(|run| &run.id);
                active.into_iter().chain(queued).any(|id| runs.contains(id))
            });
            if !open {
                state.overlay = None;
                state.note("the run has ended meanwhile");
            }
        }
        Watch::Plan { sync, hash, figure } => {
            let now = state
                .sync(&sync)
                .and_then(|sync| super::super::questions::waiting(sync));
            match now {
                None => {
                    state.overlay = None;
                    state.note("nothing waits for approval any more");
                }
                Some(now) if now.hash != hash || now.figure != figure => {
                    ask_held(state, &sync);
                    warn(state, "the plan has changed meanwhile: look again");
                }
                Some(_) => {}
            }
        }
        Watch::Known { sync, known } => {
            let now = state.sync(&sync).cloned();
            match now {
                // Under a run the number moves by itself and is no reason to ask again.
                Some(now) if now.known != known && now.active.is_none() => {
                    let options = match &dialog.intent {
                        Intent::Run(_, options) => options.clone(),
                        _ => RunOptions::default(),
                    };
                    ask_full(state, &now, options);
                    warn(state, "the number has changed meanwhile: look again");
                }
                Some(_) => {}
                None => state.overlay = None,
            }
        }
    }
}

fn warn(state: &mut State, warning: &str) {
    if let Some(Overlay::Dialog(dialog)) = &mut state.overlay {
        warning.clone_into(&mut dialog.warning);
    }
}

/// A dialog that `y` confirms.
pub(crate) fn yes(now_ms: u64, title: String, intent: Intent) -> Dialog {
    Dialog {
        title,
        body: Vec::new(),
        stay: "leave it".to_owned(),
        go: String::new(),
        other: None,
        ask: Ask::Yes,
        intent,
        watch: Watch::Nothing,
        opened_ms: now_ms,
        examples: None,
        examples_of: None,
        warning: String::new(),
    }
}
