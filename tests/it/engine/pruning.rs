//! Applying a file that also removes what it does not have.

use signalsmith::domain::command::{Change, Command, Reply};
use signalsmith::domain::problem::Problem;

use super::*;

fn prune(workspace: &Workspace, text: &str, confirm: &[&str]) -> Result<Vec<Change>, Problem> {
    let reply = workspace.ask(Command::Apply {
        text: text.to_owned(),
        base: workspace.path(""),
        prune: true,
        dry_run: false,
        confirm: confirm.iter().map(|name| (*name).to_owned()).collect(),
    })?;
    match reply {
        Reply::Changes(changes) => Ok(changes),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_sync_goes_also_where_its_model_gets_another_key_in_the_same_file() {
    let workspace = people(2);
    workspace.apply(&to_copy("upsert", ""));
    let other = to_copy("upsert", "")
        .replace("[[sync]]\nname = \"people\"", "[[sync]]\nname = \"others\"")
        .replace("primary_key = [\"id\"]", "primary_key = [\"email\"]");
    let refused = prune(&workspace, &other, &[]).unwrap_err();
    assert!(refused.hint.contains("--confirm 'people'"), "{refused:?}");
    let changes = prune(&workspace, &other, &["people"]).unwrap();
    let of_people: Vec<&str> = changes
        .iter()
        .filter(|change| change.kind == "sync" && change.name == "people")
        .map(|change| change.action.as_str())
        .collect();
    assert_eq!(of_people, ["delete"]);
    let view = workspace.view();
    let names: Vec<&str> = view.syncs.iter().map(|sync| sync.name()).collect();
    assert_eq!(names, ["others"]);
}
