//! Syncs: the settings of one, as a person gives them and as the store keeps them.

use serde::{Deserialize, Serialize};

use super::guard::GuardSettings;
use super::id::{DestinationId, ModelId, SyncId};
use super::mapping::FieldMapping;
use super::mode::{Approval, FirstRun, MirrorForeign, MirrorScope, Mode, OnUnknown};
use super::schedule::Schedule;

/// What a person chooses for a sync; `M` and `D` name model and destination (ids in the store and
/// the API, names in a file).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyncSettings<M = ModelId, D = DestinationId> {
    /// The unique name.
    pub name: String,
    /// The model whose rows are carried.
    pub model: M,
    /// The destination that they are carried to.
    pub destination: D,
    /// The object there.
    pub destination_object: String,
    /// How creates, updates and deletes are treated.
    pub mode: Mode,
    /// Which records a mirror deletes.
    #[serde(default)]
    pub mirror_scope: MirrorScope,
    /// Whether a mirror may delete what this sync never sent.
    #[serde(default)]
    pub mirror_foreign: MirrorForeign,
    /// What an append does with a row whose outcome is unknown.
    #[serde(default)]
    pub on_unknown: OnUnknown,
    /// What the first run does.
    #[serde(default)]
    pub first_run: FirstRun,
    /// When a run waits for a person.
    #[serde(default)]
    pub approval: Approval,
    /// Limits that stop or hold; absent ones take the workspace's.
    #[serde(default)]
    pub guards: GuardSettings,
    /// Keeps the last accepted values whatever the number of rows.
    #[serde(default)]
    pub keep_values: bool,
    /// Hours within which a slot missed while the core was down is run once; 0 skips it.
    #[serde(default = "default_grace_hours")]
    pub grace_hours: u32,
    /// Words to filter by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// When it runs.
    #[serde(default)]
    pub schedule: Schedule,
    /// Whether its schedule is off.
    #[serde(default)]
    pub paused: bool,
    /// What goes to which field.
    #[serde(default)]
    pub field_mappings: Vec<FieldMapping>,
}

impl<M, D> SyncSettings<M, D> {
    /// The same with model and destination named in another way.
    pub fn with<N, E>(self, model: N, destination: E) -> SyncSettings<N, E> {
        SyncSettings {
            name: self.name,
            model,
            destination,
            destination_object: self.destination_object,
            mode: self.mode,
            mirror_scope: self.mirror_scope,
            mirror_foreign: self.mirror_foreign,
            on_unknown: self.on_unknown,
            first_run: self.first_run,
            approval: self.approval,
            guards: self.guards,
            keep_values: self.keep_values,
            grace_hours: self.grace_hours,
            tags: self.tags,
            schedule: self.schedule,
            paused: self.paused,
            field_mappings: self.field_mappings,
        }
    }
}

/// The default of [`SyncSettings::grace_hours`].
pub fn default_grace_hours() -> u32 {
    24
}

/// A saved sync.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sync {
    /// Its identifier.
    pub id: SyncId,
    /// Its settings.
    #[serde(flatten)]
    pub settings: SyncSettings,
    /// Counts its saved versions from 1; a run keeps the one with which it started.
    pub revision: u64,
}
