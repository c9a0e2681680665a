//! `demo --headless`: runs every sync, changes the data, runs again, and checks every destination.

use rusqlite::Connection;

use crate::domain::command::{Command, Reply};
use crate::domain::problem::Problem;
use crate::domain::run::{Run, RunStatus};

use super::super::context::unexpected;
use super::super::output::{Table, remark, say};
use super::changes;
use super::expected::{CASES, Case, Expected};
use super::found;
use super::workspace::SAMPLE;
use super::{Demo, unusable};

/// Rounds of changes: in the second, a customer that went in the first comes back.
const ROUNDS: u64 = 2;
/// What the table of runs shows.
const HEADER: &[&str] = &[
    "SYNC",
    "MODE",
    "RUN",
    "CREATED",
    "UPDATED",
    "DELETED",
    "UNCHANGED",
    "INVALID",
    "REJECTED",
];

/// Runs all rounds; whether something was not as it must be.
pub(super) async fn run(demo: &Demo) -> Result<bool, Problem> {
    let mut check = Check::default();
    let mut table = Table::new(HEADER);
    check.round(demo, &mut table, "1: all rows").await?;
    for round in 1..=ROUNDS {
        let source = demo.path().join(SAMPLE);
        let changes = changes::change(&source, demo.seed, round)
            .map_err(|error| unusable("change", &source, &error))?;
        let words = format!(
            "{}: +{} ~{} -{}",
            round + 1,
            changes.added,
            changes.changed,
            changes.removed
        );
        check.round(demo, &mut table, &words).await?;
    }
    check.quiet = true;
    check
        .round(demo, &mut table, &format!("{}: no changes", ROUNDS + 2))
        .await?;
    table.print();
    check.conclude(demo)
}

#[derive(Default)]
struct Check {
    expected: Vec<Expected>,
    /// Whether nothing may be sent, for nothing has changed.
    quiet: bool,
    wrong: Vec<String>,
    records: usize,
}

impl Check {
    /// Runs every sync once and checks what it did.
    async fn round(&mut self, demo: &Demo, table: &mut Table, words: &str) -> Result<(), Problem> {
        self.expected.resize_with(CASES.len(), Expected::default);
        let source = demo.path().join(SAMPLE);
        let database =
            Connection::open(&source).map_err(|error| unusable("read", &source, &error))?;
        for (case, expected) in CASES.iter().zip(&mut self.expected) {
            let candidates =
                (case.read)(&database).map_err(|error| unusable("read", &source, &error))?;
            expected.advance(case.mode, candidates);
        }
        remark(format!("run {words} …"));
        let runs = demo.start_runs().await?;
        self.records = 0;
        for ((case, expected), started) in CASES.iter().zip(&self.expected).zip(runs) {
            let run = match demo
                .context
                .ask(Command::WaitRun { run: started.id })
                .await?
            {
                Reply::Run(run) => run,
                other => return Err(unexpected(&other)),
            };
            table.row(cells(case, words, &run));
            let mut wrong = faults(case, expected, &run, self.quiet);
            match found::records(demo.path(), case.place, &demo.receivers) {
                Ok(records) => {
                    self.records += records.len();
                    wrong.extend(found::differences(case, expected, records));
                }
                Err(error) => wrong.push(format!("{}: {error}", case.sync)),
            }
            self.wrong
                .extend(wrong.into_iter().map(|text| format!("run {words}: {text}")));
        }
        Ok(())
    }

    fn conclude(mut self, demo: &Demo) -> Result<bool, Problem> {
        let refused = demo.receivers.refused();
        if refused > 0 {
            self.wrong.push(format!(
                "{refused} webhook requests were not signed as they must be"
            ));
        }
        say("");
        if self.wrong.is_empty() {
            say(format!(
                "every destination holds exactly what its mode says, after each of {} rounds: {} records checked field by field against the source",
                ROUNDS + 2,
                self.records
            ));
            return Ok(false);
        }
        say("not as it must be:");
        self.wrong.iter().for_each(|text| say(format!("  {text}")));
        Ok(true)
    }
}

fn cells(case: &Case, words: &str, run: &Run) -> Vec<String> {
    let counters = &run.counters;
    let mut cells = vec![
        case.sync.to_owned(),
        case.mode.to_string(),
        words.to_owned(),
    ];
    let numbers = [
        counters.create.done,
        counters.update.done,
        counters.delete.done,
        counters.unchanged,
        counters.invalid,
        counters.total(|tally| tally.rejected),
    ];
    cells.extend(numbers.iter().map(u64::to_string));
    cells
}

/// What a run should not have done or counted.
fn faults(case: &Case, expected: &Expected, run: &Run, quiet: bool) -> Vec<String> {
    let mut faults = Vec::new();
    let mut check = |right: bool, text: String| {
        if !right {
            faults.push(format!("{}: {text}", case.sync));
        }
    };
    let counters = &run.counters;
    let invalid = u64::try_from(expected.invalid).unwrap_or(u64::MAX);
    let rows = u64::try_from(expected.rows).unwrap_or(u64::MAX);
    let status = if invalid > 0 {
        RunStatus::CompletedWithErrors
    } else {
        RunStatus::Completed
    };
    let why = run
        .error
        .as_ref()
        .map_or_else(String::new, |error| format!(" ({error})"));
    check(
        run.status == status,
        format!("the run ended {} instead of {status}{why}", run.status),
    );
    check(counters.add_up(), "the counters do not add up".to_owned());
    check(
        counters.read == rows,
        format!("read {} of {rows} rows", counters.read),
    );
    check(
        counters.invalid == invalid,
        format!("{} rows invalid, not {invalid}", counters.invalid),
    );
    let open = counters.total(|t| t.rejected + t.unknown + t.pending + t.held + t.unsent);
    check(open == 0, format!("{open} operations were not accepted"));
    let planned = counters.total(|tally| tally.planned);
    check(
        !quiet || planned == 0,
        format!("{planned} operations though nothing had changed"),
    );
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{RunId, SyncId};
    use crate::domain::run::{RunOptions, Trigger};

    fn completed() -> Run {
        Run {
            id: RunId::from_bits(1),
            sync: SyncId::from_bits(1),
            revision: 1,
            trigger: Trigger::Manual,
            options: RunOptions::default(),
            mode: CASES[0].mode,
            status: RunStatus::Completed,
            phase: None,
            queued_at: chrono::DateTime::UNIX_EPOCH,
            started_at: None,
            ended_at: None,
            error: None,
            retry_at: None,
            plan_hash: None,
            counters: crate::domain::run::Counters::default(),
            phases: Vec::new(),
        }
    }

    #[test]
    fn a_run_that_read_nothing_of_nothing_is_right_and_one_that_sent_something_is_not() {
        let (case, expected) = (&CASES[0], Expected::default());
        let mut run = completed();
        assert_eq!(faults(case, &expected, &run, true), Vec::<String>::new());
        run.counters.read = 1;
        run.counters.create.plan();
        let told = faults(case, &expected, &run, true);
        assert!(
            told.iter().any(|text| text.contains("read 1 of 0 rows")),
            "{told:?}"
        );
        assert!(
            told.iter()
                .any(|text| text.contains("1 operations were not accepted")),
            "{told:?}"
        );
        assert!(
            told.iter()
                .any(|text| text.contains("though nothing had changed")),
            "{told:?}"
        );
    }
}
