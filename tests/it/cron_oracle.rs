//! Cron slots against another implementation, croner, around changes of the clock.
//!
//! `SIGNALSMITH_CRON_CASES` sets the number of expressions, `SIGNALSMITH_CRON_SEED` the seed.
//! What the two rule differently by design is left out, as said at each place below; our own rules
//! are checked there by a search minute by minute, beside the code.

use std::str::FromStr as _;

use chrono::{DateTime, Offset as _, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha12Rng;
use signalsmith::domain::schedule::{CronSchedule, ScheduleError};

/// Expressions, unless the environment says otherwise.
const CASES: u64 = 2_000;
/// Slots that are compared of each.
const SLOTS: usize = 12;

/// Zones with clocks that are changed by an hour, half an hour and two; at two o'clock, at
/// midnight; north and south; by Ramadan; and not at all. None skips into another day: croner drops
/// a time in such a gap where its day is restricted (Apia, Nuuk).
const ZONES: [Tz; 10] = [
    Tz::Europe__Berlin,
    Tz::America__New_York,
    Tz::Australia__Lord_Howe,
    Tz::Antarctica__Troll,
    Tz::America__Santiago,
    Tz::America__Havana,
    Tz::Pacific__Chatham,
    Tz::Africa__Casablanca,
    Tz::Africa__Cairo,
    Tz::Asia__Kolkata,
];

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// The changes of a zone's clock from 2018 to 2034, to the hour.
fn changes(zone: Tz) -> Vec<DateTime<Utc>> {
    let offset = |at: &DateTime<Utc>| zone.offset_from_utc_datetime(&at.naive_utc()).fix();
    let start = Utc.with_ymd_and_hms(2018, 1, 1, 0, 0, 0).unwrap();
    let hour = TimeDelta::hours(1);
    let days = (0..16 * 365).map(|day| start + TimeDelta::days(day));
    let changed = days.filter(|day| offset(day) != offset(&(*day + TimeDelta::days(1))));
    let to_the_hour = |day: DateTime<Utc>| {
        let hours = std::iter::successors(Some(day), |at| Some(*at + hour));
        let mut hours = hours.skip_while(|at| offset(at) == offset(&day));
        hours.next().unwrap()
    };
    changed.map(to_the_hour).collect()
}

/// One field; `stepped` says whether it may have a step.
///
/// A range whose step leaves one number (`5-6/3`) is left out: to us it is one fixed number, which
/// daylight saving does not take away, to croner it is a pattern. A step without a range (`5/15`)
/// is refused by us.
fn field(random: &mut ChaCha12Rng, min: u32, max: u32, stepped: bool) -> String {
    let one = |random: &mut ChaCha12Rng| random.random_range(min..=max);
    match random.random_range(0..10) {
        0..=2 => "*".to_owned(),
        3..=5 => one(random).to_string(),
        6 => {
            let count = random.random_range(2..5);
            let all: Vec<String> = (0..count).map(|_| one(random).to_string()).collect();
            all.join(",")
        }
        7 if stepped => format!("*/{}", random.random_range(1..=max / 2)),
        8 if stepped => {
            let (from, step) = (random.random_range(min..max), random.random_range(1..4));
            let to = (from + step + random.random_range(0..6)).min(max);
            if from + step <= to {
                format!("{from}-{to}/{step}")
            } else {
                format!("{from}-{max}")
            }
        }
        _ => {
            let (a, b) = (one(random), one(random));
            format!("{}-{}", a.min(b), a.max(b))
        }
    }
}

/// Names where numbers could stand, in any letter case.
fn named(random: &mut ChaCha12Rng, field: String, names: &[&str], first: usize) -> String {
    let number = field.parse::<usize>().ok();
    match number.and_then(|number| names.get(number.checked_sub(first)?)) {
        Some(name) if random.random_bool(0.5) => (*name).to_owned(),
        _ => field,
    }
}

fn expression(random: &mut ChaCha12Rng) -> String {
    let minute = field(random, 0, 59, true);
    // Small hours come often: there the clock is changed.
    let last = if random.random_bool(0.7) { 4 } else { 23 };
    let hour = field(random, 0, last, true);
    // With a step behind `*` a day field is still no restriction to us (Vixie's rule), but one to
    // croner, so that either day may match: steps in a day field only where the other is `*`.
    let (day, week) = match random.random_range(0..4) {
        0 => ("*".to_owned(), "*".to_owned()),
        1 => (field(random, 1, 31, true), "*".to_owned()),
        2 => ("*".to_owned(), field(random, 0, 7, true)),
        _ => (field(random, 1, 31, false), field(random, 0, 7, false)),
    };
    let week = named(
        random,
        week,
        &["sun", "MON", "Tue", "wed", "thu", "FRI", "sat"],
        0,
    );
    let months = [
        "jan", "FEB", "Mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov",
    ];
    let month = match random.random_range(0..4) {
        0 => field(random, 1, 12, true),
        _ => "*".to_owned(),
    };
    let month = named(random, month, &months, 1);
    let five = format!("{minute} {hour} {day} {month} {week}");
    // Also where one number is written as a list or a range.
    let is_one = |field: &str| {
        let mut numbers = field.split([',', '-']).map(str::parse::<u32>);
        let first = numbers.next();
        matches!(first, Some(Ok(_))) && numbers.all(|other| Some(other) == first)
    };
    match random.random_range(0..4) {
        // A fixed hour and minute with several seconds is fixed to us, but a pattern to croner.
        0 if is_one(&minute) && is_one(&hour) => {
            format!("{} {five}", random.random_range(0..60))
        }
        0 => format!("{} {five}", field(random, 0, 59, true)),
        _ => five,
    }
}

#[test]
fn slots_are_those_of_croner_around_every_change_of_the_clock() {
    let seed = number("SIGNALSMITH_CRON_SEED", 1);
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    let changes: Vec<(Tz, Vec<DateTime<Utc>>)> =
        ZONES.iter().map(|zone| (*zone, changes(*zone))).collect();
    let with_changes = changes.iter().filter(|(_, changes)| changes.len() > 10);
    assert_eq!(with_changes.count(), 9, "{changes:?}");
    let (mut compared, mut impossible) = (0, 0);
    while compared < number("SIGNALSMITH_CRON_CASES", CASES) {
        let text = expression(&mut random);
        let (zone, changes) = changes.choose(&mut random).unwrap();
        let quiet = Utc.with_ymd_and_hms(2025, 12, 31, 12, 0, 0).unwrap();
        let near = changes.choose(&mut random).copied().unwrap_or(quiet);
        let from = near + TimeDelta::seconds(random.random_range(-130_000..130_000));
        let ours = match CronSchedule::parse(&text) {
            Ok(ours) => ours,
            Err(ScheduleError::Impossible { .. }) => {
                impossible += 1;
                continue;
            }
            Err(error) => panic!("{text}: {error}"),
        };
        let theirs = croner::Cron::from_str(&text).unwrap();
        let mut at = from;
        for nth in 0..SLOTS {
            let slot = ours.next_after(at, *zone);
            let wanted = theirs.find_next_occurrence(&at.with_timezone(zone), false);
            let wanted = wanted.map(|slot| slot.with_timezone(&Utc)).ok();
            assert_eq!(
                slot, wanted,
                "slot {nth} of `{text}` in {zone} after {at} (from {from}, seed {seed})"
            );
            at = slot.unwrap();
        }
        compared += 1;
    }
    assert!(impossible < compared / 10, "{impossible} of {compared}");
}
