//! No connection comes about, or it breaks before a request: the doors of the matrix.

use signalsmith::domain::problem::ProblemKind::Destination;

use super::cases::Ends;
use super::matrix::ended;
use super::{Lane, World, in_lanes, seconds, totals};
use crate::support::fault_proxy::Door;

/// The lanes in which writes come first.
const WRITES: [Lane; 3] = [Lane::Upsert, Lane::Mirror, Lane::Append];

#[test]
fn where_nobody_listens_nothing_is_sent_and_all_stays_due() {
    in_lanes(&WRITES, |lane| {
        let mut world = World::new(lane);
        world.change();
        world.settings("refused", "");
        world.workspace.wait_for(world.proxy.door(Door::Refuses));
        let (connects, requests) = (world.proxy.connects(), world.proxy.exchanges().len());
        let run = world.run();
        ended(&world, Ends::Unsent(Destination), &run, "refused");
        assert_eq!(run.counters.retries, 5);
        assert!((30..=75).contains(&seconds(&run)), "{}", seconds(&run));
        assert_eq!(world.proxy.connects(), connects);
        world.converges("refused");
        // All of them once.
        assert!(
            world
                .ids_by_row(requests)
                .values()
                .all(|ids| ids.len() == 1)
        );
    });
}

#[test]
fn a_host_that_takes_connections_and_never_reads_is_given_up_at_the_idle_deadline() {
    in_lanes(&WRITES, |lane| {
        let mut world = World::new(lane);
        world.change();
        world.settings("holds", "");
        world.workspace.wait_for(world.proxy.door(Door::Holds));
        let (connects, requests) = (world.proxy.connects(), world.proxy.exchanges().len());
        let run = world.run();
        ended(&world, Ends::Unknown(Destination), &run, "holds");
        assert_eq!(world.proxy.connects() - connects, 6);
        world.converges("holds");
        assert!(
            world
                .ids_by_row(requests)
                .values()
                .all(|ids| ids.len() == 1)
        );
    });
}

#[test]
fn a_connection_that_is_reset_at_once_is_tried_again_and_its_rows_come_once() {
    in_lanes(&WRITES, |lane| {
        let mut world = World::new(lane);
        world.change();
        world.settings("resets", "");
        world.workspace.wait_for(world.proxy.door(Door::Resets));
        let requests = world.proxy.exchanges().len();
        let run = world.run();
        // It depends on which comes first, the reset or the request, if the client can know that
        // nothing was read; the rows are due in either case.
        let [done, rejected, unknown, unsent] = totals(&run);
        assert_eq!((done, rejected), (0, 0), "{lane:?}");
        let (one, other) = (
            lane.hit_rows(),
            run.counters.total(|tally| tally.planned) - lane.hit_rows(),
        );
        assert!(
            [(one, other), (0, one + other)].contains(&(unknown, unsent)),
            "{run:#?}"
        );
        assert_eq!(
            run.error.as_ref().map(|problem| problem.kind),
            Some(Destination)
        );
        assert_eq!(
            (run.counters.retries, world.proxy.exchanges().len()),
            (5, requests)
        );
        world.converges("resets");
        assert!(
            world
                .ids_by_row(requests)
                .values()
                .all(|ids| ids.len() == 1)
        );
    });
}

#[test]
fn a_reset_within_the_handshake_is_before_any_byte_and_leaves_no_doubt() {
    in_lanes(&WRITES, |lane| {
        let mut world = World::new(lane);
        world.change();
        world.workspace.wait_for(world.proxy.door(Door::Resets));
        let secure = world.proxy.url().replace("http://", "https://");
        world.point_to(&secure, "handshake", "");
        let run = world.run();
        ended(&world, Ends::Unsent(Destination), &run, "handshake");
        world.settings("handshake is over", "");
        world.converges("handshake");
    });
}

#[test]
fn a_name_without_an_address_is_tried_again_and_nothing_is_sent() {
    in_lanes(&WRITES, |lane| {
        let mut world = World::new(lane);
        world.change();
        // A label of 64 letters is refused by every resolver without asking anyone.
        let nowhere = format!("http://{}.example/", "a".repeat(64));
        world.point_to(&nowhere, "no name", "");
        let run = world.run();
        ended(&world, Ends::Unsent(Destination), &run, "no name");
        assert_eq!(run.counters.retries, 5);
        world.settings("the name is back", "");
        world.converges("no name");
    });
}

#[test]
fn after_an_outage_of_any_length_the_next_run_finds_the_destination_back() {
    in_lanes(&WRITES, |lane| {
        let mut world = World::new(lane);
        world.change();
        world.settings("outage", "");
        world.workspace.wait_for(world.proxy.door(Door::Refuses));
        let mut outage = 0;
        for _ in 0..4 {
            let run = world.run();
            ended(&world, Ends::Unsent(Destination), &run, "outage");
            assert!(seconds(&run) <= 16 * 60, "{lane:?}: {} s", seconds(&run));
            outage += seconds(&run);
        }
        assert!(
            outage > 20 * 60,
            "{lane:?}: the circuit was open for {outage} s only"
        );
        world.converges("outage");
    });
}
