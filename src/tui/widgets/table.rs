//! A table's state: what is listed, where the cursor stands, marks, search, filter and order.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::tui::action::Action;
use crate::tui::available::Refusal;
use crate::tui::screens::page::{no, not_here};

/// What a table lists. Only what is on the screen is asked for its cells.
pub(crate) trait Listing {
    /// How many there are.
    fn total(&self) -> usize;

    /// What one is known by when the order changes.
    fn id(&self, at: usize) -> String;

    /// What is searched and filtered in.
    fn text(&self, at: usize) -> String;

    /// The words of the orders that can be chosen, the first being the default.
    fn orders(&self) -> &'static [&'static str] {
        &["name"]
    }

    /// Which of two comes first under an order.
    fn compare(&self, order: usize, a: usize, b: usize) -> Ordering {
        let _ = (order, a, b);
        Ordering::Equal
    }
}

/// One that is listed.
#[derive(Debug, Clone)]
struct Shown {
    /// Its position in the listing.
    at: usize,
    id: String,
    /// Its text in lower case.
    text: String,
}

/// A table's state.
#[derive(Debug, Default)]
pub(crate) struct Table {
    shown: Vec<Shown>,
    total: usize,
    /// Where among the shown the cursor stands; it keeps to what it stood on.
    pub cursor: usize,
    pub top: usize,
    /// Rows on the screen, as they were last.
    rows: usize,
    marked: BTreeSet<String>,
    markable: bool,
    orders: &'static [&'static str],
    order: usize,
    filter: String,
    pub find: String,
    /// The version of what it was arranged from; nothing where it must be arranged anew.
    version: Option<u64>,
}

impl Table {
    /// A table in which several can be marked, to act on them at once.
    pub(crate) fn markable() -> Self {
        Self {
            markable: true,
            ..Self::default()
        }
    }

    /// Whether it was arranged from another version of what it lists.
    pub(crate) fn wants(&self, version: u64) -> bool {
        self.version != Some(version)
    }

    /// Filters and orders anew; the cursor stays on what it stood on, or near where it was.
    pub(crate) fn arrange(&mut self, version: u64, listing: &dyn Listing) {
        let held = self.selected_id().map(str::to_owned);
        self.orders = listing.orders();
        self.total = listing.total();
        let words: Vec<String> = self
            .filter
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        let mut shown: Vec<Shown> = (0..self.total)
            .map(|at| Shown {
                at,
                id: listing.id(at),
                text: listing.text(at).to_lowercase(),
            })
            .filter(|one| words.iter().all(|word| matches(&one.text, word)))
            .collect();
        let order = self.order;
        shown.sort_by(|a, b| listing.compare(order, a.at, b.at));
        self.shown = shown;
        self.version = Some(version);
        if let Some(held) = held
            && let Some(place) = self.shown.iter().position(|one| one.id == held)
        {
            self.cursor = place;
        }
        self.cursor = self.cursor.min(self.shown.len().saturating_sub(1));
        if !self.marked.is_empty() {
            let known: BTreeSet<String> = (0..self.total).map(|at| listing.id(at)).collect();
            self.marked.retain(|id| known.contains(id));
        }
    }

    /// Tells how many rows are on the screen, and scrolls so that the cursor is among them.
    pub(crate) fn fit(&mut self, rows: usize) {
        self.rows = rows;
        self.top = scrolled(self.top, self.cursor, self.shown.len(), rows);
    }

    pub(crate) fn len(&self) -> usize {
        self.shown.len()
    }

    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// The position in the listing of what is shown at `place`.
    pub(crate) fn at(&self, place: usize) -> Option<usize> {
        self.shown.get(place).map(|one| one.at)
    }

    /// The position in the listing on which the cursor stands.
    pub(crate) fn selected(&self) -> Option<usize> {
        self.at(self.cursor)
    }

    pub(crate) fn selected_id(&self) -> Option<&str> {
        self.shown.get(self.cursor).map(|one| one.id.as_str())
    }

    /// Puts the cursor on what has this id, where it is listed.
    pub(crate) fn select_id(&mut self, id: &str) -> bool {
        let place = self.shown.iter().position(|one| one.id == id);
        self.cursor = place.unwrap_or(self.cursor);
        place.is_some()
    }

    pub(crate) fn is_marked(&self, place: usize) -> bool {
        let id = self.shown.get(place).map(|one| &one.id);
        id.is_some_and(|id| self.marked.contains(id))
    }

    pub(crate) fn marks(&self) -> usize {
        self.marked.len()
    }

    /// The ids of the marked, else of the selected.
    pub(crate) fn targets(&self) -> Vec<String> {
        if self.marked.is_empty() {
            return self.selected_id().map(str::to_owned).into_iter().collect();
        }
        self.marked.iter().cloned().collect()
    }

