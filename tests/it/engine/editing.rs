//! Edits of single models, sources and destinations.

use signalsmith::domain::command::{Change, Command, Reply};
use signalsmith::domain::edit::{
    ColumnDraft, ConnectionDraft, Edit, ModelDraft, ResourceKind, Side,
};
use signalsmith::domain::model::Role;
use signalsmith::domain::problem::{Problem, ProblemKind};
use signalsmith::domain::secret::SecretText;

use super::*;

fn edit(workspace: &Workspace, wanted: Edit) -> Result<Vec<Change>, Problem> {
    match workspace.ask(Command::Edit(wanted))? {
        Reply::Changes(changes) => Ok(changes),
        other => panic!("{other:?}"),
    }
}

fn delete(workspace: &Workspace, kind: ResourceKind, name: &str) -> Result<Vec<Change>, Problem> {
    let name = name.to_owned();
    edit(workspace, Edit::Delete { kind, name })
}

/// The draft of the model `people` as it is.
fn draft(workspace: &Workspace) -> ModelDraft {
    let view = workspace.view();
    let model = &view.models[0];
    ModelDraft {
        id: Some(model.id.to_string()),
        revision: Some(model.revision),
        name: model.name.clone(),
        source: "crm".to_owned(),
        sql: model.sql.clone(),
        primary_key: model.primary_key.clone(),
        columns: vec![ColumnDraft {
            name: "email".to_owned(),
            kind: None,
            role: Role::Identifier,
        }],
    }
}

fn save(workspace: &Workspace, model: ModelDraft, dry_run: bool) -> Result<Vec<Change>, Problem> {
    let confirm = Vec::new();
    edit(
        workspace,
        Edit::Model {
            model,
            dry_run,
            confirm,
        },
    )
}

fn with_sync() -> Workspace {
    let workspace = people(2);
    workspace.apply(&to_copy("upsert", ""));
    workspace
}

#[test]
fn what_is_in_use_is_not_deleted_and_the_refusal_names_the_users() {
    let workspace = with_sync();
    let destination = workspace.view().destinations[0].name.clone();
    for (kind, name, user) in [
        (ResourceKind::Source, "crm", "model people"),
        (ResourceKind::Model, "people", "sync people"),
        (ResourceKind::Destination, &destination, "sync people"),
    ] {
        let problem = delete(&workspace, kind, name).unwrap_err();
        assert_eq!(problem.kind, ProblemKind::Conflict);
        assert!(problem.text.contains(user), "{}", problem.text);
    }
    assert_eq!(workspace.view().models.len(), 1);
    let problem = delete(&workspace, ResourceKind::Model, "peple").unwrap_err();
    assert_eq!(problem.hint, "did you mean 'people'?");
}

#[test]
fn what_somebody_else_saved_meanwhile_is_not_overwritten() {
    let workspace = with_sync();
    let stale = draft(&workspace);
    let mut first = stale.clone();
    first.name = "persons".to_owned();
    save(&workspace, first, false).unwrap();
    assert_eq!(workspace.view().models[0].name, "persons");
    let problem = save(&workspace, stale, false).unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Conflict);
    assert!(problem.text.contains("revision 2"), "{}", problem.text);
}

#[test]
fn a_dry_run_tells_what_follows_for_syncs_and_changes_nothing() {
    let workspace = with_sync();
    let mut model = draft(&workspace);
    model.sql = "select id, name from people".to_owned();
    model.columns.clear();
    let changes = save(&workspace, model.clone(), true).unwrap();
    let sync = changes.iter().find(|change| change.kind == "sync").unwrap();
    assert!(
        sync.notes[0].contains("needs attention"),
        "{:?}",
        sync.notes
    );
    assert_eq!(workspace.view().models[0].revision, 1);
    model.sql = "select id, email, name from people".to_owned();
    model.primary_key = vec!["email".to_owned()];
    let changes = save(&workspace, model.clone(), true).unwrap();
    assert!(changes.iter().any(|change| change.drops_snapshot));
    let problem = save(&workspace, model, false).unwrap_err();
    assert!(
        problem.hint.contains("--confirm 'people'"),
        "{}",
        problem.hint
    );
}

#[test]
fn problems_of_a_form_name_no_line() {
    let workspace = with_sync();
    let mut model = draft(&workspace);
    model.id = None;
    model.revision = None;
    model.name = "second".to_owned();
    model.sql = "select nothing from people".to_owned();
    let problem = save(&workspace, model.clone(), false).unwrap_err();
    assert!(!problem.text.contains("line"), "{}", problem.text);
    model.name = "people".to_owned();
    let problem = save(&workspace, model.clone(), false).unwrap_err();
    assert!(
        problem.text.contains("called 'people' already"),
        "{}",
        problem.text
    );
    model.name = "a\nb".to_owned();
    assert_eq!(
        save(&workspace, model, false).unwrap_err().kind,
        ProblemKind::Usage
    );
}

fn hook(workspace: &Workspace, url: &str, secret: Option<&str>) -> ConnectionDraft {
    let view = workspace.view();
    let known = view.destinations.iter().find(|found| found.name == "hook");
    let mut settings = known.map_or_else(Default::default, |found| found.settings.clone());
    settings.insert("url".to_owned(), url.into());
    ConnectionDraft {
        id: known.map(|found| found.id.to_string()),
        revision: known.map(|found| found.revision),
        name: "hook".to_owned(),
        connector: "webhook".to_owned(),
        settings,
        secrets: secret
            .map(|secret| {
                (
                    "signing_secret".to_owned(),
                    SecretText::new(secret.to_owned()),
                )
            })
            .into_iter()
            .collect(),
    }
}

fn put(workspace: &Workspace, connection: ConnectionDraft) -> Result<Vec<Change>, Problem> {
    edit(
        workspace,
        Edit::Connection {
            side: Side::Destination,
            connection,
            dry_run: false,
        },
    )
}

#[test]
fn a_kept_secret_does_not_go_along_to_another_host() {
    let workspace = Workspace::new();
    let first = "whsec_Zmlyc3RmaXJzdGZpcnN0Zmlyc3RmaXJzdA==";
    let second = "whsec_c2Vjb25kc2Vjb25kc2Vjb25kc2Vjb25kc2U=";
    put(
        &workspace,
        hook(&workspace, "https://a.example", Some(first)),
    )
    .unwrap();
    let moved = hook(&workspace, "https://b.example", None);
    let problem = put(&workspace, moved).unwrap_err();
    assert!(
        problem.text.contains("stored secret would go with it"),
        "{}",
        problem.text
    );
    let url = |workspace: &Workspace| workspace.view().destinations[0].settings["url"].clone();
    assert_eq!(url(&workspace), "https://a.example");
    put(
        &workspace,
        hook(&workspace, "https://b.example", Some(second)),
    )
    .unwrap();
    assert_eq!(url(&workspace), "https://b.example");
    // A secret alone can be replaced too.
    put(
        &workspace,
        hook(&workspace, "https://b.example", Some(first)),
    )
    .unwrap();
    assert_eq!(workspace.view().destinations[0].revision, 2);
}
