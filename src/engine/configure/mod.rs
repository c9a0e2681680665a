//! Brings a resource file into the store: checked whole, shown as changes, written in one transaction.

mod after;
mod changes;
mod connections;
pub(crate) mod edit;
mod edit_sync;
mod models;
mod syncs;

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::config::{Document, NO_LINE};
use crate::domain::command::{Change, Reply};
use crate::domain::id::SyncId;
use crate::domain::model::Model;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::schedule::parse_zone;
use crate::domain::secret::SecretText;
use crate::store::{Catalog, CatalogChange};

use super::core::Core;

/// Who brought the file in.
const ACTOR: &str = "local";

/// What a person wants of resources that they give.
#[derive(Default)]
pub(crate) struct Wish {
    /// The folder that its relative paths start from.
    pub base: PathBuf,
    /// Also removes what the file does not have.
    pub prune: bool,
    /// Changes nothing.
    pub dry_run: bool,
    /// Names of syncs whose snapshot may be dropped.
    pub confirm: Vec<String>,
    /// Secrets that are given with the one connection that changes, by setting.
    pub secrets: BTreeMap<String, SecretText>,
}

/// The catalog as it would be, with the changes that lead there.
pub(super) struct Draft<'a> {
    pub core: &'a Arc<Core>,
    pub wish: &'a Wish,
    /// The catalog with the changes so far.
    pub catalog: Catalog,
    /// Models that got another primary key.
    pub rekeyed: Vec<Model>,
    /// Syncs that the file brings, which have no snapshot yet.
    pub fresh: HashSet<SyncId>,
    /// Ids of sources, models and destinations that change.
    pub touched: HashSet<String>,
    /// For each sync that was checked, what keeps it from running.
    pub checked: Vec<(SyncId, Option<String>)>,
    /// What the store is told.
    pub changes: Vec<CatalogChange>,
    /// What a person is shown.
    pub shown: Vec<Change>,
}

/// Applies a resource file, or shows what it would change.
///
/// # Errors
/// A [`Problem`] with the line where something is wrong; nothing is changed then.
pub(crate) async fn apply(
    core: &Arc<Core>,
    catalog: &Catalog,
    text: &str,
    wish: Wish,
) -> Result<Reply, Problem> {
    bring_in(core, catalog, &Document::parse(text)?, wish).await
}

/// Brings resources in, or shows what that would change.
async fn bring_in(
    core: &Arc<Core>,
    catalog: &Catalog,
    document: &Document,
    wish: Wish,
) -> Result<Reply, Problem> {
    let mut draft = Draft {
        core,
        wish: &wish,
        catalog: catalog.clone(),
        rekeyed: Vec::new(),
        fresh: HashSet::new(),
        touched: HashSet::new(),
        checked: Vec::new(),
        changes: Vec::new(),
        shown: Vec::new(),
    };
    draft.workspace(document)?;
    draft.sources(document)?;
    draft.destinations(document)?;
    draft.models(document).await?;
    draft.syncs(document).await?;
    if wish.prune {
        draft.prune()?;
    }
    // Only now: a sync that goes is none to be shown as kept.
    draft.reset_rekeyed()?;
    draft.check_others(document).await?;
    let Draft {
        changes,
        shown,
        checked,
        ..
    } = draft;
    if wish.dry_run {
        return Ok(Reply::Changes(shown));
    }
    let secrets = edit::kept(&changes, document, catalog, &wish.secrets);
    if !changes.is_empty() || !secrets.is_empty() {
        let events = core
            .store
            .change_catalog_with(ACTOR, core.clock.now(), changes, secrets)
            .await?;
        events.into_iter().for_each(|event| core.tell(event));
    }
    for (sync, reason) in checked {
        if catalog.attention.get(&sync) != reason.as_ref() {
            core.store.set_attention(&sync, reason).await?;
        }
    }
    Ok(Reply::Changes(shown))
}

