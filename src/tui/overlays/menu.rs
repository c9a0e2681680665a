//! The run menu: the ways to run other than the plain one.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::Overlay;
use super::dialog::{self, Intent};
use crate::domain::id::SyncId;
use crate::domain::mode::Mode;
use crate::domain::run::RunOptions;
use crate::link::view::SyncView;
use crate::tui::look::Look;
use crate::tui::msg::Effect;
use crate::tui::questions::ask_from_now;
use crate::tui::router::travel;
use crate::tui::screens::plan::Plan;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::widgets::popup;

/// A way to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    TryOne,
    TryTen,
    Rejected,
    Full,
    FromNow,
    Plan,
}

impl Way {
    const ALL: [Self; 6] = [
        Self::TryOne,
        Self::TryTen,
        Self::Rejected,
        Self::Full,
        Self::FromNow,
        Self::Plan,
    ];

    fn key(self) -> char {
        match self {
            Self::TryOne => '1',
            Self::TryTen => 't',
            Self::Rejected => 'r',
            Self::Full => 'f',
            Self::FromNow => 'n',
            Self::Plan => 'p',
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::TryOne => "try 1 row",
            Self::TryTen => "try 10 rows",
            Self::Rejected => "only rejected",
            Self::Full => "full resync",
            Self::FromNow => "from now",
            Self::Plan => "plan only",
        }
    }

    fn what(self, sync: &SyncView) -> String {
        match self {
            Self::TryOne => "sends the first row that is due and nothing else".to_owned(),
            Self::TryTen => "sends the first ten that are due and nothing else".to_owned(),
            Self::Rejected => {
                let rows = refused(sync);
                format!(
                    "{} that the last run left rejected or invalid",
                    text::counted(rows, "row")
                )
            }
            Self::Full => "sends every row again; asks first".to_owned(),
            Self::FromNow => "new rows count as sent; asks first".to_owned(),
            Self::Plan => "shows what would go; sends nothing".to_owned(),
        }
    }

    /// Why this way cannot be gone.
    fn refusal(self, sync: &SyncView) -> Option<&'static str> {
        match self {
            Self::Rejected if refused(sync) == 0 => {
                Some("the last run left no row rejected or invalid")
            }
            _ => None,
        }
    }

    fn options(self, sync: &SyncView) -> RunOptions {
        let plain = RunOptions::default();
        match self {
            Self::TryOne => RunOptions {
                limit: Some(1),
                ..plain
            },
            Self::TryTen => RunOptions {
                limit: Some(10),
                ..plain
            },
            Self::Rejected => RunOptions {
                retry_of: sync.last.as_ref().map(|run| run.id.clone()),
                ..plain
            },
            Self::Full => RunOptions {
                full: true,
                duplicate: sync.sync.settings.mode == Mode::Append,
                ..plain
            },
            Self::FromNow => RunOptions {
                from_now: true,
                ..plain
            },
            Self::Plan => RunOptions {
                plan_only: true,
                ..plain
            },
        }
    }
}

/// Rows that the last run left rejected or invalid.
fn refused(sync: &SyncView) -> u64 {
    sync.last.as_ref().map_or(0, |run| {
        run.counters.invalid + run.counters.total(|t| t.rejected)
    })
}

/// The open menu of one sync.
#[derive(Debug)]
pub(crate) struct RunMenu {
    sync: SyncId,
    cursor: usize,
}

/// Opens the menu for a sync.
pub(crate) fn open(state: &mut State, sync: SyncId) {
    state.overlay = Some(Overlay::Menu(RunMenu { sync, cursor: 0 }));
}

pub(super) fn key(state: &mut State, mut menu: RunMenu, key: KeyEvent) -> Vec<Effect> {
    let last = Way::ALL.len() - 1;
    let chosen = match key.code {
        KeyCode::Esc | KeyCode::Char('q') => return Vec::new(),
        KeyCode::Up | KeyCode::Char('k') => {
            menu.cursor = menu.cursor.saturating_sub(1);
            None
        }
        KeyCode::Down | KeyCode::Char('j') => {
            menu.cursor = (menu.cursor + 1).min(last);
            None
        }
        KeyCode::Enter => Way::ALL.get(menu.cursor).copied(),
        KeyCode::Char(c) => Way::ALL.into_iter().find(|way| way.key() == c),
        _ => None,
    };
    let sync = state.sync(&menu.sync).cloned();
    let (Some(way), Some(sync)) = (chosen, sync) else {
        state.overlay = Some(Overlay::Menu(menu));
        return Vec::new();
    };
    if let Some(why) = way.refusal(&sync) {
        state.note(format!("{}: {why}", way.title()));
        state.overlay = Some(Overlay::Menu(menu));
        return Vec::new();
    }
    let options = way.options(&sync);
    match way {
        Way::Full => dialog::ask_full(state, &sync, options),
        Way::FromNow => ask_from_now(state, &sync, options),
        Way::Plan => {
            state.router.open(Plan::fresh(menu.sync));
            return travel(state);
        }
        Way::TryOne | Way::TryTen | Way::Rejected => {
            return dialog::perform(state, Intent::Run(vec![menu.sync], options));
        }
    }
    Vec::new()
}

pub(super) fn draw(
    state: &State,
    menu: &RunMenu,
    look: &Look,
    screen: Rect,
    buf: &mut Buffer,
) -> Position {
    let Some(sync) = state.sync(&menu.sync) else {
        return screen.as_position();
    };
    let title = format!("Run {}", sync.name());
    let height = u16::try_from(Way::ALL.len()).unwrap_or(0) + 4;
    let inner = popup::centred(look, &title, (78, height), screen, buf);
    let mut place = inner.as_position();
    for ((way, number), row) in Way::ALL.into_iter().zip(0..).zip(0..) {
        let refusal = way.refusal(sync);
        let (key, rest) = match refusal {
            None => (Role::Key, Role::Text),
            Some(_) => (Role::Dim, Role::Dim),
        };
        let what = refusal.map_or_else(|| way.what(sync), |why| format!("not now: {why}"));
        let room = usize::from(inner.width).saturating_sub(20);
        let line = Line::from(vec![
            look.span(key, format!(" {} ", way.key())),
            look.span(rest, format!("{:<16}", way.title())),
            look.foreign(Role::Dim, &what, room),
        ]);
        look.put(buf, inner, row, &line);
        if number == menu.cursor {
            let band = Rect::new(inner.x, inner.y + row, inner.width, 1).intersection(inner);
            buf.set_style(band, look.style(Role::Selected));
            place = Position::new(inner.x + 1, inner.y + row);
        }
    }
    let hint = Line::from(look.span(Role::Dim, " enter choose   esc leave"));
    look.put(buf, inner, inner.height.saturating_sub(1), &hint);
    place
}
