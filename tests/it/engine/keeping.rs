//! What is kept of runs that have ended, and for how long.

use std::time::Duration;

use signalsmith::domain::command::Command;

use super::*;

/// The plan files of a workspace, as names of runs.
fn plans(workspace: &Workspace) -> Vec<String> {
    let files = std::fs::read_dir(workspace.folder().join("runs")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let plans = names.filter_map(|name| name.strip_suffix(".plan").map(str::to_owned));
    plans.collect()
}

fn has_plan(workspace: &Workspace, run: &Run) -> bool {
    plans(workspace).contains(&run.id.to_string())
}

#[test]
fn the_plans_of_the_last_ten_runs_are_kept_beside_those_of_mere_plans() {
    let workspace = people(2);
    workspace.apply(&to_copy("upsert", ""));
    let first = workspace.run("people");
    let seen = workspace.run_with("people", options(|it| it.plan_only = true));
    for _ in 0..9 {
        workspace.run("people");
    }
    assert!(has_plan(&workspace, &first));
    workspace.run("people");
    assert!(!has_plan(&workspace, &first));
    assert!(has_plan(&workspace, &seen));
    assert_eq!(plans(&workspace).len(), 11);
    // Its counters and its log are still there, without what was sent.
    assert_eq!(workspace.wait(&first.id).counters.create.done, 2);
    let run = first.id;
    assert!(
        workspace
            .ask(Command::Log {
                run,
                from: 0,
                limit: 10
            })
            .is_ok()
    );
}

#[test]
fn a_plan_is_kept_for_thirty_days() {
    let workspace = people(2);
    workspace.apply(&to_copy("upsert", ""));
    let first = workspace.run("people");
    let day = Duration::from_hours(24);
    workspace.wait_for(workspace.clock.advance(29 * day));
    let second = workspace.run("people");
    assert!(has_plan(&workspace, &first));
    workspace.wait_for(workspace.clock.advance(2 * day));
    workspace.run("people");
    assert!(!has_plan(&workspace, &first));
    assert!(has_plan(&workspace, &second));
}

#[test]
fn a_plan_whose_deletes_are_held_is_kept_until_they_are_decided() {
    let workspace = people(20);
    workspace.apply(&to_copy("mirror", ""));
    workspace.run("people");
    workspace.source("delete from people where id <= 12");
    let held = workspace.run("people");
    for _ in 0..11 {
        workspace.run_with("people", options(|it| it.limit = Some(1)));
    }
    assert!(has_plan(&workspace, &held));
    let hash = held.plan_hash.clone().unwrap();
    let approved = workspace.approve("people", &hash).unwrap();
    assert_eq!(completed(&workspace.wait(&approved.id)), (0, 0, 12));
    workspace.run("people");
    assert!(!has_plan(&workspace, &held));
}
