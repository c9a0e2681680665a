//! A list of any length of which only the pages around the cursor are in memory.

use crate::domain::problem::Problem;
use crate::tui::action::Action;
use crate::tui::state::State;

/// Entries of one page.
pub(crate) const PAGE: u64 = 200;
/// Pages that are kept.
const KEPT: usize = 6;

/// A page that was asked for and has not come.
#[derive(Debug, Clone, Copy)]
struct Asked {
    page: u64,
    token: u64,
    since_ms: u64,
}

/// A list of which pages come as they are looked at.
#[derive(Debug)]
pub(crate) struct Window<T> {
    total: u64,
    pub cursor: u64,
    pub top: u64,
    rows: u64,
    /// Pages by their number, the one that came last at the end.
    pages: Vec<(u64, Vec<T>)>,
    asked: Option<Asked>,
    problem: Option<Problem>,
}

impl<T> Window<T> {
    /// A list of so many, none of which is here.
    pub(crate) fn new(total: u64) -> Self {
        Self {
            total,
            cursor: 0,
            top: 0,
            rows: 1,
            pages: Vec::new(),
            asked: None,
            problem: None,
        }
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// What stands at a place, where it is here.
    pub(crate) fn get(&self, at: u64) -> Option<&T> {
        let number = at / PAGE;
        let (_, page) = self.pages.iter().find(|(other, _)| *other == number)?;
        page.get(usize::try_from(at % PAGE).ok()?)
    }

    /// What the cursor stands on, where it is here.
    pub(crate) fn selected(&self) -> Option<&T> {
        self.get(self.cursor)
    }

    /// Why the pages that are missing are not here.
    pub(crate) fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    /// Since when a page is awaited.
    pub(crate) fn since_ms(&self) -> Option<u64> {
        self.asked.map(|asked| asked.since_ms)
    }

    /// The number of a page that is on the screen and neither here nor asked for.
    pub(crate) fn wants(&self) -> Option<u64> {
        if self.asked.is_some() || self.problem.is_some() || self.total == 0 {
            return None;
        }
        let last = (self.top + self.rows)
            .min(self.total)
            .saturating_sub(1)
            .max(self.cursor);
        let first = self.top.min(self.cursor) / PAGE;
        (first..=last / PAGE).find(|page| self.pages.iter().all(|(other, _)| other != page))
    }

    /// A page was asked for under this token.
    pub(crate) fn asked(&mut self, state: &State, page: u64, token: u64) {
        self.asked = Some(Asked {
            page,
            token,
            since_ms: state.now.ms,
        });
    }

    /// Whether the answer to `token` is awaited here.
    pub(crate) fn awaits(&self, token: u64) -> bool {
        self.asked.is_some_and(|asked| asked.token == token)
    }

    /// The token of what is awaited.
    pub(crate) fn token(&self) -> Option<u64> {
        self.asked.map(|asked| asked.token)
    }

    /// Takes the page that is awaited.
    pub(crate) fn take(&mut self, result: Result<Vec<T>, Problem>) {
        let Some(asked) = self.asked.take() else {
            return;
        };
        match result {
            Ok(page) => {
                if self.pages.len() >= KEPT {
                    self.pages.remove(0);
                }
                self.pages.push((asked.page, page));
            }
            Err(problem) => self.problem = Some(problem),
        }
    }

    /// Puts the cursor on a place.
    pub(crate) fn go(&mut self, at: u64) {
        self.cursor = at.min(self.total.saturating_sub(1));
        // What failed is tried again when a person moves on.
        self.problem = None;
    }

    /// Tells how many rows are on the screen, and scrolls so that the cursor is among them, with
    /// `below` rows of its own under it.
    pub(crate) fn fit(&mut self, rows: usize, below: usize) {
        let rows = u64::try_from(rows).unwrap_or(1).max(1);
        let below = u64::try_from(below).unwrap_or(0).min(rows - 1);
        self.rows = rows;
        let room = rows - below;
        let lowest = (self.cursor + 1).saturating_sub(room);
        self.top = self
            .top
            .clamp(lowest, self.cursor.max(lowest))
            .min(self.total.saturating_sub(room));
    }

    /// Whether an action moves the cursor.
    pub(crate) fn moves(action: Action) -> bool {
        matches!(
            action,
            Action::Up
                | Action::Down
                | Action::First
                | Action::Last
                | Action::HalfUp
                | Action::HalfDown
        )
    }

    /// Moves the cursor; false where the action does not.
    pub(crate) fn act(&mut self, action: Action) -> bool {
        let half = (self.rows / 2).max(1);
        let to = match action {
            Action::Up => self.cursor.saturating_sub(1),
            Action::Down => self.cursor.saturating_add(1),
            Action::First => 0,
            Action::Last => u64::MAX,
            Action::HalfUp => self.cursor.saturating_sub(half),
            Action::HalfDown => self.cursor.saturating_add(half),
            _ => return false,
        };
        self.go(to);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers what a window wants until it wants nothing; gives the pages that were asked for.
    fn feed(window: &mut Window<u64>) -> Vec<u64> {
        let mut asked = Vec::new();
        while let Some(page) = window.wants() {
            window.asked = Some(Asked {
                page,
                token: 1,
                since_ms: 0,
            });
            let from = page * PAGE;
            window.take(Ok((from..(from + PAGE).min(window.total())).collect()));
            asked.push(page);
        }
        asked
    }

    #[test]
    fn only_what_is_looked_at_is_asked_for_and_little_of_it_is_kept() {
        let mut window = Window::new(10_000_000);
        window.fit(20, 0);
        assert_eq!(feed(&mut window), [0]);
        for _ in 0..3 {
            window.act(Action::Down);
        }
        window.fit(20, 0);
        assert!(feed(&mut window).is_empty());
        assert_eq!(window.selected(), Some(&3));
        window.act(Action::Last);
        window.fit(20, 0);
        assert_eq!(feed(&mut window), [49_999]);
        assert_eq!(window.selected(), Some(&9_999_999));
        for page in 0..50 {
            window.go(page * PAGE);
            window.fit(20, 0);
            feed(&mut window);
            assert_eq!(window.selected(), Some(&(page * PAGE)));
            assert!(window.pages.len() <= KEPT);
        }
    }

    #[test]
    fn a_screen_over_two_pages_gets_both_and_a_failure_is_tried_again_on_moving() {
        let mut window: Window<u64> = Window::new(1_000);
        window.go(PAGE);
        window.fit(10, 0);
        window.act(Action::Up);
        window.act(Action::Up);
        window.fit(10, 0);
        assert_eq!(window.wants(), Some(0));
        window.asked = Some(Asked {
            page: 0,
            token: 1,
            since_ms: 0,
        });
        let lost = Problem::new(crate::domain::problem::ProblemKind::State, "cut");
        window.take(Err(lost));
        assert_eq!(window.wants(), None);
        assert!(window.problem().is_some());
        window.act(Action::Down);
        assert_eq!(feed(&mut window), [0, 1]);
    }

    #[test]
    fn the_cursor_keeps_room_beneath_it() {
        let mut window: Window<u64> = Window::new(100);
        window.go(30);
        window.fit(10, 4);
        assert_eq!(window.top, 25);
        window.go(0);
        window.fit(10, 40);
        assert_eq!(window.top, 0);
    }
}
