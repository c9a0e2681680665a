//! What writing takes beside the destination: acknowledgements on disk, and the HTTP sender.

use crate::cases::{Bench, SINK};
use crate::data::Version;
use crate::measure::{Measured, fastest, in_child};
use crate::sender::{self, BATCH, CONCURRENCY, Server};
use crate::table::{Budget, parts};
use crate::workspace::{Source, put_data};

/// Rows whose acknowledgement is timed.
const ACKNOWLEDGED: u64 = 100_000;
/// Rows that are sent over HTTP, by latency in milliseconds.
const SENT: [(u64, u64); 2] = [(0, 1_000_000), (20, 400_000)];

/// Acknowledgements in small and in large batches, beside the same bytes appended to a plain file.
pub fn acknowledgements(bench: &Bench) {
    let rows = ACKNOWLEDGED.min(bench.options.rows);
    // Small batches are those of a webhook, of which many are under way; a large one goes alone.
    for (batch, together) in [(BATCH, CONCURRENCY), (5_000, 1)] {
        let name = format!("acknowledge {rows} rows in batches of {batch}, {together} at once");
        if !bench.options.wants(&name) {
            continue;
        }
        let (mut floors, mut all) = (Vec::new(), Vec::new());
        let counts = [rows, batch, together].map(|it| it.to_string());
        for _ in 0..bench.options.rounds {
            let work = bench.fresh("work");
            let data = bench.data(
                Source::Sqlite,
                Version {
                    rows: 1,
                    differing: 0,
                },
            );
            put_data(&data, &work, Source::Sqlite);
            Bench::apply_mirror(Source::Sqlite, "pk", &work, SINK);
            let plain = work.join("plain");
            let [rows, batch, together] = counts.each_ref().map(String::as_str);
            let (plain, folder) = (plain.to_str().unwrap(), work.to_str().unwrap());
            floors.push(in_child(&["append", plain, rows, batch, together]));
            all.push(in_child(&["acknowledge", folder, rows, batch, together]));
        }
        let (floor, told) = (fastest(floors), fastest(all));
        let budget = Budget::at_most(told.us_a_row(), 5.0, "us a row").headline();
        let note = format!(
            "{:.1} x appending the same entries to a plain file, {:.2} s",
            told.wall / floor.wall,
            floor.wall
        );
        bench.table.case(&name, &told, &[budget], &[note]);
    }
}

/// The webhook connector alone, with and without latency, and a whole run with latency.
pub fn http(bench: &Bench) {
    for (latency_ms, rows) in SENT {
        let rows = rows.min(bench.options.rows);
        let name = format!("webhook connector alone, {latency_ms} ms");
        if bench.options.wants(&name) {
            let server = Server::start(latency_ms);
            let told = bench.best(|| in_child(&["send", server.url(), &rows.to_string()]));
            let cpu = told.cpu * 1e6 / told.rows as f64;
            let budget = if latency_ms == 0 {
                Budget::at_most(cpu, 1.5, "us of our CPU a row")
            } else {
                of_ideal(latency_ms, &told, told.wall)
            };
            let speed = told.rows as f64 / told.wall;
            let note = format!(
                "{speed:.0} rows a second at {CONCURRENCY} x {BATCH}; {cpu:.2} us of our CPU a row"
            );
            bench
                .table
                .case(&name, &told, &[budget.headline()], &[note]);
        }
    }
    let (latency_ms, rows) = SENT[1];
    let name = format!("first run into a webhook, {latency_ms} ms");
    if bench.options.wants(&name) {
        let rows = rows.min(bench.options.rows);
        let told = webhook_run(bench, latency_ms, rows);
        let budgets = [
            of_ideal(latency_ms, &told, told.part("writing")),
            crate::product::memory(rows, &told),
        ];
        bench.table.case(&name, &told, &budgets, &[parts(&told)]);
    }
    let _ = std::fs::remove_dir_all(bench.folder.join("work"));
}

/// The share of concurrency x batch / latency.
fn of_ideal(latency_ms: u64, told: &Measured, seconds: f64) -> Budget {
    let ideal = (CONCURRENCY * BATCH) as f64 / (latency_ms as f64 / 1000.0);
    let share = told.rows as f64 / seconds / ideal;
    Budget::at_least(share, 0.85, "of concurrency x batch / latency")
}

fn webhook_run(bench: &Bench, latency_ms: u64, rows: u64) -> Measured {
    let server = sender::Server::start(latency_ms);
    let path = bench.data(Source::Sqlite, Version { rows, differing: 0 });
    let destination = format!(
        "type = \"webhook\"\nurl = \"{}\"\nallow_networks = [\"127.0.0.0/8\"]\nconcurrency = {CONCURRENCY}\nbatch_size = {BATCH}",
        server.url(),
    );
    bench.best(|| {
        let work = bench.fresh("work");
        put_data(&path, &work, Source::Sqlite);
        let folder = work.to_str().unwrap();
        in_child(&["apply", "sqlite", "pk", "upsert", folder, &destination]);
        in_child(&["run", folder, &rows.to_string(), "0", "0", "0"])
    })
}
