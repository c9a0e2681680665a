//! What a plan covers: the settings of the sync and the options of the run, settled once.

use std::collections::HashSet;

use crate::domain::destination::IdentifierForm;
use crate::domain::mode::{MirrorScope, Mode, OnUnknown};
use crate::domain::row::Fingerprint;

use super::{PlanRequest, Selection};

/// The choices that decide what becomes of a row.
pub(super) struct Scope {
    pub mode: Mode,
    pub form: IdentifierForm,
    pub seed: u64,
    /// Every row is sent again.
    pub full: bool,
    /// Rows are recorded, nothing is sent.
    pub adopt: bool,
    /// Rows of unknown outcome wait for a person.
    pub hold_unknown: bool,
    /// Only these keys are looked at.
    pub keys: Option<HashSet<Fingerprint>>,
    /// Only so many rows are sent.
    pub limit: Option<u64>,
    pub without_deletes: bool,
    /// What the model lacks is deleted, whoever put it there.
    pub deletes_foreign: bool,
    /// The identifier is the untransformed key.
    pub identifier_is_key: bool,
    pub key_columns: Vec<String>,
}

impl Scope {
    pub(super) fn of(request: &PlanRequest, seed: u64) -> Self {
        let settings = &request.sync.settings;
        let (keys, limit) = match &request.selection {
            Selection::All => (None, None),
            Selection::Limit(limit) => (None, Some(*limit)),
            Selection::Keys(keys) => {
                let hashes = keys.iter().map(|key| Fingerprint::of(seed, key.bytes()));
                (Some(hashes.collect()), None)
            }
        };
        Self {
            mode: settings.mode,
            form: request.identifier_form,
            seed,
            full: request.full,
            adopt: request.adopt,
            hold_unknown: settings.mode == Mode::Append && settings.on_unknown == OnUnknown::Hold,
            keys,
            limit,
            without_deletes: request.without_deletes,
            deletes_foreign: settings.mode == Mode::Mirror
                && settings.mirror_scope == MirrorScope::All
                && request.foreign.is_some(),
            identifier_is_key: request.mapper.identifier_is_key(&request.model),
            key_columns: request.model.primary_key.clone(),
        }
    }

    /// Whether only some rows are looked at, so that absence means nothing.
    pub(super) fn is_partial(&self) -> bool {
        self.keys.is_some() || self.limit.is_some() || self.adopt
    }

    pub(super) fn selects(&self, key_hash: Fingerprint) -> bool {
        self.keys
            .as_ref()
            .is_none_or(|keys| keys.contains(&key_hash))
    }

    /// Whether entries follow identifiers: where only creates are sent, they never move.
    pub(super) fn moves_entries(&self) -> bool {
        self.mode.updates() && !self.adopt
    }

    /// Whether what leaves the model is deleted.
    pub(super) fn deletes(&self) -> bool {
        self.mode == Mode::Mirror
    }
}
