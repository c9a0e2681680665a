//! Pictures of the Overview in its states, at each size.

use std::sync::Arc;

use signalsmith::domain::destination::{Destination, Health};
use signalsmith::domain::id::DestinationId;
use signalsmith::domain::model::Model;
use signalsmith::domain::problem::{Problem, ProblemKind};
use signalsmith::domain::run::RunStatus;
use signalsmith::domain::trouble::{Aside, Until};
use signalsmith::link::WorkspaceView;
use signalsmith::link::troubles::Troubles;
use signalsmith::link::view::{SyncState, SyncView};

use super::pictures::picture_of;
use super::robot::{Robot, now, options};
use super::worlds::{core, mixed, of, run, sync};

const SIZES: [(u16, u16); 4] = [(120, 36), (80, 24), (59, 14), (200, 60)];

fn at_each_size(name: &str, world: &WorkspaceView, prepare: impl Fn(&mut Robot)) {
    for size in SIZES {
        let mut robot = Robot::new(size, world.clone(), core());
        robot.press("1");
        robot.wait(500);
        prepare(&mut robot);
        picture_of(&format!("overview_{name}"), &robot, size);
    }
}

fn destination(number: u64, name: &str, health: Health) -> Arc<Destination> {
    Arc::new(Destination {
        id: DestinationId::from_bits(number),
        name: name.into(),
        connector: "webhook".into(),
        settings: Default::default(),
        health,
        revision: 1,
    })
}

/// Moves a sync to a destination of its own.
fn to(number: u64, sync: &SyncView) -> Arc<SyncView> {
    let mut sync = sync.clone();
    sync.sync.settings.destination = DestinationId::from_bits(number);
    Arc::new(sync)
}

/// [`mixed`], with a destination that refuses the sign-in of three syncs more.
pub fn troubled() -> WorkspaceView {
    let mut world = mixed();
    let places = [1, 1, 2, 3, 4, 1, 1];
    let syncs = world.syncs.iter().zip(places);
    world.syncs = syncs.map(|(sync, place)| to(place, sync)).collect();
    for (number, name) in [
        (11, "Leads to Salesforce"),
        (12, "Opportunities"),
        (13, "Owners"),
    ] {
        let mut view = sync(number, name, SyncState::Failed);
        let mut last = run(number, &view, RunStatus::Failed, "14:02:10", 2);
        last.error = Some(Problem::new(
            ProblemKind::Auth,
            "signing in at Salesforce prod: 401 invalid_grant",
        ));
        view.since = last.ended_at;
        view.last = Some(last);
        view.health = Some(22 + u8::try_from(number).unwrap());
        world.syncs.push(to(5, &view));
    }
    let healthy = || Health::Healthy { at: now() };
    let failing = Health::Failing {
        at: now() - chrono::Duration::minutes(46),
        reason: "signing in: 401 invalid_grant".into(),
    };
    world.destinations = vec![
        destination(4, "Google Ads", healthy()),
        destination(3, "HubSpot", healthy()),
        destination(2, "Meta ads", healthy()),
        destination(5, "Salesforce EU", failing),
        destination(1, "Salesforce prod", healthy()),
    ];
    let model: Model = serde_json::from_value(serde_json::json!({
        "id": signalsmith::domain::id::ModelId::from_bits(1), "name": "contacts",
        "source": signalsmith::domain::id::SourceId::from_bits(1), "sql": "select 1",
        "columns": [], "primary_key": ["id"], "revision": 1,
    }))
    .unwrap();
    world.models = vec![Arc::new(model)];
    world
}

/// The worst cause of a world acknowledged, and the next snoozed.
pub fn set_aside(mut world: WorkspaceView) -> WorkspaceView {
    let troubles = Troubles::of(&world, now());
    let at = now() - chrono::Duration::minutes(40);
    let aside = |place: usize, until| Aside {
        cause: troubles.all[place].key.clone(),
        until,
        at,
        by: "local".into(),
        seen: troubles.all[place].extent.clone(),
    };
    world.asides = vec![
        aside(0, Until::Worse),
        aside(
            1,
            Until::Time {
                at: now() + chrono::Duration::hours(8),
            },
        ),
    ];
    world
}

/// A world in which all goes well.
pub fn fine() -> WorkspaceView {
    let mut world = mixed();
    world.syncs.retain(|sync| {
        matches!(
            sync.state,
            SyncState::Running | SyncState::Ok | SyncState::Paused
        )
    });
    world
}

#[test]
fn problems_stand_first_by_cause_the_worst_above() {
    at_each_size("problems", &troubled(), |_| {});
}

#[test]
fn held_deletes_say_what_happened_what_did_not_and_what_now() {
    at_each_size("held", &troubled(), |robot| {
        robot.press("j");
        robot.press("j");
    });
}

#[test]
fn what_was_set_aside_stands_below() {
    at_each_size("aside", &set_aside(troubled()), |robot| robot.press("G"));
}

#[test]
fn where_all_is_well_it_says_so() {
    at_each_size("fine", &fine(), |_| {});
}

#[test]
fn an_empty_workspace_says_how_to_begin() {
    at_each_size("empty", &of(vec![]), |_| {});
}

#[test]
fn after_an_absence_it_tells_what_happened() {
    for size in SIZES {
        let left = now() - chrono::Duration::hours(14);
        let session = serde_json::json!({"screen": 3, "size": size, "left": left}).to_string();
        let robot = Robot::with(size, troubled(), core(), &options(), Some(&session));
        picture_of("overview_away", &robot, size);
    }
}
