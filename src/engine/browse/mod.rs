//! Answers questions about what is on record: plans page by page, causes, the audit trail.

mod causes;
mod division;
mod plan;
mod sums;

use std::sync::Arc;

use crate::domain::browse::{AuditLine, Browse, Browsed};
use crate::domain::command::Reply;
use crate::domain::problem::Problem;
use crate::store::{AuditEntry, Catalog};

use super::core::Core;

pub(crate) use division::Divisions;

/// Entries of one answer at most.
const MOST: u32 = 2_000;

/// Answers a question; it stops where the answer is dropped.
///
/// # Errors
/// A [`Problem`]: a run that is not there, a plan that is no longer kept or cannot be read.
pub(crate) async fn answer(
    core: &Arc<Core>,
    catalog: &Catalog,
    question: Browse,
) -> Result<Reply, Problem> {
    let browsed = match question {
        Browse::Plan { run } => Browsed::Plan(Box::new(plan::head(core, catalog, &run).await?)),
        Browse::Entries {
            run,
            part,
            offset,
            limit,
        } => {
            let limit = u64::from(limit.min(MOST));
            Browsed::Entries(plan::entries(core, &run, part, offset, limit).await?)
        }
        Browse::Find {
            run,
            part,
            text,
            offset,
        } => Browsed::Found(plan::find(core, &run, part, text, offset).await?),
        Browse::Causes { run } => Browsed::Causes(causes::of_run(core, &run).await?),
        Browse::Audit { before, limit } => {
            let entries = core.store.audit(limit, before).await?;
            Browsed::Audit(entries.into_iter().map(line).collect())
        }
        Browse::Stretches { starts } => Browsed::Stretches(sums::of(core, starts).await?),
        Browse::Since { at } => Browsed::Since(sums::since(core, at).await?),
    };
    Ok(Reply::Browsed(Box::new(browsed)))
}

fn line(entry: AuditEntry) -> AuditLine {
    let what = entry.what;
    AuditLine {
        number: entry.number,
        at: entry.at,
        actor: entry.actor,
        action: what.action,
        kind: what.kind,
        resource: what.resource,
        name: what.name,
        revision: what.revision,
        fields: what.fields,
    }
}