impl Draft<'_> {
    fn workspace(&mut self, document: &Document) -> Result<(), Problem> {
        let Some(wanted) = &document.workspace else {
            return Ok(());
        };
        let old = self.catalog.workspace.clone();
        let mut new = old.clone();
        if let Some(name) = &wanted.name {
            new.name.clone_from(name);
        }
        if let Some(zone) = &wanted.timezone {
            new.timezone = parse_zone(zone)?.name().to_owned();
        }
        new.max_runs = wanted.max_runs.unwrap_or(new.max_runs).max(1);
        new.guards = wanted.guards.unwrap_or(new.guards);
        let change = changes::between("workspace", &new.name, Some(&old), Some(&new));
        if change.action != "unchanged" {
            self.catalog.workspace = new.clone();
            self.changes.push(CatalogChange::Workspace(new));
        }
        self.shown.push(change);
        Ok(())
    }

    /// Removes what the file does not have, syncs first.
    fn prune(&mut self) -> Result<(), Problem> {
        let names = |kind: &str| -> Vec<String> {
            let same = self.shown.iter().filter(|change| change.kind == kind);
            same.map(|change| change.name.clone()).collect()
        };
        let kept = (
            names("sync"),
            names("model"),
            names("destination"),
            names("source"),
        );
        for sync in self.catalog.syncs.clone() {
            let name = sync.settings.name.clone();
            if !kept.0.contains(&name) {
                let why = "removing it drops its snapshot and history";
                if !self.wish.dry_run && !self.wish.confirm.contains(&name) {
                    return Err(unconfirmed(&name, why));
                }
                let mut change = changes::removal("sync", &name);
                change.notes.push(why.to_owned());
                change.drops_snapshot = true;
                self.shown.push(change);
                self.catalog.syncs.retain(|kept| kept.id != sync.id);
                self.changes.push(CatalogChange::DeleteSync(sync.id));
            }
        }
        for model in self.catalog.models.clone() {
            if !kept.1.contains(&model.name) {
                self.shown.push(changes::removal("model", &model.name));
                self.changes.push(CatalogChange::DeleteModel(model.id));
            }
        }
        for found in self.catalog.destinations.clone() {
            if !kept.2.contains(&found.name) {
                self.shown
                    .push(changes::removal("destination", &found.name));
                self.changes
                    .push(CatalogChange::DeleteDestination(found.id));
            }
        }
        for source in self.catalog.sources.clone() {
            if !kept.3.contains(&source.name) {
                self.shown.push(changes::removal("source", &source.name));
                self.changes.push(CatalogChange::DeleteSource(source.id));
            }
        }
        Ok(())
    }
}

/// The problem of a change that drops a snapshot and whose sync was not named.
pub(super) fn unconfirmed(name: &str, why: &str) -> Problem {
    Problem::new(
        ProblemKind::Usage,
        format!("cannot change the sync {name} without its name typed: {why}"),
    )
    .hint(format!(
        "what it sent stays at the destination; to go on: --confirm '{name}'"
    ))
}

/// The problem at a line of the file; what a form gave has no lines.
pub(super) fn at_line(line: usize, problem: Problem) -> Problem {
    if line == NO_LINE {
        return problem;
    }
    Problem {
        text: format!("line {line}: {}", problem.text),
        ..problem
    }
}

/// The ids that a file names.
pub(super) fn claimed<'a>(ids: impl Iterator<Item = &'a Option<String>>) -> HashSet<&'a str> {
    ids.filter_map(Option::as_deref).collect()
}

/// What a file's entry means of what is there: by its id, else by its name, unless another entry
/// of the file claims that one by id.
pub(super) fn known_as<'a, T>(
    (id, name): (Option<&str>, &str),
    all: &'a [T],
    named: impl Fn(&T) -> (&str, &str),
    claimed: &HashSet<&str>,
) -> Option<&'a T> {
    let by_id = all.iter().find(|item| id == Some(named(item).0));
    by_id.or_else(|| {
        all.iter()
            .find(|item| named(item).1 == name && !claimed.contains(named(item).0))
    })
}
