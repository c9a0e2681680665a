//! The end of a history: nothing fails and nothing changes any more, and all comes to rest where it
//! should.

use std::collections::{BTreeMap, BTreeSet};

use signalsmith::domain::mode::Mode;

use super::history::{Change, Row, Step, Take};
use super::mapped;
use super::play::Play;
use crate::support::scripted::{Record, normal};

/// Runs after which all is at rest, when nothing fails any more.
const MOST_QUIET_RUNS: usize = 6;

impl Play<'_> {
    /// When nothing fails and nothing changes any more, all comes to rest where it should.
    pub fn rest(&mut self) {
        self.settle_rows();
        if self.settings.paused {
            self.change(&Change::Pause(false));
        }
        let quiet = Step {
            edits: Vec::new(),
            change: None,
            take: Take::Approve,
            fates: BTreeMap::new(),
            silence: None,
            again: None,
            approves: true,
        };
        for _ in 0..MOST_QUIET_RUNS {
            self.step(&quiet);
            if self.is_at_rest {
                break;
            }
        }
        // An update that meets no record is refused for ever.
        let is_done = self.is_at_rest || self.settings.mode == Mode::Update;
        assert!(is_done, "still not at rest: {:#?}", self.state);
        self.check_rest();
    }

    /// Leaves only rows that can be sent.
    fn settle_rows(&mut self) {
        let (which, mapping) = (self.settings.key, self.settings.mapping);
        let mut keys = BTreeSet::new();
        let mut identifiers = BTreeSet::new();
        let form = self.start.form;
        self.rows.retain(|_, rows| {
            rows.truncate(1);
            let Some(row) = rows.first() else {
                return false;
            };
            let Ok(mapped) = mapped::map(mapping, row) else {
                return false;
            };
            let Some(key) = mapped::key(which, row) else {
                return false;
            };
            keys.insert(key) && identifiers.insert(normal(form, &mapped.identifier))
        });
    }

    fn check_rest(&self) {
        let there = self.there();
        let there = there.there();
        let records = there.objects.get(&self.settings.object_name());
        let held = records
            .map(|records| records.held.clone())
            .unwrap_or_default();
        let mapped = |row: &Row| mapped::map(self.settings.mapping, row).unwrap();
        let wanted: BTreeMap<String, Record> = self
            .rows()
            .iter()
            .map(mapped)
            .map(|mapped| (self.normal(&mapped.identifier), mapped.record))
            .collect();
        let adopts = self.settings.from_now;
        if self.is_plain && !adopts {
            for (at, record) in &wanted {
                let there = held.get(at);
                let has_all = record
                    .iter()
                    .all(|(field, value)| there.and_then(|there| there.get(field)) == Some(value));
                assert!(has_all, "{at}: {record:?} is not in {there:?}");
            }
        }
        if let Some(ours) = self.ours.as_ref().filter(|_| !adopts) {
            for at in ours {
                let lost = held.contains_key(at) && !wanted.contains_key(at);
                assert!(!lost, "{at} is left behind: {:?}", held.get(at));
            }
        }
    }
}
