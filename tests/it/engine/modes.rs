//! What each mode does over several runs.

use signalsmith::domain::command::Command;

use super::*;

#[test]
fn the_first_upsert_creates_all_and_the_second_run_sends_only_what_changed() {
    let workspace = people(3);
    workspace.apply(&to_copy("upsert", ""));
    assert_eq!(completed(&workspace.run("people")), (3, 0, 0));
    workspace.source("update people set name = 'New' where id = 2");
    add(&workspace, 4, 4);
    let second = workspace.run("people");
    assert_eq!(completed(&second), (1, 1, 0));
    assert_eq!(second.counters.unchanged, 2);
    assert_eq!(copied(&workspace)[1], "2|p2@x.example|New");
    let third = workspace.run("people");
    assert_eq!(completed(&third), (0, 0, 0));
    assert_eq!((third.counters.unchanged, third.counters.requests), (4, 0));
}

#[test]
fn an_upsert_leaves_what_left_the_model_and_sends_it_when_it_comes_back() {
    let workspace = people(3);
    workspace.apply(&to_copy("upsert", ""));
    workspace.run("people");
    workspace.source("delete from people where id = 3");
    assert_eq!(completed(&workspace.run("people")), (0, 0, 0));
    assert_eq!(copied(&workspace).len(), 3);
    assert_eq!(workspace.sync("people").known, 2);
    add(&workspace, 3, 3);
    assert_eq!(completed(&workspace.run("people")), (0, 1, 0));
    assert_eq!(workspace.sync("people").known, 3);
}

#[test]
fn a_mirror_deletes_what_left_the_model_and_nothing_that_it_never_sent() {
    let workspace = people(3);
    workspace.apply(&to_copy("mirror", ""));
    let db = rusqlite::Connection::open(workspace.path("copy.db")).unwrap();
    db.execute_batch(
        "create table people (email text primary key, number integer, name text);
         insert into people values ('own@x.example', 99, 'Theirs');",
    )
    .unwrap();
    assert_eq!(completed(&workspace.run("people")), (3, 0, 0));
    workspace.source("delete from people where id = 1");
    assert_eq!(completed(&workspace.run("people")), (0, 0, 1));
    let left = [
        "2|p2@x.example|Name 2",
        "3|p3@x.example|Name 3",
        "99|own@x.example|Theirs",
    ];
    assert_eq!(copied(&workspace), left);
    assert_eq!(completed(&workspace.run("people")), (0, 0, 0));
}

#[test]
fn an_append_adds_each_key_once_whatever_becomes_of_it() {
    let workspace = people(2);
    workspace.apply(&file("append", OUT, "people.jsonl", ""));
    assert_eq!(completed(&workspace.run("people")), (2, 0, 0));
    workspace
        .source("update people set name = 'New' where id = 1; delete from people where id = 2;");
    assert_eq!(completed(&workspace.run("people")), (0, 0, 0));
    add(&workspace, 2, 3);
    assert_eq!(completed(&workspace.run("people")), (1, 0, 0));
    let text = std::fs::read_to_string(workspace.path("out/people.jsonl")).unwrap();
    assert_eq!(text.lines().count(), 3, "{text}");
}

#[test]
fn an_update_never_creates_and_an_insert_never_updates() {
    let workspace = people(3);
    let db = rusqlite::Connection::open(workspace.path("copy.db")).unwrap();
    db.execute_batch(
        "create table people (email text primary key, number integer, name text);
         insert into people values ('p1@x.example', 1, 'Old');",
    )
    .unwrap();
    workspace.apply(&to_copy("update", ""));
    let update = workspace.run("people");
    assert_eq!(update.status, RunStatus::CompletedWithErrors);
    assert_eq!(copied(&workspace), ["1|p1@x.example|Name 1"]);
    let verdicts = workspace.verdicts(&update);
    assert_eq!(verdicts.len(), 2);
    assert!(
        verdicts
            .iter()
            .all(|row| row.contains("rejected unmatched")),
        "{verdicts:?}"
    );

    let workspace = people(3);
    let db = rusqlite::Connection::open(workspace.path("copy.db")).unwrap();
    db.execute_batch(
        "create table people (email text primary key, number integer, name text);
         insert into people values ('p1@x.example', 1, 'Old');",
    )
    .unwrap();
    workspace.apply(&to_copy("insert", ""));
    let insert = workspace.run("people");
    assert_eq!(insert.status, RunStatus::Completed, "{insert:#?}");
    let all = [
        "1|p1@x.example|Old",
        "2|p2@x.example|Name 2",
        "3|p3@x.example|Name 3",
    ];
    assert_eq!(copied(&workspace), all);
    workspace.source("update people set name = 'New'");
    assert_eq!(completed(&workspace.run("people")), (0, 0, 0));
    assert_eq!(copied(&workspace), all);
}

