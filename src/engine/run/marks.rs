//! Marks: what the comparison found out about entries without anything to send.

use crate::domain::problem::Problem;
use crate::domain::row::Fingerprint;
use crate::failpoints;
use crate::snapshot::plan_file::{Mark, PlanReader, Settles};
use crate::store::{Acknowledgement, JournalChange};

use super::super::deliver::acknowledge::bookkeeping;
use super::super::deliver::broken;
use super::super::deliver::cut::unreadable;
use super::super::deliver::send::RunEnd;
use super::Job;

/// Marks that are journaled in one transaction.
const CHUNK: usize = 1_000;

/// What a pass over the marks journals. A record that changes its holder stands under both for a
/// moment, so that an end between two transactions loses sight of none; the next plan tidies up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pass {
    /// Entries that are added or changed.
    Adds,
    /// The rest: entries that go, writes of unknown outcome that are seen to, what is said only.
    Removes,
}

impl Pass {
    fn takes(self, mark: &Mark) -> bool {
        let adds = matches!(mark.journal(), Some((_, Some(_))));
        match self {
            Self::Adds => adds,
            Self::Removes => !adds || mark.settles() != Settles::None,
        }
    }
}

/// Journals the marks of the run's plan.
pub(super) async fn apply(job: &Job) -> Result<(), RunEnd> {
    pass(job, Pass::Adds).await?;
    pass(job, Pass::Removes).await
}

async fn pass(job: &Job, pass: Pass) -> Result<(), RunEnd> {
    let path = job.core.plan_path(&job.run.id);
    let (sender, mut chunks) = tokio::sync::mpsc::channel(2);
    let read = tokio::task::spawn_blocking(move || {
        let reader = PlanReader::open(&path).map_err(unreadable)?;
        let mut chunk = Vec::with_capacity(CHUNK);
        for mark in reader.marks() {
            let mark = mark.map_err(unreadable)?;
            if pass.takes(&mark) {
                chunk.push(mark);
            }
            if chunk.len() == CHUNK && sender.blocking_send(std::mem::take(&mut chunk)).is_err() {
                return Ok(());
            }
        }
        let _ = sender.blocking_send(chunk);
        Ok::<(), Problem>(())
    });
    while let Some(chunk) = chunks.recv().await {
        if chunk.is_empty() {
            continue;
        }
        let kept = journaled(job, pass, &chunk);
        let store = &job.core.store;
        store.close_intent(kept).await.map_err(Problem::from)?;
        failpoints::reach("mid_marks");
    }
    read.await.map_err(|error| broken(&error))??;
    Ok(())
}

fn journaled(job: &Job, pass: Pass, chunk: &[Mark]) -> Acknowledgement {
    let mut kept = bookkeeping(&job.run);
    for mark in chunk {
        let journal = mark.journal();
        let adds = matches!(journal, Some((_, Some(_))));
        if let Some((key_hash, entry)) = journal.filter(|_| adds == (pass == Pass::Adds)) {
            let key_hash = Fingerprint(key_hash);
            kept.journal.push(JournalChange { key_hash, entry });
        }
        if pass == Pass::Removes {
            match mark.settles() {
                Settles::None => {}
                Settles::All => kept.unknown_clear.push(mark.key_hash),
                Settles::To(identifier) => {
                    let write = (mark.key_hash, identifier.to_vec());
                    kept.unknown_traced.push(write);
                }
            }
        }
        // Of a mark that both passes take, the first has spoken.
        if pass == Pass::Adds || !adds {
            let words = mark.kind.words();
            job.log
                .row("noted", words, || format!("{}: {words}", mark.key));
        }
    }
    kept
}