    /// The ids of all that are shown, in order.
    pub(crate) fn shown_ids(&self) -> impl Iterator<Item = &str> {
        self.shown.iter().map(|one| one.id.as_str())
    }

    /// The word of the present order.
    pub(crate) fn order_word(&self) -> &'static str {
        self.orders.get(self.order).copied().unwrap_or("")
    }

    pub(crate) fn filter(&self) -> &str {
        &self.filter
    }

    pub(crate) fn set_filter(&mut self, filter: &str) {
        if self.filter != filter {
            filter.clone_into(&mut self.filter);
            self.version = None;
        }
    }

    /// Looks for text from a place on; the cursor goes to the next that has it, around the end.
    pub(crate) fn search(&mut self, from: usize, forward: bool, from_here: bool) -> bool {
        let wanted = self.find.to_lowercase();
        let len = self.shown.len();
        if wanted.is_empty() || len == 0 {
            return false;
        }
        let found = (usize::from(!from_here)..=len).find_map(|step| {
            let place = if forward {
                (from + step) % len
            } else {
                (from + len - step % len) % len
            };
            let one = self.shown.get(place)?;
            one.text.contains(&wanted).then_some(place)
        });
        self.cursor = found.unwrap_or(self.cursor);
        found.is_some()
    }

    /// Whether anything shown has the text that is looked for.
    pub(crate) fn has_hit(&self) -> bool {
        let wanted = self.find.to_lowercase();
        self.shown.iter().any(|one| one.text.contains(&wanted))
    }

    /// Whether a shared action can be done; nothing where it is none of the table's.
    pub(crate) fn can(&self, action: Action) -> Option<Result<(), Refusal>> {
        Some(match action {
            Action::Up
            | Action::Down
            | Action::First
            | Action::Last
            | Action::HalfUp
            | Action::HalfDown => Ok(()),
            Action::Find | Action::Filter if self.total == 0 => no("the list is empty"),
            Action::Find | Action::Filter => Ok(()),
            Action::Order if self.orders.len() < 2 => not_here(),
            Action::Order => Ok(()),
            Action::Mark | Action::MarkAll if !self.markable => not_here(),
            Action::Mark | Action::MarkAll if self.shown.is_empty() => no("nothing is shown"),
            Action::Mark | Action::MarkAll => Ok(()),
            _ => return None,
        })
    }

    /// Does a shared action; false where it is none of the table's.
    pub(crate) fn act(&mut self, action: Action) -> bool {
        let last = self.shown.len().saturating_sub(1);
        let half = (self.rows / 2).max(1);
        match action {
            Action::Up => self.cursor = self.cursor.saturating_sub(1),
            Action::Down => self.cursor = (self.cursor + 1).min(last),
            Action::First => self.cursor = 0,
            Action::Last => self.cursor = last,
            Action::HalfUp => self.cursor = self.cursor.saturating_sub(half),
            Action::HalfDown => self.cursor = (self.cursor + half).min(last),
            Action::Order => {
                self.order = (self.order + 1) % self.orders.len().max(1);
                self.version = None;
            }
            Action::Mark => {
                if let Some(id) = self.selected_id().map(str::to_owned)
                    && !self.marked.remove(&id)
                {
                    self.marked.insert(id);
                }
                self.cursor = (self.cursor + 1).min(last);
            }
            Action::MarkAll => {
                let all = self.shown.iter().all(|one| self.marked.contains(&one.id));
                if all {
                    self.marked.clear();
                } else {
                    let ids = self.shown.iter().map(|one| one.id.clone());
                    self.marked.extend(ids);
                }
            }
            _ => return false,
        }
        true
    }

    /// Takes marks away, then the filter; false where there was neither.
    pub(crate) fn back(&mut self) -> bool {
        if !self.marked.is_empty() {
            self.marked.clear();
            return true;
        }
        let filtered = !self.filter.is_empty();
        self.set_filter("");
        filtered
    }

    pub(crate) fn has_back(&self) -> bool {
        !self.marked.is_empty() || !self.filter.is_empty()
    }
}

/// Whether a text has a word; a leading `-` turns it around, and a word that is only begun lets
/// everything through.
fn matches(text: &str, word: &str) -> bool {
    match word.strip_prefix('-') {
        Some("") => true,
        Some(word) => !text.contains(word),
        None => text.contains(word),
    }
}

/// The first row to show so that `cursor` is among `rows` of `total`, moved as little as can be.
pub(crate) fn scrolled(top: usize, cursor: usize, total: usize, rows: usize) -> usize {
    let rows = rows.max(1);
    let lowest = (cursor + 1).saturating_sub(rows);
    top.clamp(lowest, cursor.max(lowest))
        .min(total.saturating_sub(rows))
}

#[cfg(test)]
mod tests;