#[test]
fn a_changed_identifier_is_deleted_under_the_old_one_by_a_mirror_and_left_by_an_upsert() {
    for (mode, left) in [("mirror", 2), ("upsert", 3)] {
        let workspace = people(2);
        workspace.apply(&to_copy(mode, ""));
        workspace.run("people");
        workspace.source("update people set email = 'moved@x.example' where id = 1");
        let run = workspace.run("people");
        assert_eq!(run.status, RunStatus::Completed, "{run:#?}");
        assert_eq!(copied(&workspace).len(), left, "{mode}");
        assert!(copied(&workspace).contains(&"1|moved@x.example|Name 1".to_owned()));
        if mode == "upsert" {
            assert!(
                workspace.log(&run).contains("former"),
                "{}",
                workspace.log(&run)
            );
        }
        assert_eq!(completed(&workspace.run("people")), (0, 0, 0), "{mode}");
    }
}

#[test]
fn two_keys_that_swap_identifiers_are_updated_and_nothing_is_deleted() {
    let workspace = people(3);
    workspace.apply(&to_copy("mirror", ""));
    workspace.run("people");
    workspace.source(
        "update people set email = case id when 1 then 'p2@x.example' else 'p1@x.example' end
         where id in (1, 2)",
    );
    let (_, _, deleted) = completed(&workspace.run("people"));
    assert_eq!(deleted, 0);
    let swapped = [
        "1|p2@x.example|Name 1",
        "2|p1@x.example|Name 2",
        "3|p3@x.example|Name 3",
    ];
    assert_eq!(copied(&workspace), swapped);
    assert_eq!(completed(&workspace.run("people")), (0, 0, 0));
}

#[test]
fn an_identifier_that_another_key_carries_now_is_handed_over() {
    let workspace = people(2);
    workspace.apply(&to_copy("mirror", ""));
    workspace.run("people");
    workspace.source(
        "delete from people where id = 1;
         insert into people values (9, 'p1@x.example', 'Heir');",
    );
    assert_eq!(completed(&workspace.run("people")), (0, 1, 0));
    assert_eq!(
        copied(&workspace),
        ["2|p2@x.example|Name 2", "9|p1@x.example|Heir"]
    );
    assert_eq!(completed(&workspace.run("people")), (0, 0, 0));
}

#[test]
fn invalid_rows_are_listed_with_their_cause_and_never_cause_a_delete() {
    let workspace = people(12);
    workspace.apply(&to_copy("mirror", ""));
    workspace.run("people");
    workspace.source(
        "insert into people values (3, 'twin@x.example', 'Twin');
         update people set email = null where id = 1;
         update people set email = 'p5@x.example' where id = 6;",
    );
    let run = workspace.run("people");
    assert_eq!(run.status, RunStatus::CompletedWithErrors, "{run:#?}");
    assert_eq!(done(&run), (0, 0, 0));
    assert_eq!(run.counters.invalid, 5);
    let verdicts = workspace.verdicts(&run);
    for expected in [
        "1 invalid required",
        "3 invalid duplicate_key",
        "5 invalid duplicate_identifier",
        "6 invalid duplicate_identifier",
    ] {
        assert!(verdicts.iter().any(|row| row == expected), "{verdicts:?}");
    }
    assert_eq!(copied(&workspace).len(), 12);
}

#[test]
fn a_row_without_a_key_is_listed_and_the_others_go() {
    let workspace = people(3);
    workspace.apply(&to_copy("upsert", ""));
    workspace.source("insert into people values (null, 'nobody@x.example', 'Nobody')");
    let run = workspace.run("people");
    assert_eq!(run.status, RunStatus::CompletedWithErrors);
    assert_eq!(done(&run), (3, 0, 0));
    assert_eq!(workspace.verdicts(&run), ["null invalid null_key"]);
}

