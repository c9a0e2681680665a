//! The limits of a destination at work, on a clock that is moved by hand.

use chrono::DateTime;
use tokio::task::JoinHandle;

use super::*;
use crate::engine::clock::ManualClock;

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(DateTime::UNIX_EPOCH))
}

fn limits(concurrency: u32, rate: Option<f64>, clock: &Arc<ManualClock>) -> Arc<DestinationLimits> {
    let clock: Arc<dyn Clock> = Arc::clone(clock) as Arc<dyn Clock>;
    Arc::new(DestinationLimits::new(concurrency, rate, clock, 1))
}

fn enter(limits: &Arc<DestinationLimits>) -> JoinHandle<Result<Pass, LimitError>> {
    let limits = Arc::clone(limits);
    tokio::spawn(async move { limits.enter(Duration::ZERO).await })
}

async fn open(limits: &Arc<DestinationLimits>) {
    for _ in 0..5 {
        limits.enter(Duration::ZERO).await.unwrap().failed();
    }
    assert_eq!(limits.open_for(), Some(Duration::ZERO));
}

#[tokio::test]
async fn no_more_batches_are_under_way_than_there_are_permits() {
    let clock = clock();
    let limits = limits(2, None, &clock);
    let first = limits.enter(Duration::ZERO).await.unwrap();
    let _second = limits.enter(Duration::ZERO).await.unwrap();
    let third = enter(&limits);
    clock.advance(Duration::from_secs(3_600)).await;
    assert!(!third.is_finished());
    first.succeeded();
    clock.advance(Duration::ZERO).await;
    assert!(third.is_finished());
}

#[tokio::test]
async fn batches_keep_the_pace_and_a_pause_holds_those_that_wait() {
    let clock = clock();
    let limits = limits(10, Some(1.0), &clock);
    limits.enter(Duration::ZERO).await.unwrap().succeeded();
    let waiting = [enter(&limits), enter(&limits), enter(&limits)];
    clock.sleepers(3).await;
    let finished = || waiting.iter().filter(|batch| batch.is_finished()).count();
    clock.advance(Duration::from_millis(999)).await;
    assert_eq!(finished(), 0);
    clock.advance(Duration::from_millis(1_001)).await;
    assert_eq!(finished(), 2);

    let mut attempts = limits.attempts();
    let told = limits.hold(Some(Duration::from_secs(60)), &mut attempts);
    let ToldWait::Here(wait) = told else {
        panic!("a minute is waited for within the run");
    };
    clock.advance(Duration::from_secs(60)).await;
    assert_eq!(finished(), 2);
    clock.advance(wait - Duration::from_secs(60)).await;
    assert_eq!(finished(), 3);
    let day = Duration::from_hours(24);
    assert_eq!(limits.hold(Some(day), &mut attempts), ToldWait::Later(day));
}

#[tokio::test]
async fn an_open_circuit_lets_one_probe_through_and_its_success_lets_all_go() {
    let clock = clock();
    let limits = limits(10, None, &clock);
    open(&limits).await;
    let waiting: Vec<_> = (0..4).map(|_| enter(&limits)).collect();
    clock.sleepers(4).await;
    clock.advance(Duration::from_secs(30)).await;
    let (probe, behind): (Vec<_>, Vec<_>) =
        waiting.into_iter().partition(|batch| batch.is_finished());
    assert_eq!((probe.len(), behind.len()), (1, 3));
    for probe in probe {
        probe.await.unwrap().unwrap().succeeded();
    }
    for batch in behind {
        batch.await.unwrap().unwrap().succeeded();
    }
    assert_eq!(limits.open_for(), None);
}

#[tokio::test]
async fn a_probe_that_is_given_up_makes_room_for_another() {
    let clock = clock();
    let limits = limits(10, None, &clock);
    open(&limits).await;
    clock.advance(Duration::from_secs(30)).await;
    drop(limits.enter(Duration::ZERO).await.unwrap());
    let another = enter(&limits);
    clock.advance(Duration::ZERO).await;
    assert!(another.is_finished());
    another.await.unwrap().unwrap().answered();
    assert_eq!(limits.open_for(), None);
}

#[tokio::test]
async fn a_circuit_that_stays_open_ends_the_runs_that_wait() {
    let clock = clock();
    let limits = limits(1, None, &clock);
    open(&limits).await;
    let runs: Vec<_> = (0..50)
        .map(|_| {
            let limits = Arc::clone(&limits);
            tokio::spawn(async move {
                loop {
                    match limits.enter(Duration::ZERO).await {
                        Ok(pass) => pass.failed(),
                        Err(error) => return error,
                    }
                }
            })
        })
        .collect();
    clock.sleepers(1).await;
    clock.advance(Duration::from_mins(15)).await;
    for run in runs {
        let error = run.await.unwrap();
        assert!(matches!(error, LimitError::Unavailable { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_thousand_syncs_of_a_dead_destination_ask_it_less_than_five_times_a_minute() {
    let clock = clock();
    let limits = limits(4, None, &clock);
    let sent = Arc::new(Mutex::new(Vec::new()));
    for _ in 0..1_000 {
        let (limits, clock, sent) = (Arc::clone(&limits), Arc::clone(&clock), Arc::clone(&sent));
        tokio::spawn(async move {
            loop {
                match limits.enter(Duration::ZERO).await {
                    Ok(pass) => {
                        sent.lock().unwrap().push(clock.monotonic().as_secs());
                        clock.sleep(Duration::from_secs(1)).await;
                        pass.failed();
                    }
                    // The run ends; its schedule starts the next.
                    Err(_) => clock.sleep(Duration::from_mins(15)).await,
                }
            }
        });
    }
    clock.sleepers(4).await;
    clock.advance(Duration::from_mins(60)).await;
    let sent = sent.lock().unwrap();
    let opened = sent.iter().filter(|at| **at < 30).count();
    assert!((5..=12).contains(&opened), "{opened}");
    for minute in 1..60 {
        let asked = sent.iter().filter(|at| **at / 60 == minute).count();
        assert!(asked < 5, "{asked} in minute {minute}");
    }
    assert!(sent.iter().any(|at| *at > 2_600), "it is still probed");
}

#[tokio::test]
async fn a_batch_is_retried_while_it_has_attempts_and_the_budget_has_tokens() {
    let clock = clock();
    let limits = limits(1, None, &clock);
    let mut attempts = limits.attempts();
    for _ in 0..5 {
        assert!(matches!(limits.retry(&mut attempts), Retry::After(_)));
    }
    assert_eq!(limits.retry(&mut attempts), Retry::GiveUp);
    let others = || limits.retry(&mut limits.attempts());
    for _ in 0..5 {
        assert!(matches!(others(), Retry::After(_)));
    }
    assert_eq!(others(), Retry::NoBudget);
}

#[tokio::test]
async fn closing_ends_the_wait_for_a_permit() {
    let clock = clock();
    let limits = limits(1, None, &clock);
    let _held = limits.enter(Duration::ZERO).await.unwrap();
    let waiting = enter(&limits);
    clock.advance(Duration::ZERO).await;
    limits.close();
    assert_eq!(waiting.await.unwrap().unwrap_err(), LimitError::Closed);
}

#[tokio::test]
async fn too_large_batches_are_remembered_for_all_syncs() {
    let limits = limits(1, None, &clock());
    limits.too_large(100);
    assert_eq!(limits.batch_rows(80), 50);
    limits.clean_run(80);
    assert_eq!(limits.batch_rows(80), 55);
}
