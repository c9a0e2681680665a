//! Looking through what is on record: any page of a plan, a key in it, causes with their edit.

use signalsmith::domain::browse::{Browse, Browsed, PlanPart, PlanRow};
use signalsmith::domain::command::{Command, PlanEntry, Reply};
use signalsmith::domain::problem::{Problem, ProblemKind};

use super::*;

fn browse(workspace: &Workspace, question: Browse) -> Result<Browsed, Problem> {
    match workspace.ask(Command::Browse(question))? {
        Reply::Browsed(browsed) => Ok(*browsed),
        other => panic!("{other:?}"),
    }
}

fn page(workspace: &Workspace, run: &Run, part: PlanPart, offset: u64, limit: u32) -> Vec<PlanRow> {
    let question = Browse::Entries {
        run: run.id.clone(),
        part,
        offset,
        limit,
    };
    match browse(workspace, question).unwrap() {
        Browsed::Entries(rows) => rows,
        other => panic!("{other:?}"),
    }
}

fn find(workspace: &Workspace, run: &Run, part: PlanPart, text: &str, offset: u64) -> Option<u64> {
    let question = Browse::Find {
        run: run.id.clone(),
        part,
        text: text.to_owned(),
        offset,
    };
    match browse(workspace, question).unwrap() {
        Browsed::Found(found) => {
            assert_eq!(found.next, None);
            found.at
        }
        other => panic!("{other:?}"),
    }
}

/// A plan with creates, updates, deletes and invalid rows, more than one mark of its division long.
fn varied() -> (Workspace, Run) {
    let workspace = people(6_000);
    workspace.apply(&to_copy("mirror", ""));
    workspace.run("people");
    workspace.source(
        "delete from people where id % 3 = 0;
         update people set name = name || '!' where id % 3 = 1;
         insert into people select id + 10000, 'n' || id || '@x.example', 'New' from people
           where id % 3 = 2;
         insert into people values (7, 'double@x.example', 'Double');",
    );
    let run = workspace.run_with("people", options(|it| it.plan_only = true));
    assert_eq!(run.counters.delete.planned, 2_000);
    (workspace, run)
}

#[test]
fn any_page_of_any_kind_is_what_reading_the_whole_plan_gives() {
    let (workspace, run) = varied();
    let all: Vec<PlanEntry> = workspace.plan(&run).operations;
    for part in PlanPart::ALL {
        if part == PlanPart::Invalid {
            continue;
        }
        let expected: Vec<&PlanEntry> = all
            .iter()
            .filter(|entry| part.kind().is_none_or(|kind| kind == entry.op))
            .collect();
        assert!(expected.len() > 1_000, "{part:?}");
        let last = expected.len() as u64;
        for offset in [0, 1, 999, last / 2, last - 3, last, last + 7] {
            let rows = page(&workspace, &run, part, offset, 40);
            let from = (offset as usize).min(expected.len());
            let to = (from + 40).min(expected.len());
            let wanted: Vec<_> = expected[from..to]
                .iter()
                .map(|it| (Some(it.op), it.key.clone(), it.old.clone(), it.new.clone()))
                .collect();
            let rows: Vec<_> = rows
                .into_iter()
                .map(|it| (it.op, it.key, it.old, it.new))
                .collect();
            assert_eq!(rows, wanted, "{part:?} from {offset}");
        }
        let at = last - 2;
        let key = expected[at as usize].key["id"].to_string();
        assert_eq!(find(&workspace, &run, part, &key, 0), Some(at));
        assert_eq!(find(&workspace, &run, part, &key, at + 1), None);
    }
}

#[test]
fn a_plan_is_looked_through_by_identifier_and_its_invalid_rows_say_why() {
    let (workspace, run) = varied();
    let at = find(&workspace, &run, PlanPart::Delete, "P300@X.example", 0).unwrap();
    let rows = page(&workspace, &run, PlanPart::Delete, at, 1);
    assert_eq!(rows[0].identifier, "p300@x.example");
    assert_eq!(find(&workspace, &run, PlanPart::Create, "p300@", 0), None);
    let invalid = page(&workspace, &run, PlanPart::Invalid, 0, 10);
    assert_eq!(invalid.len(), 1, "rows that share a key are one entry");
    assert!(
        invalid[0]
            .why
            .as_ref()
            .unwrap()
            .starts_with("duplicate_key")
    );
    assert!(page(&workspace, &run, PlanPart::Invalid, 1, 10).is_empty());
}

#[test]
fn the_head_of_a_plan_tells_what_its_deletes_stand_against() {
    let (workspace, run) = varied();
    let question = Browse::Plan {
        run: run.id.clone(),
    };
    let Browsed::Plan(head) = browse(&workspace, question).unwrap() else {
        panic!()
    };
    assert_eq!(
        (head.known, head.delete_limit, head.invalid),
        (6_000, 500, 1)
    );
    assert_eq!(Some(&head.plan_hash), run.plan_hash.as_ref());
    assert_eq!(head.entries(PlanPart::Delete), 2_000);
    std::fs::remove_file(workspace.folder().join(format!("runs/{}.plan", run.id))).unwrap();
    let question = Browse::Plan { run: run.id };
    let gone = browse(&workspace, question).unwrap_err();
    assert_eq!(gone.kind, ProblemKind::NotFound);
    assert!(gone.text.contains("no longer kept"), "{}", gone.text);
}

#[test]
fn a_cause_names_the_edit_that_came_before_it_and_none_that_came_after() {
    let workspace = people(3);
    workspace.source("update people set name = '5' where id < 3");
    workspace.apply(&to_copy("upsert", ""));
    workspace.run("people");
    let name = "destination_field = \"name\"";
    let edited =
        to_copy("upsert", "").replace(name, &format!("{name}, transforms = [\"to_integer\"]"));
    workspace.apply(&edited);
    let run = workspace.run("people");
    assert_eq!(run.counters.invalid, 1, "{run:#?}");
    let minute = std::time::Duration::from_secs(60);
    workspace.wait_for(workspace.clock.advance(minute));
    workspace.apply(&edited.replace("mode = \"upsert\"", "mode = \"upsert\"\ntags = [\"x\"]"));
    let question = Browse::Causes {
        run: run.id.clone(),
    };
    let Browsed::Causes(causes) = browse(&workspace, question).unwrap() else {
        panic!()
    };
    let [cause] = causes.as_slice() else {
        panic!("{causes:?}")
    };
    assert_eq!(
        (
            cause.verdict.as_str(),
            cause.code.as_str(),
            cause.rows,
            cause.runs
        ),
        ("invalid", "transform", 1, 1)
    );
    let edit = cause.edit.as_ref().unwrap();
    let fields: Vec<&str> = edit.fields.iter().map(|field| field.0.as_str()).collect();
    assert_eq!(fields, ["field_mappings[name]"]);
    assert!(!cause.stuck);
}
