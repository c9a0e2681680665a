//! What goes wrong at an endpoint, and what a run makes of it.

use std::time::Duration;

use signalsmith::domain::command::Command;
use signalsmith::domain::destination::Health;
use signalsmith::domain::problem::ProblemKind;
use signalsmith::domain::run::Trigger;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn hooked(count: u32, faults: Vec<Fault>) -> (Workspace, WebhookReceiver) {
    let workspace = people(count);
    let receiver = receiver(&workspace, faults);
    workspace.apply(&to_hook("upsert", &receiver.url(), ""));
    (workspace, receiver)
}

fn resume(workspace: &Workspace) {
    let sync = "people".into();
    workspace.ask(Command::Resume { sync }).unwrap();
}

/// The webhook-ids of all requests.
fn ids(receiver: &WebhookReceiver) -> Vec<String> {
    let requests = receiver.requests();
    requests
        .last
        .iter()
        .map(|request| request.headers["webhook-id"].clone())
        .collect()
}

#[test]
fn a_wait_that_the_destination_asks_for_is_kept_and_is_no_attempt() {
    let (workspace, receiver) = hooked(3, vec![status(429, &[("retry-after", "7")], "")]);
    let run = workspace.begin("people", options(|_| ()));
    workspace.wait_for(workspace.clock.sleepers(1));
    workspace.wait_for(
        workspace
            .clock
            .advance(7 * SECOND - Duration::from_millis(1)),
    );
    assert_eq!(receiver.requests().count, 1);
    workspace.wait_for(workspace.clock.advance(SECOND));
    let run = workspace.wait(&run.id);
    assert_eq!(completed(&run), (3, 0, 0));
    assert_eq!(run.counters.retries, 1);
    let ids = ids(&receiver);
    assert_eq!(ids[0], ids[1]);
}

#[test]
fn a_wait_beyond_a_quarter_of_an_hour_ends_the_run_and_one_follow_up_comes_then() {
    let (workspace, receiver) = hooked(3, vec![status(429, &[("retry-after", "1800")], "")]);
    resume(&workspace);
    let run = workspace.run("people");
    assert_eq!(run.status, RunStatus::Failed);
    assert_eq!(run.error.as_ref().unwrap().kind, ProblemKind::RateLimited);
    assert_eq!(run.counters.create.unsent, 3);
    let after = Duration::from_secs(1800);
    assert_eq!(run.retry_at, Some(workspace.now() + after));
    workspace.pass(after - Duration::from_secs(30));
    assert_eq!(workspace.runs("people").len(), 1);
    workspace.wait_for(async {
        workspace.clock.sleepers(1).await;
        workspace.clock.advance(Duration::from_secs(30)).await;
    });
    let next = workspace.next_run("people", Some(&run.id));
    assert_eq!(
        (&next.trigger, completed(&next)),
        (&Trigger::FollowUp, (3, 0, 0))
    );
    assert_eq!(received(&receiver), emails(1..=3));
}

#[test]
fn a_follow_up_is_not_forgotten_when_the_core_stops_meanwhile() {
    let (mut workspace, receiver) = hooked(3, vec![status(429, &[("retry-after", "1800")], "")]);
    resume(&workspace);
    let run = workspace.run("people");
    workspace.stop();
    workspace.wait_for(
        workspace
            .clock
            .set(workspace.now() + Duration::from_hours(1)),
    );
    workspace.start().unwrap();
    let next = workspace.next_run("people", Some(&run.id));
    assert_eq!(next.trigger, Trigger::FollowUp);
    assert_eq!(received(&receiver), emails(1..=3));
}

#[test]
fn a_storm_of_refusals_by_limit_ends_the_run_after_a_quarter_of_an_hour() {
    let storm = (0..60).map(|_| status(429, &[("retry-after", "60")], ""));
    let (workspace, receiver) = hooked(3, storm.collect());
    let run = workspace.begin("people", options(|_| ()));
    let run = workspace.wait_through(&run.id);
    assert_eq!(run.error.as_ref().unwrap().kind, ProblemKind::RateLimited);
    assert_eq!(run.counters.create.unsent, 3);
    let took = run.ended_at.unwrap() - run.started_at.unwrap();
    assert!((14..=16).contains(&took.num_minutes()), "{took}");
    assert!((14..=16).contains(&receiver.requests().count));
    assert!(run.retry_at.is_some());
}

#[test]
fn a_passing_failure_is_tried_again_under_the_same_id() {
    let (workspace, receiver) = hooked(3, vec![status(503, &[], "busy"), status(502, &[], "")]);
    let run = workspace.begin("people", options(|_| ()));
    let run = workspace.wait_through(&run.id);
    assert_eq!(completed(&run), (3, 0, 0));
    assert_eq!(run.counters.retries, 2);
    let ids = ids(&receiver);
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().all(|id| *id == ids[0] && id.starts_with("msg_")));
}

