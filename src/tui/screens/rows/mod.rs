//! Rows by cause: why rows of a run need a look, what was edited before, and what can be done.

mod asking;
mod update;
mod view;
mod words;

use std::cmp::Ordering;

use crate::domain::browse::Cause;
use crate::domain::command::{RowEntry, RowFilter};
use crate::domain::problem::Problem;
use crate::domain::run::Run;
use crate::tui::requests::Waiting;
use crate::tui::widgets::table::{Listing, Table};

/// Rows that one reading asks for.
const PAGE: u32 = 100;
/// Rows of one cause that are kept; an export has all.
const KEPT: usize = 2_000;

/// Where the keys go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Pane {
    #[default]
    Causes,
    Rows,
}

/// The rows of the selected cause, as far as they were reached.
#[derive(Debug, Default)]
struct Entries {
    /// Which rows these are; nothing where none were asked for.
    filter: Option<RowFilter>,
    rows: Vec<RowEntry>,
    more: bool,
    waiting: Waiting<()>,
    cursor: usize,
    top: usize,
    height: usize,
}

/// The page of a run's rows.
#[derive(Debug)]
pub(crate) struct Rows {
    run: Run,
    causes: Waiting<Vec<Cause>>,
    table: Table,
    version: u64,
    pane: Pane,
    entries: Entries,
    /// Text that keys must have to be listed.
    key: String,
    unmask: bool,
    /// What was ordered and not answered, with its token.
    doing: Option<(u64, &'static str)>,
}

impl Rows {
    pub(crate) fn of(run: &Run) -> Self {
        Self {
            run: run.clone(),
            causes: Waiting::Not,
            table: Table::default(),
            version: 0,
            pane: Pane::Causes,
            entries: Entries::default(),
            key: String::new(),
            unmask: false,
            doing: None,
        }
    }

    /// The cause on which the cursor stands.
    fn cause(&self) -> Option<&Cause> {
        self.causes.here()?.get(self.table.selected()?)
    }

    /// The row on which the cursor stands, the first of the cause before a person chose one.
    fn row(&self) -> Option<&RowEntry> {
        self.entries.rows.get(self.entries.cursor)
    }

    /// The rows that are to be listed now.
    fn wanted(&self) -> Option<RowFilter> {
        let cause = self.cause()?;
        Some(RowFilter {
            verdict: Some(cause.verdict.clone()),
            code: Some(cause.code.clone()),
            field: Some(cause.field.clone().unwrap_or_default()),
            key: (!self.key.is_empty()).then(|| self.key.clone()),
            after: 0,
            limit: PAGE,
            unmask: self.unmask,
        })
    }

    /// Rows that a retry of the selected cause takes: those of every cause with its code.
    fn shared(&self) -> u64 {
        let Some(code) = self.cause().map(|cause| &cause.code) else {
            return 0;
        };
        let causes = self.causes.here().into_iter().flatten();
        causes
            .filter(|cause| cause.code == *code && cause.verdict != "held")
            .map(|cause| cause.rows)
            .sum()
    }
}

impl Entries {
    /// The rows after those that are here, where they are to be asked for.
    fn due(&self) -> Option<RowFilter> {
        let filter = self.filter.as_ref()?;
        if self.waiting.is_asked() || self.waiting.problem().is_some() {
            return None;
        }
        let reached = self.rows.is_empty() || self.cursor + self.height >= self.rows.len();
        (self.more && reached).then(|| RowFilter {
            after: self.rows.last().map_or(0, |row| row.place),
            ..filter.clone()
        })
    }

    fn take(&mut self, result: Result<Vec<RowEntry>, Problem>) {
        match result {
            Ok(rows) => {
                self.more = rows.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
                self.rows.extend(rows);
                self.more &= self.rows.len() < KEPT;
                self.waiting = Waiting::Here(());
            }
            Err(problem) => self.waiting = Waiting::Failed(problem),
        }
    }
}

struct Causes<'a>(&'a [Cause]);

impl Listing for Causes<'_> {
    fn total(&self) -> usize {
        self.0.len()
    }

    fn id(&self, at: usize) -> String {
        self.0.get(at).map_or(String::new(), |cause| {
            let field = cause.field.as_deref().unwrap_or_default();
            format!("{}\n{}\n{field}", cause.verdict, cause.code)
        })
    }

    fn text(&self, at: usize) -> String {
        self.0.get(at).map_or(String::new(), |cause| {
            let field = cause.field.as_deref().unwrap_or_default();
            format!("{} {} {field}", cause.verdict, cause.code)
        })
    }

    fn orders(&self) -> &'static [&'static str] {
        &["rows", "newest"]
    }

    fn compare(&self, order: usize, a: usize, b: usize) -> Ordering {
        let (Some(one), Some(other)) = (self.0.get(a), self.0.get(b)) else {
            return Ordering::Equal;
        };
        let by = match order {
            1 => other.since.cmp(&one.since),
            _ => other.rows.cmp(&one.rows),
        };
        // What nobody wants to hear of stands last.
        let ignored = |cause: &Cause| cause.ignored > 0 && cause.ignored >= cause.rows;
        let told = ignored(one).cmp(&ignored(other));
        told.then(by).then(a.cmp(&b))
    }
}
