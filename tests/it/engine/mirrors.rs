//! Mirrors whose scope is all: what others put there goes too, once a person has said so.

use signalsmith::domain::run::Phase;

use super::*;

const ALL: &str = "mirror_scope = \"all\"";

fn with_foreign(workspace: &Workspace) {
    let db = rusqlite::Connection::open(workspace.path("copy.db")).unwrap();
    db.execute_batch(
        "create table people (email text primary key, number integer, name text);
         insert into people values ('other@x.example', 99, 'Theirs'), ('p1@x.example', 1, 'Old');",
    )
    .unwrap();
}

#[test]
fn foreign_records_go_only_when_their_plan_is_approved() {
    let workspace = people(2);
    with_foreign(&workspace);
    workspace.apply(&to_copy("mirror", ALL));
    let run = workspace.run("people");
    assert_eq!(run.phase, Some(Phase::AwaitingApproval), "{run:#?}");
    assert_eq!(run.counters.delete.planned, 1);
    assert_eq!(copied(&workspace).len(), 2, "nothing is sent before");
    workspace
        .approve("people", run.plan_hash.as_ref().unwrap())
        .unwrap();
    assert_eq!(completed(&workspace.wait(&run.id)), (2, 0, 1));
    assert_eq!(
        copied(&workspace),
        ["1|p1@x.example|Name 1", "2|p2@x.example|Name 2"]
    );
    // Nothing foreign is left, so nobody is asked.
    assert_eq!(completed(&workspace.run("people")), (0, 0, 0));
}

#[test]
fn foreign_records_go_unasked_where_the_sync_allows_it() {
    let workspace = people(2);
    with_foreign(&workspace);
    workspace.apply(&to_copy(
        "mirror",
        &format!("{ALL}\nmirror_foreign = \"allow\""),
    ));
    assert_eq!(completed(&workspace.run("people")), (2, 0, 1));
    assert_eq!(copied(&workspace).len(), 2);
}

#[test]
fn a_partial_run_deletes_nothing_foreign() {
    let workspace = people(2);
    with_foreign(&workspace);
    workspace.apply(&to_copy(
        "mirror",
        &format!("{ALL}\nmirror_foreign = \"allow\""),
    ));
    let run = workspace.run_with("people", options(|it| it.limit = Some(1)));
    assert_eq!(completed(&run), (1, 0, 0));
    assert!(copied(&workspace).contains(&"99|other@x.example|Theirs".to_owned()));
}

#[test]
fn identifiers_that_a_file_lists_as_text_are_known_again_by_their_type() {
    let workspace = people(3);
    let numbers = file(
        "mirror",
        OUT,
        "people.csv",
        &format!("{ALL}\nmirror_foreign = \"allow\""),
    )
    .replace(r#"name = "email", role"#, r#"name = "id", role"#)
    .replace("\"email\", is_identifier = true", "\"email\"")
    .replace(
        "destination_field = \"number\"",
        "destination_field = \"number\", is_identifier = true",
    );
    std::fs::create_dir(workspace.path("out")).unwrap();
    let before = "number,email,name\n01,p1@x.example,Old\n77,foreign@x.example,Theirs\n";
    std::fs::write(workspace.path("out/people.csv"), before).unwrap();
    workspace.apply(&numbers);
    let run = workspace.run("people");
    assert_eq!(
        (run.status, run.counters.delete.done),
        (RunStatus::Completed, 1),
        "{run:#?}"
    );
    let text = std::fs::read_to_string(workspace.path("out/people.csv")).unwrap();
    assert!(!text.contains("foreign"), "{text}");
    assert!(
        text.contains("p1@x.example") && text.contains("p3@x.example"),
        "{text}"
    );
    let again = workspace.run("people");
    assert_eq!(
        completed(&again),
        (0, 0, 0),
        "its own records are not foreign"
    );
}
