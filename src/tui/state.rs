//! The state of the interface: all that decides what is on the screen.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::action::Scope;
use super::away::Away;
use super::keymap::{Chord, Keymap};
use super::layout::{Areas, Class, Pane, Wish};
use super::msg::{Effect, Moment};
use super::options::Options;
use super::overlays::Overlay;
use super::router::{PageId, Router, travel};
use super::screens::Screen;
use super::screens::new_sync::Draft;
use super::screens::syncs::{Question, Syncs};
use super::text::Zone;
use crate::domain::command::Command;
use crate::domain::id::{RunId, SyncId};
use crate::link::troubles::Troubles;
use crate::link::view::SyncView;
use crate::link::{Connection, WorkspaceView};

/// How long a message that asks for nothing stays.
const NOTE_MS: u64 = 4_000;
/// How long a failure stays, unless esc takes it away.
const FAILURE_MS: u64 = 15_000;
/// The number of the tab with the list of syncs, on which a fresh session opens.
pub(crate) const SYNCS_TAB: u8 = 2;
/// The most messages at once; older ones go.
const MAX_TOASTS: usize = 3;

/// What a command that is under way is for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Purpose {
    /// A person's doing on a sync.
    Act {
        sync: SyncId,
        /// What is under way: `starting`.
        doing: &'static str,
        /// What failed, if it fails: `could not run CRM Contacts`.
        failed: String,
        /// What to say when it is done.
        done: String,
    },
    /// Lines of a log.
    Log { run: RunId, question: Question },
    /// Runs of a sync, the newest or those before one.
    Runs { sync: SyncId, before: Option<RunId> },
    /// Keys of deletes that are held.
    HeldKeys { run: RunId },
    /// What happened during an absence.
    Away,
    /// What a page asked for.
    Page {
        page: PageId,
        /// What is under way: `reading the tables`.
        doing: String,
        /// What failed, if it fails and nobody waits for the answer any more; nothing where that
        /// is of no interest.
        failed: Option<String>,
        /// What to say when it is done; empty where the page shows it.
        done: String,
    },
}

/// A passing message.
#[derive(Debug, Clone)]
pub(crate) struct Toast {
    pub text: String,
    pub hint: String,
    pub failure: bool,
    pub until_ms: u64,
}

/// The state of the interface.
pub struct State {
    pub(crate) now: Moment,
    pub(crate) size: (u16, u16),
    pub(crate) zone: Zone,
    pub(crate) world: Arc<WorkspaceView>,
    /// What is wrong in it, and how often that was weighed anew.
    pub(crate) troubles: Troubles,
    pub(crate) weighed: u64,
    pub(crate) away: Away,
    /// When the core last told its state.
    pub(crate) seen: Moment,
    pub(crate) connection: Connection,
    pub(crate) router: Router,
    pub(crate) syncs: Syncs,
    /// The sync that was begun to be made and is not saved.
    pub(crate) new_sync: Option<Draft>,
    pub(crate) overlay: Option<Overlay>,
    pub(crate) toasts: Vec<Toast>,
    pub(crate) pending: BTreeMap<u64, Purpose>,
    next_token: u64,
    pub(crate) keymap: Keymap,
    /// Chords of a sequence that is not whole.
    pub(crate) prefix: Vec<Chord>,
    pub(crate) mouse: bool,
    /// Whether runs in this process can go on in another one when it is left.
    pub(crate) leave_running: bool,
    /// Whether the terminal has the focus; without it seconds are not counted.
    pub(crate) focused: bool,
}

