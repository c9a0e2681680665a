//! Trouble with the workspace itself: damage, a second core, folders that cannot be written.

use signalsmith::domain::problem::ProblemKind;

use super::*;
use crate::support::program::Program;
use crate::support::rows::query;

/// The files of the snapshot of the only sync.
fn partitions(workspace: &Workspace) -> Vec<std::path::PathBuf> {
    let folder = workspace
        .folder()
        .join("snapshots")
        .join(workspace.sync("people").id().as_str());
    let folder = std::fs::read_dir(folder)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect()
}

#[test]
fn a_damaged_or_missing_snapshot_fails_the_sync_and_deletes_nothing() {
    for missing in [false, true] {
        let mut workspace = people(40);
        workspace.apply(&to_copy("mirror", ""));
        workspace.run("people");
        let files = partitions(&workspace);
        assert!(!files.is_empty(), "the first run is folded");
        for file in &files {
            if missing {
                std::fs::remove_file(file).unwrap();
            } else {
                let mut bytes = std::fs::read(file).unwrap();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 0x55;
                std::fs::write(file, bytes).unwrap();
            }
        }
        workspace.source("delete from people where id = 1");
        for _ in 0..2 {
            let run = workspace.run("people");
            assert_eq!(run.status, RunStatus::Failed, "{run:#?}");
            assert_eq!(run.error.as_ref().unwrap().kind, ProblemKind::State);
            assert_eq!(copied(&workspace).len(), 40);
            workspace.stop();
            workspace.start().unwrap();
        }
    }
}

#[test]
fn a_second_core_is_refused_with_who_has_the_workspace() {
    let mut workspace = people(1);
    let refused = workspace.another(7).err().expect("the workspace is taken");
    let pid = std::process::id().to_string();
    assert!(
        refused.text.contains(&pid) || refused.hint.contains(&pid),
        "{refused:?}"
    );
    workspace.stop();
    workspace.start().unwrap();
}

#[test]
fn a_plan_that_cannot_be_written_sends_nothing() {
    let workspace = people(3);
    workspace.apply(&to_copy("upsert", ""));
    let runs = workspace.folder().join("runs");
    std::fs::remove_dir_all(&runs).unwrap();
    std::fs::write(&runs, "in the way").unwrap();
    let run = workspace.run("people");
    assert_eq!(run.status, RunStatus::Failed);
    assert_eq!(
        run.error.as_ref().unwrap().kind,
        ProblemKind::State,
        "{run:#?}"
    );
    assert!(!workspace.path("copy.db").exists());
    std::fs::remove_file(&runs).unwrap();
    std::fs::create_dir(&runs).unwrap();
    assert_eq!(completed(&workspace.run("people")), (3, 0, 0));
}

#[test]
fn a_source_that_goes_away_fails_the_run_and_deletes_nothing() {
    let workspace = people(5);
    workspace.apply(&to_copy("mirror", ""));
    workspace.run("people");
    let (here, away) = (workspace.path("source.db"), workspace.path("away.db"));
    std::fs::rename(&here, &away).unwrap();
    let run = workspace.run("people");
    assert_eq!(
        (run.status, run.exit_code()),
        (RunStatus::Failed, 1),
        "{run:#?}"
    );
    assert_eq!(copied(&workspace).len(), 5);
    std::fs::rename(&away, &here).unwrap();
    assert_eq!(completed(&workspace.run("people")), (0, 0, 0));
}

#[test]
fn an_edit_that_would_empty_the_snapshot_waits_for_the_run_to_end() {
    let workspace = people(2);
    let gate = Gate::start(workspace.runtime.handle());
    let hook = to_hook("upsert", gate.url(), "");
    workspace.apply(&hook);
    let run = workspace.begin("people", options(|_| ()));
    workspace.wait_for(gate.arrived(1));
    let moved = hook.replace(
        "destination_object = \"rows\"",
        "destination_object = \"other\"",
    );
    let refused = workspace.try_apply(&moved, &["people"]).unwrap_err();
    assert_eq!(refused.kind, ProblemKind::Conflict, "{refused:?}");
    gate.open(100);
    workspace.wait(&run.id);
    assert!(
        workspace.try_apply(&moved, &[]).is_err(),
        "its name must be typed"
    );
    workspace.try_apply(&moved, &["people"]).unwrap();
    assert_eq!(completed(&workspace.run("people")), (2, 0, 0));
}

/// Runs the program where no file may grow beyond so many blocks of 512 bytes: to every write beyond,
/// the disk is full. Gives its exit code.
fn run_cramped(program: &Program, blocks: u32, arguments: &[&str]) -> Option<i32> {
    let plain = program.command(&program.path(""), arguments);
    let shell = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", &shell])
        .arg(plain.get_program())
        .args(plain.get_args())
        .env_clear();
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    let output = command.current_dir(program.path("")).output().unwrap();
    output.status.code()
}

#[test]
fn a_disk_that_fills_up_under_a_run_loses_nothing_and_needs_no_repair() {
    let mut codes = Vec::new();
    for blocks in [0, 400, 1_000, 2_000] {
        let program = Program::new();
        let db = rusqlite::Connection::open(program.path("source.db")).unwrap();
        db.execute_batch(TABLE).unwrap();
        db.execute_batch(
            "insert into people with recursive n (i) as (select 1 union all select i + 1 from n
             where i < 3000) select i, 'p' || i || '@x.example', 'Name ' || i from n",
        )
        .unwrap();
        drop(db);
        std::fs::write(program.path("people.toml"), to_copy("mirror", "")).unwrap();
        program.ok(&["init"]);
        program.ok(&["apply", "people.toml", "--yes"]);
        let code = run_cramped(&program, blocks, &["run", "people", "--wait"]);
        assert!(matches!(code, Some(0 | 1)), "{blocks}: {code:?}");
        codes.push(code);
        program.ok(&["run", "people", "--wait"]);
        let again = program.json(0, &["run", "people", "--wait", "--json"]);
        assert_eq!(again["counters"]["unchanged"], 3_000, "{blocks}: {again}");
        let counts = "select count(*), count(distinct email) from people";
        assert_eq!(
            query(&program.path("copy.db"), counts),
            ["3000|3000"],
            "{blocks}"
        );
    }
    assert!(codes.contains(&Some(1)), "some disk was full: {codes:?}");
}
