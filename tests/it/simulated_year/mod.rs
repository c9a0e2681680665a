//! A year of 500 schedules in seconds: pauses, edits, downtime and a clock that is set, against a
//! naive reading of what product.md promises.
//!
//! `SIGNALSMITH_YEAR_SEED` sets the seed, `SIGNALSMITH_YEARS` the number of years, each with a seed
//! of its own.

mod calendar;
mod naive;
mod runs;
mod world;

use chrono::TimeDelta;
use chrono_tz::Tz;
use rand::RngExt as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha12Rng;
use signalsmith::domain::schedule::Schedule;

use world::{Tally, World, sync_id};

const SCHEDULES: usize = 500;

const FIXED: [&str; 8] = [
    "0 9 * * *",
    "30 2 * * *",
    "15 1 * * 1-5",
    "0 0 1 * *",
    "45 23 * * 0,3",
    "5 4 13 * 5",
    "30 0 7 2 * *",
    "0 3 29 2 *",
];
const WILDCARD: [&str; 8] = [
    "*/30 1-3 * * *",
    "0 */6 * * *",
    "15,45 8-9 * * 1-5",
    "0 * 1 * *",
    "10 2,3 * * *",
    "0 0,12 */3 * *",
    "*/20 2 * * sun",
    "0 */15 2 * * mon",
];
const WORDS: [&str; 6] = [
    "weekdays 9:00",
    "mon,thu 7:30",
    "daily 06:15",
    "@weekly",
    "@daily",
    "weekends 2:30",
];
const ZONES: [Tz; 8] = [
    Tz::UTC,
    Tz::Europe__Berlin,
    Tz::America__New_York,
    Tz::Australia__Lord_Howe,
    Tz::America__Santiago,
    Tz::Africa__Casablanca,
    Tz::Asia__Kolkata,
    Tz::Pacific__Apia,
];
const MINUTES: [u32; 9] = [180, 360, 720, 720, 1_440, 1_440, 1_440, 1_441, 10_080];

/// A schedule of the kind that stands at this place; those after others wait for earlier ones.
fn schedule(random: &mut ChaCha12Rng, place: usize) -> Schedule {
    let cron = |random: &mut ChaCha12Rng, among: &[&str]| Schedule::Cron {
        expression: (*among.choose(random).unwrap()).to_owned(),
        timezone: ZONES.choose(random).map(|zone| zone.name().to_owned()),
    };
    match place % 20 {
        0..=5 => Schedule::Interval {
            interval_minutes: *MINUTES.choose(random).unwrap(),
        },
        6 if place == 6 => Schedule::Interval {
            interval_minutes: 45,
        },
        6..=10 => cron(random, &FIXED),
        11..=13 => cron(random, &WILDCARD),
        14..=16 => cron(random, &WORDS),
        _ => {
            let count = random.random_range(1..=3);
            let mut earlier: Vec<usize> =
                (0..count).map(|_| random.random_range(0..place)).collect();
            earlier.sort_unstable();
            earlier.dedup();
            let syncs = earlier.iter().map(|it| sync_id(*it).to_string()).collect();
            Schedule::After { syncs }
        }
    }
}

fn grace(random: &mut ChaCha12Rng) -> TimeDelta {
    TimeDelta::hours(*[24, 24, 24, 0, 1, 72].choose(random).unwrap())
}

fn number(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn in_a_year_no_slot_runs_twice_none_is_lost_and_nothing_is_made_up() {
    let first = number("SIGNALSMITH_YEAR_SEED", 1);
    for seed in first..first + number("SIGNALSMITH_YEARS", 1) {
        let tally = World::new(seed, SCHEDULES).year();
        // A year in which something never happens proves nothing of it.
        let Tally {
            runs,
            in_time,
            missed,
            too_old,
            queued,
            covered,
            after,
            anchored,
            refused,
            starts,
        } = tally;
        assert!(in_time > 80_000 && runs > 80_000, "{tally:?}");
        assert!(missed > 500 && too_old > 100 && starts > 30, "{tally:?}");
        assert!(queued > 500 && covered > 100 && after > 5_000, "{tally:?}");
        assert!(anchored > 100 && refused > 10, "{tally:?}");
    }
}
