//! Undoing in histories at random: what stood there before stands there again.

use proptest::prelude::*;

use super::doubts::{names, scripted};
use super::*;

/// A change of the source between two runs.
#[derive(Debug, Clone)]
enum Edit {
    Name(u32, u8),
    Add(u32),
    Drop(u32),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = prop_oneof![
        4 => (1_u32..9, 0_u8..4).prop_map(|(id, name)| Edit::Name(id, name)),
        2 => (1_u32..9).prop_map(Edit::Add),
        2 => (1_u32..9).prop_map(Edit::Drop),
    ];
    proptest::collection::vec(edit, 0..6)
}

fn make(workspace: &Workspace, edits: &[Edit]) {
    let mut sql = String::from("begin;");
    for edit in edits {
        sql += &match edit {
            Edit::Name(id, name) => format!("update people set name = 'n{name}' where id = {id};"),
            Edit::Add(id) => format!(
                "insert into people select {id}, 'p{id}@x.example', 'Name {id}'
                 where not exists (select 1 from people where id = {id});"
            ),
            Edit::Drop(id) => format!("delete from people where id = {id};"),
        };
    }
    workspace.source(&(sql + "commit;"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// After the undo of the last run the destination is as it was before that run, but for what
    /// the undo named.
    #[test]
    fn the_undo_of_a_run_gives_what_stood_there_before_it(
        mirror in any::<bool>(),
        before in edits(),
        bad in edits(),
        later in edits(),
    ) {
        let (workspace, there) = scripted(if mirror { "mirror" } else { "upsert" }, 5);
        workspace.run("people");
        make(&workspace, &before);
        workspace.run("people");
        let state = names(&there);
        make(&workspace, &bad);
        let run = workspace.run("people");
        let wrote = names(&there);
        make(&workspace, &later);
        workspace.run("people");
        let now = names(&there);
        let stays = match try_undo(&workspace, &run, None) {
            Ok(undo) => {
                let undo = workspace.wait(&undo.id);
                if undo.phase == Some(Phase::AwaitingApproval) {
                    approved(&workspace, &undo);
                }
                stays(&workspace, &undo)
            }
            Err(problem) => {
                prop_assert!(problem.text.ends_with("it wrote nothing"), "{:?}", problem);
                return Ok(());
            }
        };
        let after = names(&there);
        let all = state.keys().chain(wrote.keys()).chain(now.keys());
        for email in all {
            let stood = wrote.get(email) == now.get(email);
            let restored = after.get(email) == state.get(email);
            let untouched = after.get(email) == now.get(email);
            if wrote.get(email) == state.get(email) {
                prop_assert!(untouched, "{email} was not that run's to take back");
            } else if !stood {
                prop_assert!(untouched, "{email} was written again since");
            } else if !restored {
                prop_assert!(untouched, "{email} is neither as before nor as now");
                let id = email.trim_start_matches("text p").split('@').next().unwrap();
                let named = stays.iter().find(|stay| stay.starts_with(&format!("{id} ")));
                let why = named.and_then(|stay| stay.split(' ').nth(1));
                // It left the model, or went through another value, in the run after; or it had left before
                // and came back in that run: of what leaves the model no values are kept.
                let known = ["left_since", "changed_since", "gone_since", "back_since", "values_not_kept"];
                prop_assert!(why.is_some_and(|why| known.contains(&why)), "{email}: {stays:?}");
            }
        }
    }
}
