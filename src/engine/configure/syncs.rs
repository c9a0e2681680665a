//! Syncs of a resource file: checked against model, object and schedule before they are saved.

use crate::config::{ConfigError, Document, SyncDoc};
use crate::domain::id::SyncId;
use crate::domain::mapping::{self, Severity};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::schedule::Schedule;
use crate::domain::sync::{Sync, SyncSettings};
use crate::store::CatalogChange;

use super::super::{connect, names};
use super::connections::parsed;
use super::{Draft, at_line, changes, unconfirmed};

impl Draft<'_> {
    /// Takes the file's syncs into the draft.
    pub(super) async fn syncs(&mut self, document: &Document) -> Result<(), Problem> {
        for doc in &document.syncs {
            let new = self.sync(doc)?;
            self.check(doc, &new).await?;
            let old = self
                .catalog
                .syncs
                .iter()
                .find(|sync| sync.id == new.id)
                .cloned();
            self.take(old, new)?;
        }
        self.reset_rekeyed()?;
        for doc in &document.syncs {
            self.resolve_predecessors(doc)?;
        }
        Ok(())
    }

    fn take(&mut self, old: Option<Sync>, new: Sync) -> Result<(), Problem> {
        let name = new.settings.name.clone();
        let mut change = changes::between("sync", &name, old.as_ref(), Some(&new));
        let moved = old
            .as_ref()
            .is_some_and(|old| elsewhere(&old.settings, &new.settings));
        if moved {
            let why = "it starts an empty snapshot, and the next run sends every row";
            if !self.wish.dry_run && !self.wish.confirm.contains(&name) {
                return Err(unconfirmed(&name, why));
            }
            change.notes.push(why.to_owned());
        }
        if old.is_none() && new.settings.paused {
            change.notes.push(format!(
                "starts paused: signalsmith resume '{name}' turns it on"
            ));
        }
        if change.action != "unchanged" {
            let schedule_changed = old.as_ref().is_none_or(|old| {
                old.settings.schedule != new.settings.schedule
                    || old.settings.paused && !new.settings.paused
            });
            self.catalog.syncs.retain(|sync| sync.id != new.id);
            self.catalog.syncs.push(new.clone());
            let reset_snapshot = moved;
            self.changes.push(CatalogChange::PutSync {
                sync: new,
                schedule_changed,
                reset_snapshot,
            });
        }
        self.shown.push(change);
        Ok(())
    }

    fn sync(&self, doc: &SyncDoc) -> Result<Sync, Problem> {
        let at = |problem| at_line(doc.line, problem);
        let given = &doc.settings;
        let same = |sync: &&Sync| {
            doc.id.as_deref() == Some(sync.id.as_str()) || given.name == sync.settings.name
        };
        let old = self.catalog.syncs.iter().find(same);
        let model = names::model(&self.catalog, &given.model).map_err(at)?;
        let destination = names::destination(&self.catalog, &given.destination).map_err(at)?;
        let settings = SyncSettings {
            name: given.name.clone(),
            model: model.id.clone(),
            destination: destination.id.clone(),
            destination_object: given.destination_object.clone(),
            mode: given.mode,
            mirror_scope: given.mirror_scope,
            mirror_foreign: given.mirror_foreign,
            on_unknown: given.on_unknown,
            first_run: given.first_run,
            approval: given.approval,
            guards: given.guards,
            keep_values: given.keep_values,
            grace_hours: given.grace_hours,
            tags: given.tags.clone(),
            schedule: self.known_predecessors(&given.schedule),
            paused: doc
                .paused
                .unwrap_or_else(|| old.is_none_or(|old| old.settings.paused)),
            field_mappings: given.field_mappings.clone(),
        };
        let id = match (old, &doc.id) {
            (Some(old), _) => old.id.clone(),
            (None, Some(id)) => parsed(doc.line, SyncId::parse(id))?,
            (None, None) => SyncId::from_bits(self.core.random()),
        };
        Ok(Sync {
            id,
            settings,
            revision: old.map_or(1, |old| old.revision + 1),
        })
    }

    /// Everything that would make the sync's runs fail is told now.
    async fn check(&self, doc: &SyncDoc, sync: &Sync) -> Result<(), Problem> {
        let settings = &sync.settings;
        let named = |text: &str| format!("the sync {}: {text}", settings.name);
        settings.schedule.check().map_err(|error| {
            let problem = Problem::from(error);
            at_line(
                doc.line,
                Problem {
                    text: named(&problem.text),
                    ..problem
                },
            )
        })?;
        let model = self
            .catalog
            .models
            .iter()
            .find(|model| model.id == settings.model);
        let found = self
            .catalog
            .destinations
            .iter()
            .find(|d| d.id == settings.destination);
        let (Some(model), Some(destination)) = (model, found) else {
            return Ok(());
        };
        let connector = connect::destination(self.core, destination).await?;
        let capabilities = connector.capabilities(&settings.destination_object);
        if !capabilities.modes.contains(&settings.mode) {
            let why = capabilities
                .refused_modes
                .iter()
                .find(|(mode, _)| *mode == settings.mode);
            let why = why.map_or("this object does not support it", |(_, why)| why);
            let text = named(&format!("mode {} cannot be: {why}", settings.mode));
            return Err(at_line(doc.line, Problem::new(ProblemKind::Config, text)));
        }
        let schema = connector
            .fields(&settings.destination_object)
            .await
            .map_err(|error| {
                let problem = Problem::from(error);
                at_line(
                    doc.line,
                    Problem {
                        text: named(&problem.text),
                        ..problem
                    },
                )
            })?;
        let problems = mapping::check(
            model,
            &settings.field_mappings,
            &schema,
            &capabilities,
            settings.mode,
        );
        if let Some(worst) = problems
            .iter()
            .find(|problem| problem.severity == Severity::Error)
        {
            let line = worst.line.and_then(|place| doc.mapping_lines.get(place));
            let error = ConfigError::new(*line.unwrap_or(&doc.line), named(&worst.text));
            return Err(error.hint(&worst.hint).into());
        }
        Ok(())
    }

    /// A sync whose model got another primary key starts an empty snapshot: its keys mean nothing.
    fn reset_rekeyed(&mut self) -> Result<(), Problem> {
        for model in self.rekeyed.clone() {
            let users = self
                .catalog
                .syncs
                .iter()
                .filter(|sync| sync.settings.model == model.id);
            for sync in users.cloned().collect::<Vec<_>>() {
                let name = sync.settings.name.clone();
                let why = format!(
                    "the model {} has another primary key: its snapshot starts empty",
                    model.name
                );
                if !self.wish.dry_run && !self.wish.confirm.contains(&name) {
                    return Err(unconfirmed(&name, &why));
                }
                self.force_reset(sync);
            }
        }
        Ok(())
    }

    fn force_reset(&mut self, sync: Sync) {
        let known = self.changes.iter_mut().find_map(|change| match change {
            CatalogChange::PutSync {
                sync: put,
                reset_snapshot,
                ..
            } if put.id == sync.id => Some(reset_snapshot),
            _ => None,
        });
        if let Some(reset) = known {
            *reset = true;
            return;
        }
        let sync = Sync {
            revision: sync.revision + 1,
            ..sync
        };
        self.changes.push(CatalogChange::PutSync {
            sync,
            schedule_changed: false,
            reset_snapshot: true,
        });
    }

    /// The ids of those predecessors that are known by now; names of later syncs stay names.
    fn known_predecessors(&self, schedule: &Schedule) -> Schedule {
        let Schedule::After { syncs } = schedule else {
            return schedule.clone();
        };
        let id = |name: &String| {
            names::sync(&self.catalog, name).map_or_else(|_| name.clone(), |s| s.id.to_string())
        };
        Schedule::After {
            syncs: syncs.iter().map(id).collect(),
        }
    }

    /// Turns the names of an `after` schedule into ids and refuses cycles.
    fn resolve_predecessors(&mut self, doc: &SyncDoc) -> Result<(), Problem> {
        let Schedule::After { syncs } = &doc.settings.schedule else {
            return Ok(());
        };
        let mut ids = Vec::new();
        for name in syncs {
            let found = names::sync(&self.catalog, name);
            ids.push(
                found
                    .map_err(|problem| at_line(doc.line, problem))?
                    .id
                    .to_string(),
            );
        }
        let own = names::sync(&self.catalog, &doc.settings.name)?
            .id
            .to_string();
        let mut seen = Vec::new();
        let mut waiting = ids.clone();
        while let Some(id) = waiting.pop() {
            if id == own {
                let text = format!("the sync {} would wait for itself", doc.settings.name);
                return Err(ConfigError::new(doc.line, text).into());
            }
            if seen.contains(&id) {
                continue;
            }
            let next = self
                .catalog
                .syncs
                .iter()
                .find(|sync| sync.id.as_str() == id);
            if let Some(Schedule::After { syncs }) = next.map(|sync| &sync.settings.schedule) {
                let known = |name: &String| names::sync(&self.catalog, name).ok();
                waiting.extend(
                    syncs
                        .iter()
                        .filter_map(known)
                        .map(|sync| sync.id.to_string()),
                );
            }
            seen.push(id);
        }
        let schedule = Schedule::After { syncs: ids };
        for change in &mut self.changes {
            if let CatalogChange::PutSync { sync, .. } = change
                && sync.id.as_str() == own
            {
                sync.settings.schedule = schedule.clone();
            }
        }
        Ok(())
    }
}

/// Whether the records of one would not be the records of the other.
fn elsewhere(old: &SyncSettings, new: &SyncSettings) -> bool {
    old.model != new.model
        || old.destination != new.destination
        || old.destination_object != new.destination_object
}
