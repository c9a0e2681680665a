//! Ignored rows in the dispatcher: what a sync has to show changes with them.

use crate::domain::command::{CauseName, Reply};
use crate::domain::id::RunId;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::words::counted;
use crate::store::AuditDraft;

use super::super::explore::find_run;
use super::Dispatcher;
use super::commands::LOCAL_ACTOR;

impl Dispatcher {
    /// Ignores the rows of a cause, or heeds them again.
    pub(super) async fn ignore(
        &mut self,
        id: &RunId,
        cause: &CauseName,
        ignore: bool,
    ) -> Result<Reply, Problem> {
        let (run, pinned) = find_run(&self.core, id).await?;
        if cause.verdict.as_deref() == Some("held") {
            let text = "cannot ignore held deletes: they wait for a person";
            return Err(Problem::new(ProblemKind::Usage, text)
                .hint("approve or reject them: signalsmith approve, signalsmith reject"));
        }
        if !run.status.is_final() {
            let text = format!("cannot ignore rows of run {id}: it goes on");
            return Err(Problem::new(ProblemKind::Conflict, text).hint("wait for its end"));
        }
        let action = if ignore { "ignore" } else { "heed" };
        let field = cause.field.as_deref().unwrap_or_default();
        let named = format!("{} {field}", cause.code).trim_end().to_owned();
        let what = AuditDraft {
            action: action.to_owned(),
            kind: "run".to_owned(),
            resource: id.to_string(),
            name: pinned.sync.settings.name.clone(),
            revision: run.revision,
            fields: vec![("cause".to_owned(), String::new(), named.clone())],
        };
        let audit = (LOCAL_ACTOR.to_owned(), self.core.clock.now(), what);
        let store = &self.core.store;
        let rows = store.set_ignored(&run, cause, ignore, audit).await?;
        if ignore && rows == 0 {
            let text = format!("no row of run {id} fails with {named} any more");
            return Err(Problem::new(ProblemKind::Conflict, text)
                .hint("look at the rows of the sync's latest run: signalsmith rows"));
        }
        let name = &pinned.sync.settings.name;
        let what = match ignore {
            true => format!("{} of {name} with {named} ignored", counted(rows, "row")),
            false => format!("rows of {name} with {named} heeded again"),
        };
        self.told(&run.sync, Some(id), what).await
    }
}
