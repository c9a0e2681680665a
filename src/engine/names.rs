//! Finds what a person named, by id or unique name, and says what they may have meant.

use crate::domain::destination::{Destination, Source};
use crate::domain::model::Model;
use crate::domain::near::nearest;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::sync::Sync;
use crate::store::Catalog;

fn find<'a, T>(
    what: &str,
    text: &str,
    all: &'a [T],
    names: impl Fn(&T) -> (&str, &str),
) -> Result<&'a T, Problem> {
    let found = all.iter().find(|item| {
        let (id, name) = names(item);
        id == text || name == text
    });
    found.ok_or_else(|| {
        let known = || all.iter().map(|item| names(item).1);
        let hint = match nearest(text, known()) {
            Some(name) => format!("did you mean '{name}'?"),
            None if all.is_empty() => {
                format!("there are no {what}s yet: bring some in with signalsmith apply FILE")
            }
            None => format!("signalsmith list {what}s shows them"),
        };
        Problem::new(
            ProblemKind::NotFound,
            format!("there is no {what} '{text}'"),
        )
        .hint(hint)
    })
}

/// The sync of this id or name.
pub(crate) fn sync<'a>(catalog: &'a Catalog, text: &str) -> Result<&'a Sync, Problem> {
    find("sync", text, &catalog.syncs, |sync| {
        (sync.id.as_str(), &sync.settings.name)
    })
}

/// The model of this id or name.
pub(crate) fn model<'a>(catalog: &'a Catalog, text: &str) -> Result<&'a Model, Problem> {
    find("model", text, &catalog.models, |model| {
        (model.id.as_str(), &model.name)
    })
}

/// The source of this id or name.
pub(crate) fn source<'a>(catalog: &'a Catalog, text: &str) -> Result<&'a Source, Problem> {
    find("source", text, &catalog.sources, |source| {
        (source.id.as_str(), &source.name)
    })
}

/// The destination of this id or name.
pub(crate) fn destination<'a>(
    catalog: &'a Catalog,
    text: &str,
) -> Result<&'a Destination, Problem> {
    find("destination", text, &catalog.destinations, |found| {
        (found.id.as_str(), &found.name)
    })
}
