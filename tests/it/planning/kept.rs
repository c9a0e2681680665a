//! Histories that were planned wrongly once.

use signalsmith::domain::destination::IdentifierForm;
use signalsmith::domain::mode::Mode;

use super::history::Edit::{Keyless, Remove, Set};
use super::history::{Edit, Run, live};
use super::world::{Settings, settings};

/// A verdict: accepted.
const ACCEPTED: u8 = 0;
/// A verdict: unknown, and written.
const UNKNOWN: u8 = 6;

fn mirrored(edits: &[Edit], verdict: u8) -> Run {
    Run {
        edits: edits.to_vec(),
        settings: Settings {
            form: IdentifierForm::CaseFolded,
            ..settings(Mode::Mirror)
        },
        verdicts: vec![verdict],
        fold: false,
    }
}

#[test]
fn a_doubtful_write_whose_record_is_anothers_now_is_settled_once() {
    live(&[
        mirrored(&[Set(4, Some(0), 0), Keyless(Some(0), 0)], ACCEPTED),
        mirrored(&[Set(4, Some(3), 0)], UNKNOWN),
        mirrored(&[Set(0, Some(3), 0), Remove(4)], ACCEPTED),
    ]);
}

#[test]
fn a_key_that_loses_its_record_keeps_its_doubtful_write_elsewhere_in_sight() {
    let moved = [
        Set(0, Some(3), 0),
        Set(1, Some(3), 0),
        Set(2, Some(0), 0),
        Set(5, Some(2), 0),
    ];
    live(&[
        mirrored(&[Set(5, Some(3), 0)], ACCEPTED),
        mirrored(&moved, UNKNOWN),
        mirrored(&[Remove(5), Set(0, Some(2), 3)], ACCEPTED),
    ]);
}

#[test]
fn an_adopted_record_that_was_perhaps_written_since_stays_in_sight_and_stays() {
    let mut adopts = mirrored(&[Set(0, Some(0), 0)], ACCEPTED);
    adopts.settings.adopt = true;
    let mut resends = mirrored(&[], UNKNOWN);
    resends.settings.full = true;
    let mut remaps = mirrored(&[], ACCEPTED);
    remaps.settings.by_key = true;
    live(&[adopts, resends, remaps]);
}
