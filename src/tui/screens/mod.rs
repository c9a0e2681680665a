//! The screens. Each is a folder of pages; a page is what stands between header and footer.
//!
//! How a screen is added:
//!
//! 1. A folder `screens/<name>/` with `mod.rs`, `state.rs` (a struct, `Debug`, that holds what the
//!    page remembers), `update.rs` (what keys and answers change) and `view.rs` (how it is drawn).
//! 2. `impl Page for` that struct ([`page::Page`]): its own actions are an enum `Act` and a list of
//!    [`Entry`]s in the folder, from which keys, footer, help and palette are made. What moves in
//!    a list, finds, filters, orders and marks comes with a [`Table`](super::widgets::table::Table)
//!    that the page lends; what a person types comes to [`Page::key`](page::Page::key) while the
//!    page says that it is typed into.
//! 3. One line in `pages!` below: the variant's name and the struct. Where it is the first page of
//!    a tab, one line in [`TABS`].
//!
//! A page asks the core with [`State::ask`](super::state::State::ask) (reading, dropped with the
//! page) or [`State::order`](super::state::State::order) (doing, told as a message even when the
//! page is gone); the answer comes to [`Page::hear`](page::Page::hear) under the token that was
//! given. What it waits for it keeps as a [`Waiting`](super::requests::Waiting), which is drawn in
//! every state and can be let go. It opens another page with `state.router.open`, closes itself
//! with `state.router.close`, and asks a person with the overlays: a dialog, a picker, a prompt;
//! what was chosen comes to `hear` as well. A page that edits saves with
//! [`Saving`](super::edits::Saving), which asks first what follows for syncs, and says
//! [`dirty`](page::Page::dirty) while it holds edits. Nothing here waits or does input and output.
//!
//! What pages are drawn with stands in `widgets` (tables, forms, an editor, charts, names with
//! values), in `panes` (a list with its detail at each size) and in `look`.
//!
//! Tests of a screen are a file in `tests/it/screens`: a robot presses keys, pictures are taken at
//! 80x24, 120x36 and 59x14.

pub(crate) mod audit;
pub(crate) mod connections;
pub(crate) mod history;
pub(crate) mod mapping;
pub(crate) mod models;
pub(crate) mod modes;
pub(crate) mod new_sync;
pub(crate) mod overview;
pub(crate) mod page;
pub(crate) mod plan;
pub(crate) mod rows;
pub(crate) mod runs;
pub(crate) mod schedule;
pub(crate) mod sync_edit;
pub(crate) mod syncs;

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::action::{Action, Entry, Scope};
use super::available::Refusal;
use super::look::Look;
use super::msg::Effect;
use super::state::State;
use super::widgets::table::Table;
use crate::domain::edit::Side;
use crate::domain::event::Event;
use page::{Heard, Page, Wish};

