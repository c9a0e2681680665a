//! Syncs of a resource file: checked against model, object and schedule before they are saved.

use std::collections::{HashMap, HashSet};

use crate::config::{ConfigError, Document, SyncDoc};
use crate::domain::command::Change;
use crate::domain::id::SyncId;
use crate::domain::mapping::{self, Severity};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::sync::{Sync, SyncSettings};
use crate::store::CatalogChange;

use super::super::{connect, names};
use super::after::{predecessors, with_ids};
use super::connections::parsed;
use super::{Draft, at_line, changes, claimed, known_as, unconfirmed};

/// A sync of the file with the one that it means, and the id that it has or gets.
struct Matched<'a> {
    doc: &'a SyncDoc,
    old: Option<Sync>,
    id: SyncId,
}

impl Draft<'_> {
    /// Takes the file's syncs into the draft.
    pub(super) async fn syncs(&mut self, document: &Document) -> Result<(), Problem> {
        let matched = self.matched(document)?;
        let ids = self.final_names(&matched);
        for Matched { doc, old, id } in matched {
            let new = self.sync(doc, old.as_ref(), id, &ids)?;
            self.check(&new).await.map_err(|fault| fault.of(doc))?;
            self.checked.push((new.id.clone(), None));
            self.take(old, new)?;
        }
        document
            .syncs
            .iter()
            .try_for_each(|doc| self.refuse_cycle(doc))
    }

    /// Checks syncs of which the file says nothing but whose model or connections it changes.
    pub(super) async fn check_others(&mut self, document: &Document) -> Result<(), Problem> {
        let own = |sync: &Sync| {
            document
                .syncs
                .iter()
                .any(|doc| doc.settings.name == sync.settings.name)
        };
        for sync in self.catalog.syncs.clone() {
            let settings = &sync.settings;
            let model = self
                .catalog
                .models
                .iter()
                .find(|model| model.id == settings.model);
            let touched = self.touched.contains(settings.model.as_str())
                || self.touched.contains(settings.destination.as_str())
                || model.is_some_and(|model| self.touched.contains(model.source.as_str()));
            if own(&sync) || !touched {
                continue;
            }
            let fault = self.check(&sync).await.err();
            if let Some(fault) = &fault {
                let mut change = changes::between("sync", &settings.name, Some(&sync), Some(&sync));
                change
                    .notes
                    .push(format!("needs attention: {}", fault.problem.text));
                self.shown.push(change);
            }
            self.checked
                .push((sync.id, fault.map(|fault| fault.problem.text)));
        }
        Ok(())
    }

    fn matched<'a>(&self, document: &'a Document) -> Result<Vec<Matched<'a>>, Problem> {
        let claimed = claimed(document.syncs.iter().map(|doc| &doc.id));
        let mut matched = Vec::with_capacity(document.syncs.len());
        for doc in &document.syncs {
            let old = known_as(
                (doc.id.as_deref(), &doc.settings.name),
                &self.catalog.syncs,
                |sync| (sync.id.as_str(), &sync.settings.name),
                &claimed,
            );
            let id = match (old, &doc.id) {
                (Some(old), _) => old.id.clone(),
                (None, Some(id)) => parsed(doc.line, SyncId::parse(id))?,
                (None, None) => SyncId::from_bits(self.core.random()),
            };
            matched.push(Matched {
                doc,
                old: old.cloned(),
                id,
            });
        }
        Ok(matched)
    }

    /// Every sync's id by the name that it has when the file is in.
    fn final_names(&self, matched: &[Matched<'_>]) -> HashMap<String, SyncId> {
        let stay = self
            .catalog
            .syncs
            .iter()
            .filter(|sync| matched.iter().all(|m| m.id != sync.id));
        let stay = stay.map(|sync| (sync.settings.name.clone(), sync.id.clone()));
        let given = matched
            .iter()
            .map(|m| (m.doc.settings.name.clone(), m.id.clone()));
        stay.chain(given).collect()
    }

    fn take(&mut self, old: Option<Sync>, new: Sync) -> Result<(), Problem> {
        let name = new.settings.name.clone();
        if old.is_none() {
            self.fresh.insert(new.id.clone());
        }
        let mut change = changes::between("sync", &name, old.as_ref(), Some(&new));
        let moved = old
            .as_ref()
            .is_some_and(|old| elsewhere(&old.settings, &new.settings));
        if moved {
            let why = "it starts an empty snapshot, and the next run sends every row; the old one is kept for 30 days";
            if !self.wish.dry_run && !self.wish.confirm.contains(&name) {
                return Err(unconfirmed(&name, why));
            }
            change.notes.push(why.to_owned());
            change.drops_snapshot = true;
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

    fn sync(
        &self,
        doc: &SyncDoc,
        old: Option<&Sync>,
        id: SyncId,
        ids: &HashMap<String, SyncId>,
    ) -> Result<Sync, Problem> {
        let at = |problem| at_line(doc.line, problem);
        let given = &doc.settings;
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
            schedule: with_ids(&given.schedule, ids).map_err(at)?,
            paused: doc
                .paused
                .unwrap_or_else(|| old.is_none_or(|old| old.settings.paused)),
            field_mappings: given.field_mappings.clone(),
        };
        Ok(Sync {
            id,
            settings,
            revision: old.map_or(1, |old| old.revision + 1),
        })
    }

    /// Everything that would make the sync's runs fail is told now.
    async fn check(&self, sync: &Sync) -> Result<(), Fault> {
        let settings = &sync.settings;
        let named = |problem: Problem| {
            let text = format!("the sync {}: {}", settings.name, problem.text);
            Fault {
                problem: Problem { text, ..problem },
                mapping: None,
            }
        };
        settings
            .schedule
            .check()
            .map_err(|error| named(error.into()))?;
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
        let connector = connect::destination(self.core, destination)
            .await
            .map_err(named)?;
        let capabilities = connector.capabilities(&settings.destination_object);
        if !capabilities.modes.contains(&settings.mode) {
            let why = capabilities
                .refused_modes
                .iter()
                .find(|(mode, _)| *mode == settings.mode);
            let why = why.map_or("this object does not support it", |(_, why)| why);
            let text = format!("mode {} cannot be: {why}", settings.mode);
            let words: Vec<&str> = capabilities.modes.iter().map(|mode| mode.word()).collect();
            return Err(named(
                Problem::new(ProblemKind::Config, text)
                    .hint(format!("the modes here are {}", words.join(", "))),
            ));
        }
        let schema = connector.fields(&settings.destination_object).await;
        let schema = schema.map_err(|error| named(error.into()))?;
        let problems = mapping::check(
            model,
            &settings.field_mappings,
            &schema,
            &capabilities,
            settings.mode,
        );
        match problems
            .iter()
            .find(|problem| problem.severity == Severity::Error)
        {
            None => Ok(()),
            Some(worst) => Err(Fault {
                mapping: worst.line,
                ..named(Problem::new(ProblemKind::Config, &worst.text).hint(&worst.hint))
            }),
        }
    }

    /// A sync whose model got another primary key starts an empty snapshot: its keys mean nothing.
    pub(super) fn reset_rekeyed(&mut self) -> Result<(), Problem> {
        for model in self.rekeyed.clone() {
            let users = self
                .catalog
                .syncs
                .iter()
                .filter(|sync| sync.settings.model == model.id)
                .filter(|sync| !self.fresh.contains(&sync.id));
            for sync in users.cloned().collect::<Vec<_>>() {
                let name = sync.settings.name.clone();
                let why = format!(
                    "the model {} has another primary key: its snapshot starts empty",
                    model.name
                );
                if !self.wish.dry_run && !self.wish.confirm.contains(&name) {
                    return Err(unconfirmed(&name, &why));
                }
                self.tell_of_drop(&name, why);
                self.force_reset(sync);
            }
        }
        Ok(())
    }

    /// Says with a sync's change, or with one of its own, that its snapshot goes.
    fn tell_of_drop(&mut self, name: &str, why: String) {
        let shown = self.shown.iter_mut();
        let known = shown
            .rev()
            .find(|change| change.kind == "sync" && change.name == name);
        if let Some(change) = known {
            change.notes.push(why);
            change.drops_snapshot = true;
            return;
        }
        self.shown.push(Change {
            action: "update".to_owned(),
            kind: "sync".to_owned(),
            name: name.to_owned(),
            fields: Vec::new(),
            notes: vec![why],
            drops_snapshot: true,
        });
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

    /// Refuses a sync that would wait for itself, however long the way round.
    fn refuse_cycle(&self, doc: &SyncDoc) -> Result<(), Problem> {
        let own = names::sync(&self.catalog, &doc.settings.name)?;
        let mut seen = HashSet::new();
        let mut waiting: Vec<&str> = predecessors(own);
        while let Some(id) = waiting.pop() {
            if id == own.id.as_str() {
                let text = format!("the sync {} would wait for itself", doc.settings.name);
                return Err(ConfigError::new(doc.line, text)
                    .hint("leave it out of the syncs that it runs after, or break the chain")
                    .into());
            }
            if seen.insert(id) {
                let next = self
                    .catalog
                    .syncs
                    .iter()
                    .find(|sync| sync.id.as_str() == id);
                waiting.extend(next.map(predecessors).unwrap_or_default());
            }
        }
        Ok(())
    }
}

/// What keeps a sync from running.
struct Fault {
    problem: Problem,
    /// The position of the mapping at fault.
    mapping: Option<usize>,
}

impl Fault {
    /// The fault with its line in the file.
    fn of(self, doc: &SyncDoc) -> Problem {
        let line = self.mapping.and_then(|place| doc.mapping_lines.get(place));
        at_line(*line.unwrap_or(&doc.line), self.problem)
    }
}

/// Whether the records of one would not be the records of the other.
fn elsewhere(old: &SyncSettings, new: &SyncSettings) -> bool {
    old.model != new.model
        || old.destination != new.destination
        || old.destination_object != new.destination_object
}
