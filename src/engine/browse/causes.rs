//! The causes for which rows of a run need a look, each with the edit that came before it.

use chrono::{DateTime, Utc};

use crate::domain::browse::Cause;
use crate::domain::id::RunId;
use crate::domain::problem::Problem;
use crate::domain::run::Run;
use crate::store::{AuditEntry, RowCause, STUCK};

use super::super::core::Core;
use super::super::explore::find_run;

/// Entries of the audit trail that are looked through for an edit.
const ENTRIES: usize = 5_000;
/// Entries of the audit trail that are read at once.
const PAGE: u32 = 500;
/// Runs among which the one before a cause is looked for.
const RUNS: u32 = 500;

/// The causes of a run, the most frequent first.
///
/// # Errors
/// A [`Problem`] where the run is not there or the state cannot be read.
pub(super) async fn of_run(core: &Core, id: &RunId) -> Result<Vec<Cause>, Problem> {
    let (run, pinned) = find_run(core, id).await?;
    let causes = core.store.row_causes(id).await?;
    let runs = core.store.runs(Some(&run.sync), None, RUNS).await?;
    let oldest = causes.iter().filter_map(|cause| before(&runs, cause.since));
    let oldest = oldest.min();
    let ids = [
        pinned.sync.id.as_str(),
        pinned.model.id.as_str(),
        pinned.source.id.as_str(),
        pinned.destination.id.as_str(),
    ];
    let edits = match causes.is_empty() {
        true => Vec::new(),
        false => edits(core, oldest, &ids).await?,
    };
    let of = |cause: RowCause| {
        let after = before(&runs, cause.since);
        let edit = likely(&edits, &cause, after).cloned();
        Cause {
            verdict: cause.verdict,
            code: cause.code,
            field: cause.field,
            rows: cause.count,
            ignored: cause.ignored,
            since: cause.since,
            runs: cause.runs,
            stuck: cause.attempts >= STUCK && cause.ignored < cause.count,
            edit: edit.map(super::line),
        }
    };
    Ok(causes.into_iter().map(of).collect())
}

/// When the last run began that is older than the one that began then.
fn before(runs: &[Run], since: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let began = runs
        .iter()
        .filter(|run| !run.options.plan_only)
        .filter_map(|run| run.started_at);
    began.filter(|began| *began < since).max()
}

/// Edits of these resources, newest first, as far back as they may matter.
async fn edits(
    core: &Core,
    oldest: Option<DateTime<Utc>>,
    ids: &[&str],
) -> Result<Vec<AuditEntry>, Problem> {
    let mut found = Vec::new();
    let (mut number, mut looked) = (None, 0);
    loop {
        let page = core.store.audit(PAGE, number).await?;
        let Some(last) = page.last() else { break };
        number = Some(last.number);
        looked += page.len();
        let passed = oldest.is_some_and(|oldest| last.at < oldest);
        found.extend(page.into_iter().filter(|entry| {
            ids.contains(&entry.what.resource.as_str())
                && matches!(entry.what.action.as_str(), "create" | "update")
        }));
        if passed || looked >= ENTRIES {
            break;
        }
    }
    Ok(found)
}

/// The edit between the run before a cause and the cause: one that names its field, else the last.
/// What was edited before a run without the cause did not bring it.
fn likely<'a>(
    edits: &'a [AuditEntry],
    cause: &RowCause,
    after: Option<DateTime<Utc>>,
) -> Option<&'a AuditEntry> {
    let mut between = edits.iter().filter(|edit| {
        edit.at <= cause.since
            && edit.what.action == "update"
            && after.is_none_or(|after| edit.at >= after)
    });
    let last = between.clone().next();
    let field = cause.field.as_ref().map(|field| format!("[{field}]"));
    let named = field.and_then(|field| {
        between.find(|edit| {
            let mut fields = edit.what.fields.iter();
            fields.any(|(name, _, _)| name.ends_with(&field))
        })
    });
    named.or(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::row::Key;
    use crate::store::AuditDraft;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(minute * 60, 0).unwrap()
    }

    fn edit(number: u64, minute: i64, field: &str) -> AuditEntry {
        AuditEntry {
            number,
            at: at(minute),
            actor: "bob".into(),
            what: AuditDraft {
                action: "update".into(),
                kind: "sync".into(),
                resource: "syn_a".into(),
                name: "contacts".into(),
                revision: number,
                fields: vec![(field.into(), "a".into(), "b".into())],
            },
        }
    }

    fn number(field: &str, after: Option<i64>) -> Option<u64> {
        let edits = [
            edit(4, 40, "name"),
            edit(3, 30, "schedule"),
            edit(2, 20, "field_mappings[LastName]"),
            edit(1, 10, "mode"),
        ];
        let cause = RowCause {
            verdict: "rejected".into(),
            code: "REQUIRED".into(),
            field: Some(field.into()),
            count: 1,
            ignored: 0,
            first_key: Key::from_bytes(&[]),
            since: at(35),
            runs: 1,
            attempts: 1,
        };
        likely(&edits, &cause, after.map(at)).map(|edit| edit.number)
    }

    #[test]
    fn the_likely_edit_came_between_the_last_good_run_and_the_cause() {
        assert_eq!(number("LastName", Some(5)), Some(2));
        assert_eq!(number("Email", Some(5)), Some(3));
        assert_eq!(number("LastName", Some(25)), Some(3));
        assert_eq!(number("LastName", Some(32)), None);
        assert_eq!(number("LastName", None), Some(2));
    }
}
