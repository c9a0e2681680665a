//! The router: which tab is shown, and the pages that lie on one another in each.

use super::msg::Effect;
use super::screens::page::{Handed, Heard};
use super::screens::{Screen, TABS};
use super::state::State;

/// Names a page for as long as it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PageId(u64);

#[derive(Debug)]
struct Open {
    id: PageId,
    /// Absent only while the page itself is at work.
    page: Option<Screen>,
}

/// Where a page wants to go; done when its work has ended.
#[derive(Debug)]
enum Move {
    Open(Box<Screen>),
    Close(PageId, Option<Handed>),
    Tab(u8),
}

/// The tabs and their pages.
#[derive(Debug)]
pub(crate) struct Router {
    tab: u8,
    stacks: Vec<(u8, Vec<Open>)>,
    next_id: u64,
    acting: Option<PageId>,
    moves: Vec<Move>,
}

impl Router {
    /// Every tab with its first page, on the tab `number`.
    pub(crate) fn new(number: u8) -> Self {
        let mut router = Self {
            tab: number,
            stacks: Vec::new(),
            next_id: 1,
            acting: None,
            moves: Vec::new(),
        };
        for tab in TABS {
            let root = router.named((tab.root)());
            router.stacks.push((tab.number, vec![root]));
        }
        router
    }

    fn named(&mut self, page: Screen) -> Open {
        let id = PageId(self.next_id);
        self.next_id += 1;
        Open {
            id,
            page: Some(page),
        }
    }

    /// The number of the tab that is shown.
    pub(crate) fn tab(&self) -> u8 {
        self.tab
    }

    fn stack(&self) -> &[Open] {
        self.stacks
            .iter()
            .find(|(number, _)| *number == self.tab)
            .map_or(&[], |(_, stack)| stack)
    }

    fn stack_mut(&mut self) -> Option<&mut Vec<Open>> {
        self.stacks
            .iter_mut()
            .find(|(number, _)| *number == self.tab)
            .map(|(_, stack)| stack)
    }

    /// The page that is shown.
    pub(crate) fn top(&self) -> Option<&Screen> {
        self.stack().last().and_then(|open| open.page.as_ref())
    }

    pub(crate) fn top_mut(&mut self) -> Option<&mut Screen> {
        self.stack_mut()?
            .last_mut()
            .and_then(|open| open.page.as_mut())
    }

    /// The name of the page that is shown.
    pub(crate) fn top_id(&self) -> Option<PageId> {
        self.stack().last().map(|open| open.id)
    }

    /// The page that is at work, else the one that is shown.
    pub(crate) fn acting(&self) -> Option<PageId> {
        self.acting.or_else(|| self.top_id())
    }

    /// How many pages lie on one another in this tab.
    pub(crate) fn depth(&self) -> usize {
        self.stack().len()
    }

    /// Whether a page is open still.
    pub(crate) fn is_open(&self, id: PageId) -> bool {
        let mut pages = self.stacks.iter().flat_map(|(_, stack)| stack);
        pages.any(|open| open.id == id)
    }

    /// Whether any open page holds edits that are not saved.
    pub(crate) fn dirty(&self) -> bool {
        let mut pages = self.stacks.iter().flat_map(|(_, stack)| stack);
        pages.any(|open| open.page.as_ref().is_some_and(Screen::dirty))
    }

    /// Opens a page on top of the one that is shown.
    pub(crate) fn open(&mut self, page: impl Into<Screen>) {
        self.moves.push(Move::Open(Box::new(page.into())));
    }

    /// Closes the page that is at work, or the one that is shown; the first of a tab stays.
    pub(crate) fn close(&mut self, handed: Option<Handed>) {
        if let Some(id) = self.acting() {
            self.moves.push(Move::Close(id, handed));
        }
    }

    /// Shows a tab as it was left.
    pub(crate) fn go(&mut self, number: u8) {
        self.moves.push(Move::Tab(number));
    }

    fn slot(&mut self, id: PageId) -> Option<&mut Open> {
        let mut pages = self.stacks.iter_mut().flat_map(|(_, stack)| stack);
        pages.find(|open| open.id == id)
    }

    fn close_now(&mut self, id: PageId) -> bool {
        for (_, stack) in &mut self.stacks {
            let place = stack.iter().position(|open| open.id == id);
            if let Some(place) = place.filter(|place| *place > 0) {
                // What was opened from it goes with it.
                stack.truncate(place);
                return true;
            }
        }
        false
    }
}

/// Lets a page work on the state it is taken out of, then does what it wanted of the router.
pub(crate) fn with_page(
    state: &mut State,
    id: PageId,
    work: impl FnOnce(&mut Screen, &mut State) -> Vec<Effect>,
) -> Vec<Effect> {
    let taken = state.router.slot(id).and_then(|open| open.page.take());
    let Some(mut page) = taken else {
        return Vec::new();
    };
    let before = state.router.acting.replace(id);
    let mut effects = work(&mut page, state);
    state.router.acting = before;
    if let Some(open) = state.router.slot(id) {
        open.page = Some(page);
    }
    if state.router.acting.is_none() {
        effects.extend(travel(state));
    }
    effects
}

/// As [`with_page`], with the page that is shown.
pub(crate) fn with_top(
    state: &mut State,
    work: impl FnOnce(&mut Screen, &mut State) -> Vec<Effect>,
) -> Vec<Effect> {
    match state.router.top_id() {
        Some(id) => with_page(state, id, work),
        None => Vec::new(),
    }
}

/// Does what pages wanted of the router.
pub(crate) fn travel(state: &mut State) -> Vec<Effect> {
    let mut effects = Vec::new();
    while !state.router.moves.is_empty() {
        match state.router.moves.remove(0) {
            Move::Open(page) => {
                let open = state.router.named(*page);
                if let Some(stack) = state.router.stack_mut() {
                    stack.push(open);
                }
            }
            Move::Close(id, handed) => {
                let beneath = beneath(&state.router, id);
                if state.router.close_now(id) {
                    effects.extend(state.let_go_of(id));
                    if let (Some(handed), Some(below)) = (handed, beneath) {
                        effects.extend(with_page(state, below, |page, state| {
                            page.hear(state, Heard::Handed(handed))
                        }));
                    }
                }
            }
            Move::Tab(number) => {
                if TABS.iter().any(|tab| tab.number == number) {
                    state.router.tab = number;
                }
            }
        }
    }
    effects
}

/// Closes what lies on the first page of the tab, as far as it holds no edits; says whether it came
/// down to that page.
pub(crate) fn to_first(state: &mut State) -> (bool, Vec<Effect>) {
    let mut effects = Vec::new();
    while state.router.depth() > 1 {
        if state.page().is_some_and(Screen::dirty) {
            return (false, effects);
        }
        state.router.close(None);
        effects.extend(travel(state));
    }
    (true, effects)
}

/// The page under `id`.
fn beneath(router: &Router, id: PageId) -> Option<PageId> {
    router.stacks.iter().find_map(|(_, stack)| {
        let place = stack.iter().position(|open| open.id == id)?;
        stack.get(place.checked_sub(1)?).map(|open| open.id)
    })
}