impl State {
    /// A state at the start: the core's first view, the terminal's size, the last session's text.
    pub fn new(
        options: &Options,
        size: (u16, u16),
        world: Arc<WorkspaceView>,
        connection: Connection,
        session: Option<&str>,
    ) -> Self {
        let (keymap, troubles) = Keymap::new(&options.keys);
        let mut state = Self {
            now: options.clock.now(),
            size,
            zone: options.zone,
            world,
            troubles: Troubles::default(),
            weighed: 0,
            away: Away::default(),
            seen: options.clock.now(),
            connection,
            router: Router::new(SYNCS_TAB),
            syncs: Syncs::default(),
            new_sync: None,
            overlay: None,
            toasts: Vec::new(),
            pending: BTreeMap::new(),
            next_token: 1,
            keymap,
            prefix: Vec::new(),
            mouse: options.mouse,
            leave_running: options.leave_running,
            focused: true,
        };
        if let Some(text) = session {
            super::session::restore(&mut state, text);
        }
        for trouble in troubles {
            state.fail(trouble, "defaults hold where a key was not understood");
        }
        state.weigh();
        // Nothing is open that could be let go.
        let _ = travel(&mut state);
        if let Some(opening) = &options.opening {
            super::opening::open(&mut state, opening);
        }
        state.syncs.arrange(&state.world);
        state
    }

    /// Weighs anew what is wrong in the world.
    pub(crate) fn weigh(&mut self) {
        self.troubles = Troubles::of(&self.world, self.now.wall);
        self.weighed += 1;
    }

    pub(crate) fn class(&self) -> Class {
        Class::of(self.size)
    }

    pub(crate) fn areas(&self) -> Areas {
        Areas::of(Wish {
            size: self.size,
            banner: super::banner::banner(self).is_some(),
            pane: self.syncs.pane,
            log: self.syncs.log_shown,
        })
    }

    /// The page that is shown.
    pub(crate) fn page(&self) -> Option<&Screen> {
        self.router.top()
    }

    /// Whether the list of syncs with its panes is shown.
    pub(crate) fn on_syncs(&self) -> bool {
        matches!(self.page(), Some(Screen::Syncs(_)))
    }

    /// The scopes whose keys hold, the nearest first.
    pub(crate) fn scopes(&self) -> Vec<Scope> {
        let own = self.page().map_or(&[][..], Screen::scopes);
        let own = match self.on_syncs() {
            true => self.syncs_scopes(),
            false => own,
        };
        own.iter().copied().chain([Scope::Everywhere]).collect()
    }

