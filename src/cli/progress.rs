//! Progress of a run: a bar on a terminal, plain lines otherwise.

use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::domain::command::{Command, Reply};
use crate::domain::id::RunId;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::run::{Phase, Run};
use crate::link::WorkspaceView;

use super::context::{Context, unexpected};
use super::output::{is_watched, remark};

/// Waits for a run and shows how it goes; ctrl-c asks for its end, and a second one leaves.
pub(super) async fn follow(context: &Context, id: &RunId, quiet: bool) -> Result<Run, Problem> {
    let mut view = context.link.view();
    let mut shown = Shown::new(quiet);
    let wait = context.link.send(Command::WaitRun { run: id.clone() });
    tokio::pin!(wait);
    let mut cancelled = false;
    let reply = loop {
        tokio::select! {
            reply = &mut wait => break reply,
            Ok(()) = view.changed() => {
                let now = view.borrow_and_update().clone();
                shown.show(&now, id);
            }
            _ = tokio::signal::ctrl_c() => {
                if cancelled {
                    shown.clear();
                    let text = format!("no longer waiting for {id}, which is being cancelled");
                    return Err(Problem::new(ProblemKind::Interrupted, text));
                }
                cancelled = true;
                shown.clear();
                remark("cancelling: batches in flight are awaited");
                let _ = context.ask(Command::Cancel { target: id.to_string() }).await;
            }
        }
    };
    shown.clear();
    match reply? {
        Reply::Run(run) => Ok(*run),
        other => Err(unexpected(&other)),
    }
}

struct Shown {
    bar: Option<ProgressBar>,
    quiet: bool,
    phase: Option<Phase>,
}

impl Shown {
    fn new(quiet: bool) -> Self {
        let bar = (!quiet && is_watched()).then(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{prefix:<10} {wide_bar} {msg} {elapsed}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        Self {
            bar,
            quiet,
            phase: None,
        }
    }

    fn show(&mut self, view: &Arc<WorkspaceView>, id: &RunId) {
        let runs = view.syncs.iter().filter_map(|sync| sync.active.as_ref());
        let Some(active) = runs.into_iter().find(|active| active.run.id == *id) else {
            return;
        };
        let run = &active.run;
        let Some(phase) = run.phase else { return };
        let planned = run.counters.total(|t| t.planned - t.held);
        let settled = run
            .counters
            .total(|t| t.done + t.rejected + t.unknown + t.pending);
        if let Some(bar) = &self.bar {
            bar.set_prefix(phase.words());
            let (length, position) = match phase {
                Phase::Writing => (planned, settled),
                _ => (active.expected_rows.unwrap_or_default(), run.counters.read),
            };
            bar.set_length(length.max(position));
            bar.set_position(position);
            bar.set_message(format!("{position} rows"));
        } else if !self.quiet && self.phase != Some(phase) {
            remark(format!("{} …", phase.words()));
        }
        self.phase = Some(phase);
    }

    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
