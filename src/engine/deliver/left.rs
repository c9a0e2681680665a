//! What a delivery has left to send, kept up to date in case that another core goes on with it.

use crate::domain::plan::OperationKind;
use crate::domain::problem::Problem;

use super::super::run::remainder::Rest;
use super::Delivery;
use super::cut::{Pass, unreadable};
use super::fate::{Closing, Fate};

impl Delivery<'_> {
    /// What a pass has left.
    pub(super) fn rest(&mut self, pass: Pass) -> &mut Rest {
        match pass {
            Pass::Writes => &mut self.remainder.writes,
            Pass::Deletes => &mut self.remainder.deletes,
        }
    }

    /// Remembers what was not sent after all.
    pub(super) fn note_left(&mut self, closing: &Closing) -> Result<(), Problem> {
        for (at, fate) in &closing.fates {
            if *fate == Fate::Unsent {
                let operation = closing.operations.raw(*at).map_err(unreadable)?;
                let pass = match operation.kind {
                    OperationKind::Delete => Pass::Deletes,
                    _ => Pass::Writes,
                };
                self.rest(pass).leave(operation.number);
            }
        }
        Ok(())
    }
}
