//! What a person sets aside: acknowledged or snoozed, until it is over or becomes worse.

use crate::domain::command::Reply;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::trouble::{Aside, SetAside, Until};
use crate::link::troubles::{Trouble, Troubles};
use crate::store::AuditDraft;

use super::Dispatcher;
use super::commands::LOCAL_ACTOR;

impl Dispatcher {
    /// Sets a cause of trouble aside, or takes it up again.
    pub(super) async fn set_aside(&mut self, wanted: SetAside) -> Result<Reply, Problem> {
        let now = self.core.clock.now();
        let troubles = Troubles::of(&self.live.view(), now);
        let Some(trouble) = troubles.get(&wanted.cause) else {
            let text = format!("there is no trouble '{}', or it is over", wanted.cause);
            return Err(Problem::new(ProblemKind::NotFound, text)
                .hint("signalsmith status shows what there is"));
        };
        if let (Some(seen), Some(_)) = (&wanted.seen, wanted.until)
            && seen.is_worse(&trouble.extent)
        {
            let text = format!(
                "cannot set aside '{}': it has become worse meanwhile",
                trouble.title
            );
            return Err(Problem::new(ProblemKind::Conflict, text).hint("look at it once more"));
        }
        let aside = wanted.until.map(|until| Aside {
            cause: trouble.key.clone(),
            until,
            at: now,
            by: LOCAL_ACTOR.to_owned(),
            seen: trouble.extent.clone(),
        });
        let what = on_record(trouble, wanted.until);
        self.core
            .store
            .set_aside(&trouble.key, aside, (LOCAL_ACTOR, now), what)
            .await?;
        self.live.asides = self.core.store.asides().await?;
        self.refresh_all();
        Ok(Reply::Done)
    }

    /// Forgets what was set aside and is over, or came back by itself: should it be there again, a
    /// person is told again.
    pub(super) async fn drop_asides(&mut self) {
        if self.live.asides.is_empty() {
            return;
        }
        let now = self.core.clock.now();
        let troubles = Troubles::of(&self.live.view(), now);
        let asides = self.live.asides.iter();
        let over = asides.filter(|aside| match troubles.get(&aside.cause) {
            Some(trouble) => trouble.aside.is_none(),
            // While a sync runs, it cannot be told whether it still needs attention.
            None => !self.concerns_a_run(aside),
        });
        let over: Vec<String> = over.map(|aside| aside.cause.clone()).collect();
        if over.is_empty() {
            return;
        }
        match self.core.store.drop_asides(over.clone()).await {
            Ok(()) => {
                self.live
                    .asides
                    .retain(|aside| !over.contains(&aside.cause));
                self.refresh_all();
            }
            Err(error) => tracing::error!(%error, "cannot forget what was set aside"),
        }
    }

    fn concerns_a_run(&self, aside: &Aside) -> bool {
        let concerns = |id: &str| aside.seen.concerns.contains(id);
        let active = self.live.active.keys();
        let queued = self.live.queued.iter().map(|run| &run.sync);
        active.chain(queued).any(|sync| concerns(sync.as_str()))
    }
}

fn on_record(trouble: &Trouble, until: Option<Until>) -> AuditDraft {
    let (action, until) = match until {
        Some(Until::Worse) => ("acknowledge", "it becomes worse".to_owned()),
        Some(Until::Change) => ("snooze", "it changes".to_owned()),
        Some(Until::Time { at }) => ("snooze", at.to_rfc3339()),
        None => ("take up", String::new()),
    };
    let fields = match until.is_empty() {
        true => Vec::new(),
        false => vec![("until".to_owned(), String::new(), until)],
    };
    AuditDraft {
        action: action.to_owned(),
        kind: "trouble".to_owned(),
        resource: trouble.key.clone(),
        name: trouble.title.clone(),
        revision: 0,
        fields,
    }
}
