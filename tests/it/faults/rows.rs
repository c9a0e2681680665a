//! Answers that tell rows apart, and refusals that make batches smaller.

use std::time::Duration;

use signalsmith::domain::command::Command;
use signalsmith::domain::problem::ProblemKind::Auth;
use signalsmith::domain::run::{RunOptions, RunStatus};

use super::{LANES, Lane, ROWS, World, in_lanes, rows_of, totals};
use crate::support::fault_proxy::{Answer, Exchange, Fault};

/// An answer with a verdict for each of these rows: its email and its status.
fn verdicts(status: u16, rows: &[(&str, &str)]) -> Fault {
    let results: Vec<_> = rows
        .iter()
        .map(|(id, status)| serde_json::json!({ "id": id, "status": status, "message": "no" }))
        .collect();
    let body = serde_json::json!({ "results": results }).to_string();
    let head = format!(
        "HTTP/1.1 {status} Told\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    Fault::after(Answer::Raw((head + &body).into_bytes()))
}

fn emails(request: &Exchange) -> Vec<String> {
    let rows = rows_of(request).into_iter();
    rows.map(|row| row["email"].as_str().unwrap().to_owned())
        .collect()
}

/// Rows came once each, whatever was tried.
fn once_each(world: &World, before: usize) {
    for (email, ids) in world.ids_by_row(before) {
        assert_eq!(ids.len(), 1, "{email} in {:?}: {ids:?}", world.lane);
    }
}

#[test]
fn a_batch_that_is_too_large_is_halved_and_no_row_comes_twice() {
    in_lanes(&LANES, |lane| {
        let mut world = World::new(lane);
        world.change();
        world.settings("413", "concurrency = 1");
        let before = world.proxy.exchanges().len();
        let hit = lane.hit();
        world.proxy.script(move |request| {
            let is_large = rows_of(request).len() > 2 && request.body.contains(hit);
            match is_large {
                true => Fault::instead("413 Content Too Large", ""),
                false => Fault::none(),
            }
        });
        assert_eq!(world.run().status, RunStatus::Completed, "{lane:?}");
        let refused = world.hits(before).iter().filter(|one| !one.reached).count() as u64;
        assert!(
            (1..lane.hit_rows() / 2).contains(&refused),
            "{lane:?}: {refused}"
        );
        once_each(&world, before);
        // It is remembered: nothing is too large at the next change.
        world.change();
        let before = world.proxy.exchanges().len();
        assert_eq!(world.run().status, RunStatus::Completed);
        assert!(world.hits(before).iter().all(|one| one.reached), "{lane:?}");
        world.converges("413");
    });
}

#[test]
fn bad_rows_are_found_by_halving_within_the_bound_and_the_good_ones_come_once() {
    in_lanes(&LANES, |lane| {
        let mut world = World::new(lane);
        world.change();
        world.settings("400", "concurrency = 1");
        // The last of each batch, whatever its order.
        let bad: Vec<String> = match lane {
            Lane::Deletes => vec![world.people.start - 1],
            _ => vec![world.people.end - 1, world.people.end - 3],
        }
        .into_iter()
        .map(|id| format!("p{id}@x.example"))
        .collect();
        let before = world.proxy.exchanges().len();
        let (known, hit) = (bad.clone(), lane.hit());
        world.proxy.script(move |request| {
            let is_bad = emails(request).iter().any(|email| known.contains(email));
            match is_bad && request.body.contains(hit) {
                true => Fault::instead("400 Bad Request", "something is wrong"),
                false => Fault::none(),
            }
        });
        let run = world.run();
        let k = bad.len() as u64;
        let all = if lane.mode() == "mirror" {
            3 * ROWS
        } else {
            lane.hit_rows()
        };
        assert_eq!(totals(&run), [all - k, k, 0, 0], "{lane:?}: {run:#?}");
        assert_eq!(run.status, RunStatus::CompletedWithErrors);
        let calls = world.hits(before).len() as u64;
        let bound = 2 * k * u64::from((lane.hit_rows() / k).ilog2()) + 2 * k + 1;
        assert!(calls <= bound, "{lane:?}: {calls} calls, not {bound}");
        once_each(&world, before);
        let mut codes: Vec<String> = world
            .workspace
            .rows(&run)
            .into_iter()
            .map(|row| row.code)
            .collect();
        codes.dedup();
        assert_eq!(codes, ["http_400"]);
        world.converges("400");
    });
}

#[test]
fn a_row_that_the_answer_leaves_out_is_unknown_alone_and_nothing_else_is_sent_again() {
    in_lanes(&LANES, |lane| {
        let mut world = World::new(lane);
        world.change();
        world.settings("207", "");
        let before = world.proxy.exchanges().len();
        let hit = lane.hit();
        world.proxy.script(move |request| {
            let emails = emails(request);
            let mut rows: Vec<(&str, &str)> =
                emails.iter().map(|email| (email.as_str(), "ok")).collect();
            if request.body.contains(hit) {
                rows.pop();
                rows[0].1 = "error";
            }
            verdicts(207, &rows)
        });
        let run = world.run();
        let all = if lane.mode() == "mirror" {
            3 * ROWS
        } else {
            lane.hit_rows()
        };
        assert_eq!(totals(&run), [all - 2, 1, 1, 0], "{lane:?}: {run:#?}");
        assert_eq!(world.hits(before).len(), 1, "no batch is tried again");
        world.workspace.wait_for(world.proxy.heal());
        let sent = world.proxy.exchanges().len();
        let next = world.run();
        let again = if lane == Lane::Hold { 1 } else { 2 };
        assert_eq!(totals(&next), [again, 0, 0, 0], "{lane:?}: {next:#?}");
        assert_eq!(
            world
                .hits(sent)
                .iter()
                .map(|one| rows_of(one).len() as u64)
                .sum::<u64>(),
            again
        );
        world.converges("207");
    });
}

#[test]
fn a_sign_in_that_is_refused_midway_ends_the_run_and_keeps_what_was_accepted() {
    in_lanes(&LANES, |lane| {
        let mut world = World::new(lane);
        world.change();
        world.settings("401", "concurrency = 1\nbatch_size = 2");
        let before = world.proxy.exchanges().len();
        let (hit, mut seen) = (lane.hit(), 0);
        world.proxy.script(move |request| {
            seen += usize::from(request.body.contains(hit));
            match seen {
                2 => Fault::instead("401 Unauthorized", ""),
                _ => Fault::none(),
            }
        });
        let run = world.run();
        assert_eq!(
            run.error.as_ref().map(|problem| problem.kind),
            Some(Auth),
            "{run:#?}"
        );
        let [done, rejected, unknown, _] = totals(&run);
        let first = if lane == Lane::Deletes { 2 * ROWS } else { 0 };
        assert_eq!([done, rejected, unknown], [first + 2, 0, 0], "{lane:?}");
        assert_eq!(
            world.hits(before).len(),
            2,
            "nothing is sent after the refusal"
        );
        world.converges("401");
        once_each(&world, before);
    });
}

#[test]
fn a_held_append_is_not_sent_again_after_a_crash_and_a_plain_one_is_under_the_same_id() {
    in_lanes(&[Lane::Append, Lane::Hold], |lane| {
        let mut world = World::new(lane);
        world.change();
        world.settings("crash", "timeout_s = 600");
        let before = world.proxy.exchanges().len();
        world.proxy.script(|_| Fault::after(Answer::Stall));
        let resume = Command::Resume {
            sync: "people".into(),
        };
        world.workspace.ask(resume).unwrap();
        let run = world.workspace.begin("people", RunOptions::default());
        world.workspace.wait_for(world.proxy.requests(before + 1));
        world.workspace.crash();
        world.workspace.wait_for(world.proxy.heal());
        world.workspace.start().unwrap();
        if lane == Lane::Append {
            // A request of the dead run may still travel, so that some time passes first.
            world.workspace.wait_for(async {
                let pass = async || {
                    world.workspace.clock.sleepers(1).await;
                    world.workspace.clock.advance(Duration::from_secs(1)).await;
                };
                loop {
                    tokio::select! {
                        () = world.proxy.requests(before + 2) => break,
                        () = pass() => {}
                    }
                }
            });
        }
        world.workspace.next_run("people", Some(&run.id));
        let run = world.workspace.wait(&run.id);
        let expected = match lane {
            Lane::Hold => [0, 0, ROWS, 0],
            _ => [ROWS, 0, 0, 0],
        };
        assert_eq!(
            (run.status, totals(&run)),
            (RunStatus::Interrupted, expected),
            "{lane:?}"
        );
        world.run();
        let sent = world.proxy.exchanges().split_off(before);
        assert_eq!(
            sent.len(),
            if lane == Lane::Hold { 1 } else { 2 },
            "{lane:?}: {sent:?}"
        );
        assert!(
            sent.iter()
                .all(|one| (&one.id, &one.body) == (&sent[0].id, &sent[0].body))
        );
    });
}
