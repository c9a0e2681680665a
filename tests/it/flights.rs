//! The guide of the README, walked as a newcomer walks it: real data, the real program.

use rusqlite::Connection;

use crate::support::flights;
use crate::support::program::Program;

const README: &str = include_str!("../../README.md");

/// A folder in which the guide has been followed up to `apply`.
fn walk() -> Program {
    let program = Program::new();
    flights::load(&program.path("flights.db"));
    let resources = README
        .split("<!-- flights.toml -->\n```toml\n")
        .nth(1)
        .unwrap();
    let resources = resources.split("\n```").next().unwrap();
    std::fs::write(program.path("flights.toml"), resources).unwrap();
    program.ok(&["init", "--name", "flights"]);
    let applied = program.ok(&["apply", "flights.toml", "--yes"]);
    assert_eq!(applied.matches("+ create sync").count(), 4, "{applied}");
    program
}

/// Counts rows over the copy, with the source attached as `source`.
fn count(program: &Program, sql: &str) -> i64 {
    let copy = Connection::open(program.path("copy.db")).unwrap();
    let source = program.path("flights.db");
    copy.execute("ATTACH ? AS source", [source.to_str().unwrap()])
        .unwrap();
    copy.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Rows that one of two queries gives and the other does not.
fn differing(program: &Program, one: &str, other: &str) -> i64 {
    let sql = format!(
        "SELECT (SELECT count(*) FROM ({one} EXCEPT {other})) + (SELECT count(*) FROM ({other} EXCEPT {one}))"
    );
    count(program, &sql)
}

fn change(program: &Program, sql: &str) {
    Connection::open(program.path("flights.db"))
        .unwrap()
        .execute_batch(sql)
        .unwrap();
}

/// Runs a sync, which must end with `code`, and gives its counters.
fn run(program: &Program, sync: &str, code: i32) -> serde_json::Value {
    let run = program.json(code, &["run", sync, "--wait", "--json"]);
    let counters = run["counters"].clone();
    let number = |path: &str| counters.pointer(path).unwrap().as_u64().unwrap();
    let rows = [
        "/unchanged",
        "/invalid",
        "/skipped",
        "/create/planned",
        "/update/planned",
    ];
    assert_eq!(
        number("/read"),
        rows.map(number).iter().sum::<u64>(),
        "{counters}"
    );
    counters
}

fn done(counters: &serde_json::Value) -> [u64; 5] {
    [
        "/create/done",
        "/update/done",
        "/delete/done",
        "/unchanged",
        "/invalid",
    ]
    .map(|path| counters.pointer(path).unwrap().as_u64().unwrap())
}

const AIRPORTS: (&str, &str) = (
    "SELECT faa, name, cast(lat AS real), cast(lon AS real), cast(alt AS integer), nullif(tzone, 'NA') FROM source.airports",
    "SELECT code, name, lat, lon, feet, zone FROM main.airports",
);
const PLANES: (&str, &str) = (
    "SELECT tailnum, manufacturer || ' ' || model, cast(nullif(year, 'NA') AS integer), cast(engines AS integer), cast(seats AS integer) FROM source.planes",
    "SELECT tailnum, name, built, engines, seats FROM main.planes",
);

#[test]
fn airports_are_planned_sent_and_then_only_changes_are_sent() {
    let program = walk();
    let plan = program.json(0, &["plan", "Airports", "--json", "--limit", "3"]);
    assert_eq!(plan["operations"].as_array().unwrap().len(), 3);
    assert_eq!(plan["counters"]["create"]["planned"], 1_458);
    assert!(!program.path("copy.db").exists(), "a plan sends nothing");

    assert_eq!(done(&run(&program, "Airports", 0)), [1_458, 0, 0, 0, 0]);
    assert_eq!(differing(&program, AIRPORTS.0, AIRPORTS.1), 0);

    change(
        &program,
        "UPDATE airports SET name = 'Idlewild' WHERE faa = 'JFK'",
    );
    assert_eq!(done(&run(&program, "Airports", 0)), [0, 1, 0, 1_457, 0]);
    assert_eq!(differing(&program, AIRPORTS.0, AIRPORTS.1), 0);
    assert_eq!(done(&run(&program, "Airports", 0)), [0, 0, 0, 1_458, 0]);

    let history = program.ok(&["history", "JFK", "--sync", "Airports"]);
    assert!(
        history.contains("Idlewild") && history.contains("John F Kennedy Intl"),
        "{history}"
    );
}

#[test]
fn planes_are_mirrored_and_too_many_deletes_are_held() {
    let program = walk();
    assert_eq!(done(&run(&program, "Planes", 0)), [3_322, 0, 0, 0, 0]);
    assert_eq!(differing(&program, PLANES.0, PLANES.1), 0);

    change(
        &program,
        "DELETE FROM planes WHERE tailnum = 'N10156';
         UPDATE planes SET seats = '56' WHERE tailnum = 'N102UW';
         INSERT INTO planes VALUES ('N0NEW', 'NA', 'Fixed wing', 'AIRBUS', 'A220', '2', '120', 'NA', 'Turbo-fan');",
    );
    assert_eq!(done(&run(&program, "Planes", 0)), [1, 1, 1, 3_320, 0]);
    assert_eq!(differing(&program, PLANES.0, PLANES.1), 0);

    change(
        &program,
        "DELETE FROM planes WHERE manufacturer LIKE 'BOEING%'",
    );
    let held = run(&program, "Planes", 4);
    assert!(held["delete"]["held"].as_u64().unwrap() > 332, "{held}");
    assert_eq!(done(&held)[2], 0);
    assert_eq!(count(&program, "SELECT count(*) FROM main.planes"), 3_322);
}

#[test]
fn flights_are_appended_each_key_once() {
    let program = walk();
    assert_eq!(done(&run(&program, "Flights", 0)), [5_000, 0, 0, 0, 0]);
    change(
        &program,
        "UPDATE flights SET dest = 'XXX' WHERE rowid <= 100;
         DELETE FROM flights WHERE rowid BETWEEN 101 AND 110;
         INSERT INTO flights SELECT * FROM flights WHERE rowid = 1;
         UPDATE flights SET flight = '9999' WHERE rowid = (SELECT max(rowid) FROM flights);",
    );
    let counters = run(&program, "Flights", 0);
    assert_eq!(done(&counters), [1, 0, 0, 4_890, 0]);
    assert_eq!(counters["skipped"], 100, "an append never updates");
    let lines = std::fs::read_to_string(program.path("out/flights.jsonl")).unwrap();
    let mut keys = std::collections::BTreeSet::new();
    for line in lines.lines() {
        let flight: serde_json::Value = serde_json::from_str(line).unwrap();
        let key = ["year", "month", "day", "carrier", "flight", "origin"];
        assert!(
            keys.insert(key.map(|name| flight[name].to_string())),
            "{line}"
        );
        assert!(
            flight["hour"].as_str().unwrap().ends_with(":00:00Z"),
            "{line}"
        );
        assert!(
            flight["dest"] != "XXX" || flight["flight"] == 9_999,
            "{line}"
        );
    }
    assert_eq!(keys.len(), 5_001);
}

#[test]
fn the_hour_that_came_twice_is_invalid_and_on_record() {
    let program = walk();
    assert_eq!(done(&run(&program, "Weather", 3)), [2_994, 0, 0, 0, 6]);
    let rows = program.ok(&["rows", "Weather", "--json"]);
    let mut origins = Vec::new();
    for line in rows.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&row["verdict"], &row["code"]),
            (&"invalid".into(), &"duplicate_key".into())
        );
        assert_eq!(
            (&row["key"]["day"], &row["key"]["hour"]),
            (&3.into(), &1.into()),
            "{row}"
        );
        origins.push(row["key"]["origin"].as_str().unwrap().to_owned());
    }
    origins.sort();
    origins.dedup();
    assert_eq!(origins, ["EWR", "JFK", "LGA"]);
    let source = "SELECT origin, cast(day AS integer), cast(hour AS integer), count(*) FROM source.weather
         WHERE NOT (month = '11' AND day = '3' AND hour = '1') GROUP BY origin, year, month, day, hour";
    let copy = "SELECT origin, day, hour, 1 FROM main.weather";
    assert_eq!(count(&program, "SELECT count(*) FROM main.weather"), 2_994);
    assert_eq!(differing(&program, source, copy), 0);
    // The next run tries them again, sends nothing, and still says so.
    assert_eq!(done(&run(&program, "Weather", 3)), [0, 0, 0, 2_994, 6]);
    change(
        &program,
        "DELETE FROM weather WHERE time_hour = '2013-11-03T06:00:00Z'",
    );
    assert_eq!(done(&run(&program, "Weather", 0)), [3, 0, 0, 2_994, 0]);
}