    fn syncs_scopes(&self) -> &'static [Scope] {
        match self.syncs.pane {
            Pane::Log => &[Scope::Log, Scope::Syncs],
            Pane::List | Pane::Detail => &[Scope::Syncs],
        }
    }

    pub(crate) fn sync(&self, id: &SyncId) -> Option<&Arc<SyncView>> {
        self.world.syncs.iter().find(|sync| sync.id() == id)
    }

    /// The sync on which the cursor stands.
    pub(crate) fn selected(&self) -> Option<&Arc<SyncView>> {
        self.syncs
            .position()
            .and_then(|position| self.world.syncs.get(position))
    }

    /// The marked syncs, or else the selected one.
    pub(crate) fn targets(&self) -> Vec<&Arc<SyncView>> {
        if self.syncs.marked.is_empty() {
            return self.selected().into_iter().collect();
        }
        self.world
            .syncs
            .iter()
            .filter(|sync| self.syncs.marked.contains(sync.id()))
            .collect()
    }

    /// What is under way for a sync: `starting`.
    pub(crate) fn doing(&self, id: &SyncId) -> Option<&'static str> {
        self.pending.values().find_map(|purpose| match purpose {
            Purpose::Act { sync, doing, .. } if sync == id => Some(*doing),
            _ => None,
        })
    }

    /// Asks the core for what the page at work wants to show; it goes when the page goes.
    pub(crate) fn ask(&mut self, doing: impl Into<String>, command: Command) -> (u64, Effect) {
        self.request(doing.into(), None, String::new(), command)
    }

    /// Has the core do something for the page at work. It goes on when the page goes; `failed` is
    /// said with the reason where it fails then, `done` in any case where it does not.
    pub(crate) fn order(
        &mut self,
        doing: impl Into<String>,
        failed: impl Into<String>,
        done: impl Into<String>,
        command: Command,
    ) -> (u64, Effect) {
        self.request(doing.into(), Some(failed.into()), done.into(), command)
    }

    fn request(
        &mut self,
        doing: String,
        failed: Option<String>,
        done: String,
        command: Command,
    ) -> (u64, Effect) {
        let token = self.next_token;
        let effect = match self.router.acting() {
            Some(page) => {
                let purpose = Purpose::Page {
                    page,
                    doing,
                    failed,
                    done,
                };
                self.send(purpose, command)
            }
            None => Effect::Redraw,
        };
        (token, effect)
    }

    /// Lets go of a question: its answer will not come any more.
    pub(crate) fn let_go(&mut self, token: u64) -> Vec<Effect> {
        match self.pending.remove(&token) {
            Some(_) => vec![Effect::Abandon { token }],
            None => Vec::new(),
        }
    }

    /// Lets go of all that a page only wanted to show.
    pub(crate) fn let_go_of(&mut self, gone: PageId) -> Vec<Effect> {
        let tokens: Vec<u64> = self
            .pending
            .iter()
            .filter(|(_, purpose)| {
                matches!(purpose, Purpose::Page { page, failed: None, .. } if *page == gone)
            })
            .map(|(token, _)| *token)
            .collect();
        tokens
            .into_iter()
            .flat_map(|token| self.let_go(token))
            .collect()
    }

    /// Whether the page that is shown waits for something.
    pub(crate) fn page_waits(&self) -> bool {
        let top = self.router.top_id();
        self.pending
            .values()
            .any(|purpose| matches!(purpose, Purpose::Page { page, .. } if Some(*page) == top))
    }

    pub(crate) fn send(&mut self, purpose: Purpose, command: Command) -> Effect {
        let token = self.next_token;
        self.next_token += 1;
        self.pending.insert(token, purpose);
        Effect::Send { token, command }
    }

    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.toast(text.into(), String::new(), false, NOTE_MS);
    }

    pub(crate) fn fail(&mut self, text: impl Into<String>, hint: impl Into<String>) {
        self.toast(text.into(), hint.into(), true, FAILURE_MS);
    }

    fn toast(&mut self, text: String, hint: String, failure: bool, ms: u64) {
        self.toasts.retain(|toast| toast.text != text);
        if self.toasts.len() >= MAX_TOASTS {
            self.toasts.remove(0);
        }
        self.toasts.push(Toast {
            text,
            hint,
            failure,
            until_ms: self.now.ms + ms,
        });
    }

    /// Runs under way, over all syncs.
    pub(crate) fn active_runs(&self) -> usize {
        self.world
            .syncs
            .iter()
            .filter(|sync| sync.active.is_some())
            .count()
    }

    /// When the interface must be told the time again, in milliseconds of [`Moment::ms`]; other
    /// than that it sleeps until the minute changes.
    pub fn wake_at_ms(&self) -> Option<u64> {
        let toasts = self.toasts.iter().map(|toast| toast.until_ms);
        let reads = [self.syncs.log.due_ms(), self.syncs.runs.due_ms()];
        let page = self.page().and_then(|page| page.due_ms(self));
        let second = (self.shows_running() || self.focused && self.page_waits())
            .then_some((self.now.ms / 1000 + 1) * 1000);
        toasts
            .chain(reads.into_iter().flatten())
            .chain(second)
            .chain(page)
            .min()
    }

    /// Whether an event changes something on the screen.
    pub(crate) fn shows_event(&self, event: &crate::domain::event::Event) -> bool {
        event.run.is_some() && event.run == self.syncs.log.run
            || self.page().is_some_and(|page| page.shows(event))
    }

    /// Whether a run whose seconds count is on the screen.
    fn shows_running(&self) -> bool {
        if !self.focused || !self.on_syncs() || matches!(self.connection, Connection::Lost { .. }) {
            return false;
        }
        let areas = self.areas();
        let detail = areas.detail.is_some() && self.selected().is_some_and(|s| s.active.is_some());
        let listed = areas.list.is_some_and(|area| {
            let rows = usize::from(area.height);
            let shown = self.syncs.shown.iter().skip(self.syncs.top).take(rows);
            shown
                .filter_map(|position| self.world.syncs.get(*position))
                .any(|sync| sync.active.is_some())
        });
        detail || listed
    }
}