#[test]
fn a_full_resync_sends_every_row_and_an_append_only_with_duplicate() {
    let workspace = people(3);
    workspace.apply(&to_copy("mirror", ""));
    workspace.run("people");
    workspace.source("delete from people where id = 3");
    let full = workspace.run_with("people", options(|it| it.full = true));
    assert_eq!(completed(&full), (0, 2, 1));

    let workspace = people(2);
    workspace.apply(&file("append", OUT, "people.jsonl", ""));
    workspace.run("people");
    let lines = || {
        let text = std::fs::read_to_string(workspace.path("out/people.jsonl")).unwrap();
        text.lines().count()
    };
    let refused = workspace.run_with("people", options(|it| it.full = true));
    assert_eq!(
        (refused.status, refused.exit_code(), lines()),
        (RunStatus::Failed, 2, 2)
    );
    let duplicate = options(|it| (it.full, it.duplicate) = (true, true));
    assert_eq!(
        workspace.run_with("people", duplicate).status,
        RunStatus::Completed
    );
    assert_eq!(lines(), 4);
}

#[test]
fn forgetting_needs_the_name_sends_nothing_and_the_next_mirror_deletes_nothing() {
    let workspace = people(3);
    workspace.apply(&to_copy("mirror", ""));
    workspace.run("people");
    let forget = |confirm: &str| {
        workspace.ask(Command::Forget {
            sync: "people".into(),
            confirm: confirm.into(),
        })
    };
    assert!(forget("peple").is_err());
    assert_eq!(workspace.sync("people").known, 3);
    forget("people").unwrap();
    assert_eq!(workspace.sync("people").known, 0);
    workspace.source("delete from people where id = 1");
    let next = workspace.run("people");
    assert_eq!(completed(&next), (2, 0, 0));
    assert_eq!(next.counters.create.existing, 2);
    assert_eq!(copied(&workspace).len(), 3);
}

#[test]
fn a_sync_from_now_adopts_what_is_there_and_sends_what_comes() {
    let workspace = people(3);
    workspace.apply(&to_copy("mirror", "first_run = \"from_now\""));
    let first = workspace.run("people");
    assert_eq!(completed(&first), (0, 0, 0));
    assert_eq!(first.counters.skipped, 3);
    assert!(!workspace.path("copy.db").exists() || copied_or_none(&workspace).is_empty());
    workspace
        .source("delete from people where id = 1; update people set name = 'New' where id = 2");
    add(&workspace, 4, 4);
    assert_eq!(completed(&workspace.run("people")), (1, 1, 0));
    assert_eq!(
        copied(&workspace),
        ["2|p2@x.example|New", "4|p4@x.example|Name 4"]
    );
}

fn copied_or_none(workspace: &Workspace) -> Vec<String> {
    let there = workspace.target("select name from sqlite_master where name = 'people'");
    if there.is_empty() {
        Vec::new()
    } else {
        copied(workspace)
    }
}

#[test]
fn a_refused_row_is_tried_again_though_unchanged_and_its_attempts_are_counted() {
    let workspace = people(2);
    let db = rusqlite::Connection::open(workspace.path("copy.db")).unwrap();
    db.execute_batch(
        "create table people (email text primary key, number integer, name text,
         check (name <> 'Name 2'));",
    )
    .unwrap();
    workspace.apply(&to_copy("upsert", ""));
    for attempts in 1..=3 {
        let run = workspace.run("people");
        assert_eq!(run.status, RunStatus::CompletedWithErrors);
        let rows = workspace.rows(&run);
        assert_eq!(rows.len(), 1);
        assert_eq!(
            (rows[0].verdict.as_str(), rows[0].attempts),
            ("rejected", attempts)
        );
        assert_eq!(rows[0].payload.as_ref().unwrap()["name"], "N•••");
    }
    workspace.source("update people set name = 'Better' where id = 2");
    assert_eq!(completed(&workspace.run("people")), (1, 0, 0));
    assert_eq!(
        copied(&workspace),
        ["1|p1@x.example|Name 1", "2|p2@x.example|Better"]
    );
}

#[test]
fn a_file_is_mirrored_like_a_table() {
    let workspace = people(3);
    workspace.apply(&file("mirror", OUT, "people.csv", ""));
    assert_eq!(completed(&workspace.run("people")), (3, 0, 0));
    workspace.source(
        "delete from people where id = 1; update people set name = 'New' where id = 2;
         insert into people values (4, 'p4@x.example', 'Four');",
    );
    assert_eq!(completed(&workspace.run("people")), (1, 1, 1));
    let text = std::fs::read_to_string(workspace.path("out/people.csv")).unwrap();
    let mut lines: Vec<&str> = text.lines().skip(1).collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "p2@x.example,2,New",
            "p3@x.example,3,Name 3",
            "p4@x.example,4,Four"
        ]
    );
}
