//! What each destination must hold after each round, by the rules of the sync's mode.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use crate::domain::mode::Mode;

use super::truth::{self, Candidate, Record};

/// Where a sync's records are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A table of the copy.
    Table(&'static str),
    /// A file of JSON lines.
    Lines(&'static str),
    /// The receiver of contacts.
    Contacts,
    /// The receiver of the audience.
    Audience,
}

/// One sync of the demo, as its check sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case {
    pub sync: &'static str,
    pub mode: Mode,
    pub place: Place,
    /// The fields that a record is matched by.
    pub identifier: &'static [&'static str],
    /// Reads the model's rows from the source.
    pub read: fn(&Connection) -> rusqlite::Result<Vec<Candidate>>,
}

/// Every sync of the demo.
pub(super) const CASES: &[Case] = &[
    Case {
        sync: "Customer table",
        mode: Mode::Upsert,
        place: Place::Table("customers"),
        identifier: &["email"],
        read: truth::customers_to_table,
    },
    Case {
        sync: "Active table",
        mode: Mode::Mirror,
        place: Place::Table("active_customers"),
        identifier: &["id"],
        read: truth::active_to_table,
    },
    Case {
        sync: "Event table",
        mode: Mode::Append,
        place: Place::Table("order_events"),
        identifier: &["order_no", "event"],
        read: truth::events_to_table,
    },
    Case {
        sync: "Customer file",
        mode: Mode::Mirror,
        place: Place::Lines("customers.jsonl"),
        identifier: &["id"],
        read: truth::customers_to_lines,
    },
    Case {
        sync: "Order file",
        mode: Mode::Append,
        place: Place::Lines("orders.jsonl"),
        identifier: &["order_no"],
        read: truth::orders_to_lines,
    },
    Case {
        sync: "Contact hook",
        mode: Mode::Upsert,
        place: Place::Contacts,
        identifier: &["email"],
        read: truth::customers_to_webhook,
    },
    Case {
        sync: "Spender hook",
        mode: Mode::Mirror,
        place: Place::Audience,
        identifier: &["hashed_email"],
        read: truth::spenders_to_webhook,
    },
];

/// A record with the key of the row that it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    key: String,
    record: Record,
}

/// What one destination's object must hold.
#[derive(Debug, Default)]
pub(super) struct Expected {
    held: BTreeMap<String, Held>,
    /// Rows of the latest round.
    pub rows: usize,
    /// Rows of the latest round that must have been stopped before sending.
    pub invalid: usize,
}

impl Expected {
    /// Takes a round in which the model gave `candidates`.
    pub fn advance(&mut self, mode: Mode, candidates: Vec<Candidate>) {
        let mut spoiled: BTreeSet<String> = candidates
            .iter()
            .filter_map(|row| row.key.clone())
            .collect();
        self.rows = candidates.len();
        let valid = valid(candidates);
        self.invalid = self.rows - valid.len();
        match mode {
            Mode::Append | Mode::Insert => {
                for (identifier, held) in valid {
                    self.held.entry(identifier).or_insert(held);
                }
            }
            Mode::Upsert | Mode::Update => self.held.extend(valid),
            Mode::Mirror => {
                // A row that is there but invalid keeps the record that it had.
                for held in valid.values() {
                    spoiled.remove(&held.key);
                }
                self.held.retain(|_, held| spoiled.contains(&held.key));
                self.held.extend(valid);
            }
        }
    }

    /// The records by identifier.
    pub fn records(&self) -> impl Iterator<Item = (&String, &Record)> {
        self.held
            .iter()
            .map(|(identifier, held)| (identifier, &held.record))
    }

    /// The record of an identifier.
    pub fn get(&self, identifier: &str) -> Option<&Record> {
        self.held.get(identifier).map(|held| &held.record)
    }
}

/// The rows that can be sent: with a key and an identifier that no other row has, all values right.
fn valid(candidates: Vec<Candidate>) -> BTreeMap<String, Held> {
    let mut keys: BTreeMap<String, usize> = BTreeMap::new();
    for key in candidates.iter().filter_map(|row| row.key.clone()) {
        *keys.entry(key).or_default() += 1;
    }
    let mut by_identifier: BTreeMap<String, Vec<Held>> = BTreeMap::new();
    for candidate in candidates {
        let (Some(key), Some(identifier), Some(record)) =
            (candidate.key, candidate.identifier, candidate.record)
        else {
            continue;
        };
        if keys.get(&key) == Some(&1) {
            by_identifier
                .entry(identifier)
                .or_default()
                .push(Held { key, record });
        }
    }
    let alone = |(identifier, mut held): (String, Vec<Held>)| {
        let only = held.pop()?;
        held.is_empty().then_some((identifier, only))
    };
    by_identifier.into_iter().filter_map(alone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(key: &str, identifier: &str, value: Option<&str>) -> Candidate {
        let record = |value: &str| [("v".to_owned(), Some(value.to_owned()))].into();
        Candidate {
            key: Some(key.to_owned()),
            identifier: Some(identifier.to_owned()),
            record: value.map(record),
        }
    }

    fn after(mode: Mode, rounds: Vec<Vec<Candidate>>) -> Vec<(String, String)> {
        let mut expected = Expected::default();
        for candidates in rounds {
            expected.advance(mode, candidates);
        }
        let value = |record: &Record| record["v"].clone().unwrap();
        expected
            .records()
            .map(|(identifier, record)| (identifier.clone(), value(record)))
            .collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect()
    }

    fn two_rounds() -> Vec<Vec<Candidate>> {
        vec![
            vec![
                row("1", "a", Some("old")),
                row("2", "b", Some("old")),
                row("3", "c", Some("old")),
            ],
            vec![
                row("1", "a", Some("new")),
                row("3", "c", None),
                row("4", "d", Some("new")),
            ],
        ]
    }

    #[test]
    fn each_mode_keeps_what_its_rule_says() {
        let upsert = pairs(&[("a", "new"), ("b", "old"), ("c", "old"), ("d", "new")]);
        assert_eq!(after(Mode::Upsert, two_rounds()), upsert);
        let mirror = pairs(&[("a", "new"), ("c", "old"), ("d", "new")]);
        assert_eq!(after(Mode::Mirror, two_rounds()), mirror);
        let append = pairs(&[("a", "old"), ("b", "old"), ("c", "old"), ("d", "new")]);
        assert_eq!(after(Mode::Append, two_rounds()), append);
    }

    #[test]
    fn rows_that_share_a_key_or_an_identifier_are_invalid() {
        let rows = vec![
            row("1", "a", Some("x")),
            row("1", "b", Some("x")),
            row("2", "c", Some("x")),
            row("3", "c", Some("x")),
        ];
        let mut expected = Expected::default();
        expected.advance(Mode::Upsert, rows);
        assert_eq!(
            (expected.held.len(), expected.rows, expected.invalid),
            (0, 4, 4)
        );
    }
}