#[test]
fn a_batch_that_is_refused_as_a_whole_is_halved_until_the_bad_rows_are_alone() {
    let workspace = people(32);
    let gate = Gate::start(workspace.runtime.handle());
    gate.open(1_000);
    gate.answer(|body, _| {
        if body.contains("p7@") || body.contains("p20@") {
            400
        } else {
            200
        }
    });
    workspace.apply(&to_hook("upsert", gate.url(), ""));
    let run = workspace.run("people");
    assert_eq!(run.status, RunStatus::CompletedWithErrors);
    assert_eq!((done(&run), run.counters.create.rejected), ((30, 0, 0), 2));
    let keys: Vec<String> = workspace
        .rows(&run)
        .iter()
        .map(|row| row.key["id"].to_string())
        .collect();
    assert_eq!(keys.len(), 2);
    assert!(
        keys.contains(&"7".to_owned()) && keys.contains(&"20".to_owned()),
        "{keys:?}"
    );
    // Nothing that was accepted is sent twice, and each batch has an id of its own.
    let came = gate.came();
    let accepted: Vec<_> = came
        .iter()
        .filter(|(_, body)| !body.contains("p7@") && !body.contains("p20@"))
        .collect();
    let count = |text: &str| {
        accepted
            .iter()
            .filter(|(_, body)| body.contains(text))
            .count()
    };
    assert!(
        (1..=32)
            .filter(|id| ![7, 20].contains(id))
            .all(|id| count(&format!("\"p{id}@")) == 1)
    );
    let mut ids: Vec<&String> = came.iter().map(|(id, _)| id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), came.len());
    assert!(came.len() <= 2 * 2 * 6 + 1, "{} requests", came.len());
}

#[test]
fn a_batch_that_is_too_large_goes_in_smaller_ones() {
    let workspace = people(20);
    let gate = Gate::start(workspace.runtime.handle());
    gate.open(1_000);
    gate.answer(|body, _| {
        if body.matches("@x.example").count() > 4 {
            413
        } else {
            200
        }
    });
    workspace.apply(&to_hook("upsert", gate.url(), "concurrency = 1"));
    assert_eq!(completed(&workspace.run("people")), (20, 0, 0));
    // The next run cuts smaller batches from the start.
    let before = gate.came().len();
    workspace.source("update people set name = 'New'");
    assert_eq!(completed(&workspace.run("people")), (0, 20, 0));
    let refused = gate.came()[before..]
        .iter()
        .filter(|(_, body)| body.matches("@x.example").count() > 4)
        .count();
    assert_eq!(refused, 0);
}

#[test]
fn a_page_for_people_is_no_answer_and_its_rows_stay_due() {
    let page = || {
        status(
            200,
            &[("content-type", "text/html")],
            "<html>Welcome</html>",
        )
    };
    let (workspace, receiver) = hooked(3, (0..3).map(|_| page()).collect());
    let run = workspace.begin("people", options(|_| ()));
    let run = workspace.wait_through(&run.id);
    assert_eq!(
        run.error.as_ref().unwrap().kind,
        ProblemKind::Protocol,
        "{run:#?}"
    );
    assert_eq!(run.counters.create.unknown, 3);
    assert_eq!(receiver.requests().count, 3, "two more tries");
    assert_eq!(completed(&workspace.run("people")), (3, 0, 0));
    assert_eq!(received(&receiver), emails(1..=3));
}

#[test]
fn a_lost_answer_is_asked_for_again_under_the_same_id_and_counts_once() {
    let lost = Fault {
        applied: true,
        answer: FaultAnswer::Close,
        ..Fault::default()
    };
    let (workspace, receiver) = hooked(3, vec![lost]);
    let run = workspace.begin("people", options(|_| ()));
    assert_eq!(completed(&workspace.wait_through(&run.id)), (3, 0, 0));
    let requests = receiver.requests();
    assert_eq!((requests.count, requests.duplicates), (2, 1));
    assert_eq!(requests.last[0].body, requests.last[1].body);
}

#[test]
fn rows_whose_outcome_stays_unknown_are_sent_again_though_the_diff_says_nothing() {
    let (workspace, receiver) = hooked(2, Vec::new());
    workspace.run("people");
    // Six times applied, six times without an answer.
    for _ in 0..6 {
        receiver.add_fault(Fault {
            applied: true,
            answer: FaultAnswer::Close,
            ..Fault::default()
        });
    }
    workspace.source("update people set name = 'New' where id = 1");
    let run = workspace.begin("people", options(|_| ()));
    let run = workspace.wait_through(&run.id);
    assert_eq!(
        (run.status, run.counters.update.unknown),
        (RunStatus::Failed, 1),
        "{run:#?}"
    );
    assert_eq!(receiver.records()["p1@x.example"]["name"], "New");
    // The source goes back to what the snapshot holds: without the mark nothing would be sent.
    workspace.source("update people set name = 'Name 1' where id = 1");
    let next = workspace.begin("people", options(|_| ()));
    assert_eq!(completed(&workspace.wait_through(&next.id)), (0, 1, 0));
    assert_eq!(receiver.records()["p1@x.example"]["name"], "Name 1");
    assert_eq!(completed(&workspace.run("people")), (0, 0, 0));
}

