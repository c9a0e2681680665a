//! The Overview: what needs a person, grouped by cause, and how the workspace fares as a whole.

mod days;
mod facts;
mod layout;
mod opening;
mod setting_aside;
mod update;
mod view;
mod words;

use std::cmp::{Ordering, Reverse};

use days::Days;
use setting_aside::Asking;

use crate::link::troubles::{Trouble, Troubles};
use crate::tui::state::State;
use crate::tui::widgets::table::{Listing, Table};

/// The Overview.
#[derive(Debug, Default)]
pub(crate) struct Overview {
    table: Table,
    days: Days,
    /// The cause about which a person was asked something.
    asking: Option<Asking>,
    /// What was ordered and not answered, with its token.
    doing: Option<(u64, &'static str)>,
}

impl Overview {
    /// The cause on which the cursor stands.
    fn selected<'a>(&self, state: &'a State) -> Option<&'a Trouble> {
        state.troubles.all.get(self.table.selected()?)
    }
}

/// The causes as they are listed.
struct Causes<'a>(&'a Troubles);

impl Listing for Causes<'_> {
    fn total(&self) -> usize {
        self.0.all.len()
    }

    fn id(&self, at: usize) -> String {
        let trouble = self.0.all.get(at);
        trouble.map_or(String::new(), |trouble| trouble.key.clone())
    }

    fn text(&self, at: usize) -> String {
        self.0.all.get(at).map_or(String::new(), |trouble| {
            let names: Vec<&str> = trouble.syncs.iter().map(|one| one.name.as_str()).collect();
            format!("{} {} {}", trouble.state, trouble.title, names.join(" "))
        })
    }

    fn orders(&self) -> &'static [&'static str] {
        match self.0.all.len() {
            0 => &["worst"],
            _ => &["worst", "newest", "most syncs"],
        }
    }

    fn compare(&self, order: usize, a: usize, b: usize) -> Ordering {
        let (Some(one), Some(other)) = (self.0.all.get(a), self.0.all.get(b)) else {
            return Ordering::Equal;
        };
        let by = match order {
            1 => Reverse(one.since).cmp(&Reverse(other.since)),
            2 => other.syncs.len().cmp(&one.syncs.len()),
            _ => Ordering::Equal,
        };
        // What was set aside stays below, whatever the order.
        let below = one.aside.is_some().cmp(&other.aside.is_some());
        below.then(by).then(a.cmp(&b))
    }
}
