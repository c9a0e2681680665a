//! The Audit screen: who changed what, newest first, with each change field by field.

mod update;
mod view;

use crate::domain::browse::AuditLine;
use crate::tui::requests::Waiting;
use crate::tui::widgets::table::{Listing, Table};

/// Entries that one reading asks for.
const PAGE: u32 = 200;
/// Entries that are kept.
const KEPT: usize = 5_000;
/// The least time between two readings of the newest entries, in milliseconds.
const PACE_MS: u64 = 1_000;

/// The audit trail.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    /// Entries that were read, newest first.
    lines: Vec<AuditLine>,
    more: bool,
    waiting: Waiting<()>,
    /// The number before which the entries stand that are being read; nothing for the newest.
    before: Option<u64>,
    /// The entry on which the cursor is to stand once it is here.
    wanted: Option<u64>,
    /// The state of the world when the newest were last asked for.
    seen: Option<u64>,
    read_ms: u64,
    table: Table,
    version: u64,
}

impl Audit {
    /// The trail with the cursor on one entry.
    pub(crate) fn at(number: u64) -> Self {
        Self {
            wanted: Some(number),
            ..Self::default()
        }
    }

    fn selected(&self) -> Option<&AuditLine> {
        self.lines.get(self.table.selected()?)
    }

    /// Takes entries that were read; numbers have no gaps, so what meets is joined.
    fn take(&mut self, lines: Vec<AuditLine>) {
        let full = lines.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
        let joins = match (self.before.take(), lines.last(), self.lines.first()) {
            (Some(_), _, _) => {
                self.lines.extend(lines);
                self.more = full;
                None
            }
            (None, Some(last), Some(first)) if last.number <= first.number + 1 => {
                let newest = first.number;
                let new = lines.into_iter().filter(|line| line.number > newest);
                Some(new.collect::<Vec<_>>())
            }
            (None, _, _) => {
                self.lines = lines;
                self.more = full;
                None
            }
        };
        if let Some(new) = joins {
            self.lines.splice(0..0, new);
        }
        self.more &= self.lines.len() < KEPT;
        self.lines.truncate(KEPT);
        self.version += 1;
    }
}

impl Listing for Audit {
    fn total(&self) -> usize {
        self.lines.len()
    }

    fn id(&self, at: usize) -> String {
        let line = self.lines.get(at);
        line.map_or(String::new(), |line| line.number.to_string())
    }

    fn text(&self, at: usize) -> String {
        self.lines.get(at).map_or(String::new(), |line| {
            let fields: Vec<&str> = line
                .fields
                .iter()
                .map(|(name, _, _)| name.as_str())
                .collect();
            format!(
                "{} {} {} {} {} {}",
                line.actor,
                line.action,
                line.kind,
                line.name,
                line.resource,
                fields.join(" ")
            )
        })
    }

    fn orders(&self) -> &'static [&'static str] {
        &["newest"]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(numbers: impl DoubleEndedIterator<Item = u64>) -> Vec<AuditLine> {
        let line = |number| AuditLine {
            number,
            at: chrono::DateTime::from_timestamp(0, 0).unwrap(),
            actor: "local".into(),
            action: "update".into(),
            kind: "sync".into(),
            resource: String::new(),
            name: String::new(),
            revision: 0,
            fields: Vec::new(),
        };
        numbers.rev().map(line).collect()
    }

    fn numbers(audit: &Audit) -> (u64, u64, usize) {
        let first = audit.lines.first().unwrap().number;
        let last = audit.lines.last().unwrap().number;
        (first, last, audit.lines.len())
    }

    #[test]
    fn pages_join_at_both_ends_without_gaps_or_doubles() {
        let mut audit = Audit::default();
        audit.take(lines(301..=500));
        assert!(audit.more);
        audit.before = Some(301);
        audit.take(lines(101..=300));
        audit.take(lines(303..=502));
        assert_eq!(numbers(&audit), (502, 101, 402));
        audit.before = Some(101);
        audit.take(lines(1..=100));
        assert!(!audit.more);
        assert_eq!(numbers(&audit), (502, 1, 502));
        audit.take(lines(801..=1_000));
        assert_eq!(numbers(&audit), (1_000, 801, 200));
        assert!(audit.more);
    }
}