#[test]
fn a_row_refused_after_a_lost_answer_stays_due_whatever_the_diff_says() {
    let (workspace, receiver) = hooked(1, Vec::new());
    workspace.run("people");
    receiver.add_fault(Fault {
        applied: true,
        answer: FaultAnswer::Close,
        ..Fault::default()
    });
    let refused = r#"{"results":[{"id":"p1@x.example","status":"error","message":"locked"}]}"#;
    receiver.add_fault(status(
        200,
        &[("content-type", "application/json")],
        refused,
    ));
    workspace.source("update people set name = 'New' where id = 1");
    let run = workspace.begin("people", options(|_| ()));
    let run = workspace.wait_through(&run.id);
    assert_eq!(
        (run.status, run.counters.update.rejected),
        (RunStatus::CompletedWithErrors, 1)
    );
    // The first try was applied all the same.
    assert_eq!(receiver.records()["p1@x.example"]["name"], "New");
    workspace.source("update people set name = 'Name 1' where id = 1");
    assert_eq!(completed(&workspace.run("people")), (0, 1, 0));
    assert_eq!(receiver.records()["p1@x.example"]["name"], "Name 1");
}

#[test]
fn a_row_that_the_answer_leaves_out_is_unknown_and_goes_again() {
    let short = r#"{"results":[{"id":"p1@x.example","status":"ok"},{"id":"p3@x.example","status":"error","message":"no"}]}"#;
    let json = [("content-type", "application/json")];
    let (workspace, receiver) = hooked(3, vec![status(200, &json, short)]);
    let run = workspace.run("people");
    assert_eq!(run.status, RunStatus::CompletedWithErrors);
    let create = run.counters.create;
    assert_eq!((create.done, create.rejected, create.unknown), (1, 1, 1));
    let next = workspace.run("people");
    assert_eq!(completed(&next), (2, 0, 0));
    assert_eq!(next.counters.unchanged, 1);
    assert_eq!(
        received(&receiver),
        emails(2..=3),
        "the first was answered without being taken"
    );
}

#[test]
fn a_refused_sign_in_ends_the_run_and_shows_in_the_destinations_health() {
    let (workspace, receiver) = hooked(3, vec![status(401, &[], "who are you")]);
    let run = workspace.run("people");
    assert_eq!((run.status, run.exit_code()), (RunStatus::Failed, 1));
    assert_eq!(run.error.as_ref().unwrap().kind, ProblemKind::Auth);
    assert_eq!(run.counters.create.unsent, 3);
    assert_eq!(receiver.requests().count, 1);
    let health = || workspace.view().destinations[0].health.clone();
    assert!(matches!(health(), Health::Failing { .. }));
    assert_eq!(completed(&workspace.run("people")), (3, 0, 0));
    assert!(matches!(health(), Health::Healthy { .. }));
}

#[test]
fn an_endpoint_that_is_gone_for_good_ends_the_run_at_once() {
    let (workspace, receiver) = hooked(3, vec![status(410, &[], "")]);
    let run = workspace.run("people");
    assert_eq!(run.error.as_ref().unwrap().kind, ProblemKind::Destination);
    assert_eq!(
        (run.counters.create.unsent, receiver.requests().count),
        (3, 1)
    );
}

#[test]
fn a_dead_port_is_tried_six_times_with_growing_waits_and_the_next_run_sends_all() {
    let workspace = people(3);
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    workspace.apply(&to_hook("upsert", &format!("http://127.0.0.1:{port}/"), ""));
    let run = workspace.begin("people", options(|_| ()));
    let run = workspace.wait_through(&run.id);
    assert_eq!(run.status, RunStatus::Failed);
    assert_eq!(run.error.as_ref().unwrap().kind, ProblemKind::Destination);
    assert_eq!((run.counters.create.unsent, run.counters.retries), (3, 5));
    let took = run.ended_at.unwrap() - run.started_at.unwrap();
    assert!(took.num_minutes() < 10, "{took}");
    // Its circuit is still open, but the next run waits for the probe and sends all.
    let receiver = receiver(&workspace, Vec::new());
    workspace.apply(&to_hook("upsert", &receiver.url(), ""));
    let next = workspace.begin("people", options(|_| ()));
    assert_eq!(completed(&workspace.wait_through(&next.id)), (3, 0, 0));
    assert_eq!(received(&receiver), emails(1..=3));
}