/// Makes the enums of all pages and of all their own actions, and gives each call to the right one.
macro_rules! pages {
    ($($page:ident: $kind:ty),+ $(,)?) => {
        /// A page of some screen.
        #[derive(Debug)]
        pub(crate) enum Screen {
            $($page(Box<$kind>)),+
        }

        /// What only one page does.
        #[expect(
            dead_code,
            reason = "a page without actions of its own has a variant that nothing makes"
        )]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum PageAct {
            $($page(<$kind as Page>::Act)),+
        }

        /// The pages' own entries of the action table.
        pub(crate) static ACTIONS: &[&[Entry]] = &[$(<$kind as Page>::ACTIONS),+];

        $(impl From<$kind> for Screen {
            fn from(page: $kind) -> Self {
                Self::$page(Box::new(page))
            }
        })+

        impl Screen {
            pub(crate) fn scopes(&self) -> &'static [Scope] {
                match self { $(Self::$page(page) => page.scopes()),+ }
            }

            pub(crate) fn can(&self, state: &State, action: Action) -> Result<(), Refusal> {
                match (self, action) {
                    $((Self::$page(page), Action::Page(PageAct::$page(own))) => {
                        page::can(&**page, state, Wish::Own(own))
                    })+
                    (_, Action::Page(_)) => page::not_here(),
                    $((Self::$page(page), shared) => {
                        page::can(&**page, state, Wish::Shared(shared))
                    })+
                }
            }

            pub(crate) fn act(&mut self, state: &mut State, action: Action) -> Vec<Effect> {
                match (self, action) {
                    $((Self::$page(page), Action::Page(PageAct::$page(own))) => {
                        page::act(&mut **page, state, Wish::Own(own))
                    })+
                    (_, Action::Page(_)) => Vec::new(),
                    $((Self::$page(page), shared) => {
                        page::act(&mut **page, state, Wish::Shared(shared))
                    })+
                }
            }

            pub(crate) fn back(&mut self, state: &mut State) -> Option<Vec<Effect>> {
                match self { $(Self::$page(page) => page::back(&mut **page, state)),+ }
            }

            pub(crate) fn has_back(&self, state: &State) -> bool {
                match self { $(Self::$page(page) => page::has_back(&**page, state)),+ }
            }

            pub(crate) fn typing(&self) -> bool {
                match self { $(Self::$page(page) => page.typing()),+ }
            }

            pub(crate) fn key(&mut self, state: &mut State, key: KeyEvent) -> Vec<Effect> {
                match self { $(Self::$page(page) => page.key(state, key)),+ }
            }

            pub(crate) fn paste(&mut self, state: &mut State, text: &str) {
                match self { $(Self::$page(page) => page.paste(state, text)),+ }
            }

            pub(crate) fn hear(&mut self, state: &mut State, heard: Heard) -> Vec<Effect> {
                match self { $(Self::$page(page) => page.hear(state, heard)),+ }
            }

            pub(crate) fn shows(&self, event: &Event) -> bool {
                match self { $(Self::$page(page) => page.shows(event)),+ }
            }

            pub(crate) fn refresh(&mut self, state: &mut State) -> Vec<Effect> {
                match self { $(Self::$page(page) => page.refresh(state)),+ }
            }

            pub(crate) fn due_ms(&self, state: &State) -> Option<u64> {
                match self { $(Self::$page(page) => page.due_ms(state)),+ }
            }

            pub(crate) fn dirty(&self) -> bool {
                match self { $(Self::$page(page) => page.dirty()),+ }
            }

            pub(crate) fn table(&self) -> Option<&Table> {
                match self { $(Self::$page(page) => page.table()),+ }
            }

            pub(crate) fn table_mut(&mut self) -> Option<&mut Table> {
                match self { $(Self::$page(page) => page.table_mut()),+ }
            }

            pub(crate) fn short(&self, state: &State, entry: &Entry) -> &'static str {
                match self { $(Self::$page(page) => page.short(state, entry)),+ }
            }

            pub(crate) fn view(
                &self,
                state: &State,
                look: &Look,
                area: Rect,
                buf: &mut Buffer,
            ) -> Position {
                match self { $(Self::$page(page) => page.view(state, look, area, buf)),+ }
            }
        }
    };
}

pages! {
    Overview: overview::Overview,
    Syncs: syncs::page::SyncsPage,
    Plan: plan::Plan,
    Runs: runs::Runs,
    Run: runs::RunPage,
    Rows: rows::Rows,
    History: history::History,
    Audit: audit::Audit,
    Models: models::Models,
    ModelEditor: models::editor::ModelEditor,
    MappingEditor: mapping::MappingEditor,
    ScheduleEditor: schedule::ScheduleEditor,
    SyncEditor: sync_edit::SyncEditor,
    NewSync: new_sync::NewSync,
    Connections: connections::Connections,
    ConnectionForm: connections::form::ConnectionForm,
    Browser: connections::browser::Browser,
}

/// A tab of the header.
#[derive(Debug)]
pub(crate) struct Tab {
    /// Its key.
    pub number: u8,
    pub title: &'static str,
    /// Makes its first page.
    pub root: fn() -> Screen,
}

/// The number of the tab with the Overview.
pub(crate) const OVERVIEW_TAB: u8 = 1;

/// The tabs by their number.
pub(crate) static TABS: &[Tab] = &[
    Tab {
        number: OVERVIEW_TAB,
        title: "Overview",
        root: || overview::Overview::default().into(),
    },
    Tab {
        number: 2,
        title: "Syncs",
        root: || syncs::page::SyncsPage::default().into(),
    },
    Tab {
        number: 3,
        title: "Runs",
        root: || runs::Runs::default().into(),
    },
    Tab {
        number: 4,
        title: "Models",
        root: || models::Models::default().into(),
    },
    Tab {
        number: 5,
        title: "Sources",
        root: || connections::Connections::of(Side::Source).into(),
    },
    Tab {
        number: 6,
        title: "Destinations",
        root: || connections::Connections::of(Side::Destination).into(),
    },
    Tab {
        number: 7,
        title: "Audit",
        root: || audit::Audit::default().into(),
    },
];

/// The tab with this number, where there is one.
pub(crate) fn tab(number: u8) -> Option<&'static Tab> {
    TABS.iter().find(|tab| tab.number == number)
}
