//! Which operations of a pass may go.

use std::sync::Arc;

use crate::domain::plan::Operation;

use super::Delivery;
use super::cut::{Filter, Pass};

impl Delivery<'_> {
    /// What of a pass may go.
    pub(super) fn filter(&self, pass: Pass) -> Option<Filter> {
        let in_flight = self.in_flight.clone();
        if pass == Pass::Writes {
            // Nothing is decoded for the sake of a filter that lets all go.
            let unwritten = self.unwritten.clone();
            let lets_go = move |write: &Operation| {
                let waits = in_flight.holds(write);
                if waits {
                    unwritten.note_unsent(write);
                }
                !waits
            };
            return (!self.in_flight.is_empty()).then(|| Arc::new(lets_go) as Filter);
        }
        let (allowed, unwritten) = (self.deletes.clone(), self.unwritten.clone());
        Some(Arc::new(move |delete| {
            unwritten.lets_go(delete)
                && !in_flight.holds(delete)
                && allowed.as_ref().is_none_or(|allows| allows(delete))
        }))
    }
}
