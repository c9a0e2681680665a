//! Keys and identifiers whose last write has no outcome yet: nothing more is sent to them before.

use std::collections::HashSet;
use std::sync::Arc;

use crate::domain::destination::IdentifierForm;
use crate::domain::id::{RunId, SyncId};
use crate::domain::plan::Operation;
use crate::domain::problem::Problem;
use crate::domain::row::Fingerprint;
use crate::domain::value::Value;
use crate::snapshot::encode_identifier;

use super::super::core::Core;
use super::cut::unreadable;
use super::read_operations;

/// Rows that are read at once.
const PAGE: u32 = 1_000;
/// Pending rows that are remembered one by one, 32 bytes each; beyond them nothing is sent before
/// outcomes have come.
const MOST: usize = 1_000_000;

/// What waits for the outcome of an earlier write; clones share it.
#[derive(Clone)]
pub(crate) struct InFlight {
    seed: u64,
    form: IdentifierForm,
    keys: Arc<HashSet<Fingerprint>>,
    identifiers: Arc<HashSet<Fingerprint>>,
}

impl InFlight {
    /// Reads what is pending of a sync; `seed` and `form` are the snapshot's and the object's.
    ///
    /// # Errors
    /// A [`Problem`] of kind `state` where the store or a plan cannot be read.
    pub async fn load(
        core: &Core,
        sync: &SyncId,
        seed: u64,
        form: IdentifierForm,
    ) -> Result<Self, Problem> {
        let mut keys = HashSet::new();
        let mut identifiers = HashSet::new();
        let mut after: Option<(RunId, u64)> = None;
        while keys.len() <= MOST {
            let page = core.store.pending_page(sync, after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some((last.run.clone(), last.row.operation));
            for of_run in page.chunk_by(|one, other| one.run == other.run) {
                let Some(first) = of_run.first() else {
                    continue;
                };
                let numbers = of_run.iter().map(|entry| entry.row.operation).collect();
                let sent = read_operations(core.plan_path(&first.run), numbers).await?;
                for at in 0..sent.len() {
                    let operation = sent.get(at).map_err(unreadable)?;
                    keys.insert(Fingerprint::of(seed, operation.key.bytes()));
                    identifiers.insert(fingerprint(seed, form, &operation.identifier));
                }
                keys.extend(of_run.iter().map(|entry| entry.row.key_hash));
            }
        }
        Ok(Self {
            seed,
            form,
            keys: Arc::new(keys),
            identifiers: Arc::new(identifiers),
        })
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether an operation waits for the outcome of an earlier one.
    pub fn holds(&self, operation: &Operation) -> bool {
        let own = || Fingerprint::of(self.seed, operation.key.bytes());
        let identifier = || fingerprint(self.seed, self.form, &operation.identifier);
        self.keys.len() > MOST
            || self.keys.contains(&operation.key_hash)
            || self.keys.contains(&own())
            || self.identifiers.contains(&identifier())
    }
}

/// The hash of an identifier in the form in which the object compares it.
pub(crate) fn fingerprint(seed: u64, form: IdentifierForm, identifier: &[Value]) -> Fingerprint {
    if form == IdentifierForm::Exact {
        return Fingerprint::of(seed, &encode_identifier(identifier));
    }
    let folded: Vec<Value> = identifier
        .iter()
        .map(|value| match value {
            Value::Text(text) => Value::Text(text.to_lowercase()),
            other => other.clone(),
        })
        .collect();
    Fingerprint::of(seed, &encode_identifier(&folded))
}
