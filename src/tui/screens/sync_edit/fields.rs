//! The form of a sync's settings: which fields there are, and what is read back out of them.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::domain::guard::GuardSettings;
use crate::domain::mode::Mode;
use crate::domain::sync::SyncSettings;
use crate::link::WorkspaceView;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::{Form, FormField, choice, items, text};
use crate::tui::widgets::input::Input;

/// Settings with model and destination by name.
pub(super) type Settings = SyncSettings<String, String>;

/// The field with the object.
pub(super) const OBJECT: &str = "object";

/// The word of a choice in files.
fn word<T: Serialize>(value: &T) -> String {
    let json = serde_json::to_value(value).ok();
    let word = json.as_ref().and_then(Json::as_str);
    word.unwrap_or_default().to_owned()
}

fn words(all: &[&str], value: &impl Serialize) -> Input {
    let all: Vec<String> = all.iter().map(|word| (*word).to_owned()).collect();
    choice(&all, Some(&word(value)))
}

fn whole(value: Option<u64>) -> Input {
    let shown = value.map(|value| value.to_string()).unwrap_or_default();
    Input::Number(Field::new(&shown))
}

fn share(value: Option<f64>) -> Input {
    text(&value.map(|value| value.to_string()).unwrap_or_default())
}

/// The form of these settings.
pub(super) fn form(world: &WorkspaceView, settings: &Settings) -> Form {
    let models: Vec<String> = world.models.iter().map(|it| it.name.clone()).collect();
    let others: Vec<String> = world
        .destinations
        .iter()
        .map(|it| it.name.clone())
        .collect();
    let modes = Mode::ALL.map(Mode::word);
    let guards = &settings.guards;
    let field = FormField::new;
    Form::new(vec![
        field("name", "Name", "", text(&settings.name)).required(),
        field(
            "model",
            "Model",
            "another one starts an empty snapshot",
            choice(&models, Some(&settings.model)),
        )
        .required(),
        field(
            "destination",
            "Destination",
            "another one starts an empty snapshot",
            choice(&others, Some(&settings.destination)),
        )
        .required(),
        field(
            OBJECT,
            "Object",
            "ctrl-t lists them; another one starts an empty snapshot",
            text(&settings.destination_object),
        )
        .required(),
        field("mode", "Mode", "", words(&modes, &settings.mode)),
        field(
            "mirror_scope",
            "Mirror scope",
            "own: what this sync sent; all: whatever the model lacks",
            words(&["own", "all"], &settings.mirror_scope),
        ),
        field(
            "mirror_foreign",
            "Foreign deletes",
            "under scope all: ask first, or allow",
            words(&["ask", "allow"], &settings.mirror_foreign),
        ),
        field(
            "on_unknown",
            "Append, unknown",
            "a row without an answer: send it again, or hold it for a person",
            words(&["resend", "hold"], &settings.on_unknown),
        ),
        field(
            "first_run",
            "First run",
            "backfill sends every row, from_now only records them",
            words(&["backfill", "from_now"], &settings.first_run),
        ),
        field(
            "approval",
            "Approval",
            "a run waits for a person where guards say so, or always",
            words(&["guards", "always"], &settings.approval),
        ),
        field(
            "delete_rows",
            "Deletes that pass",
            "rows; empty takes the workspace's (10)",
            whole(guards.delete_rows),
        ),
        field(
            "delete_percent",
            "or percent",
            "of known records; empty takes the workspace's (10)",
            share(guards.delete_percent),
        ),
        field(
            "delete_max",
            "but at most",
            "rows by that share; empty takes the workspace's (500)",
            whole(guards.delete_max),
        ),
        field(
            "shrink_percent",
            "Shrunk below percent",
            "of the last good run stops a run; empty takes the workspace's (50)",
            share(guards.shrink_percent),
        ),
        field(
            "shrink_from_rows",
            "from rows",
            "of the last good run; empty takes the workspace's (100)",
            whole(guards.shrink_from_rows),
        ),
        field(
            "invalid_percent",
            "Invalid over percent",
            "stops a run; empty takes the workspace's (50)",
            share(guards.invalid_percent),
        ),
        field(
            "rejected_rows",
            "First all rejected",
            "rows that stop a run; 0 turns it off, empty takes the workspace's (500)",
            whole(guards.rejected_rows),
        ),
        field(
            "keep_values",
            "Keep values",
            "the last accepted values, whatever the number of rows",
            Input::Toggle(settings.keep_values),
        ),
        field(
            "grace_hours",
            "Grace hours",
            "a slot missed while the core was down is run once within them; 0 skips it",
            whole(Some(settings.grace_hours.into())),
        ),
        field(
            "tags",
            "Tags",
            "words to filter by",
            items(settings.tags.clone(), false),
        ),
    ])
}

fn chosen<T: DeserializeOwned>(form: &Form, key: &str, before: T) -> T {
    serde_json::from_value(form.text(key).into()).unwrap_or(before)
}

fn number(form: &Form, key: &str) -> Option<u64> {
    match form.field(key).map(|field| field.input.value()) {
        Some(Ok(Some(value))) => value.as_u64(),
        _ => None,
    }
}

/// A share in percent.
///
/// # Errors
/// That what stands there is none.
fn percent(form: &mut Form, key: &str) -> Result<Option<f64>, ()> {
    let typed = form.text(key);
    let typed = typed.trim_end_matches('%').trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let share = typed.parse::<f64>().ok();
    match share.filter(|share| (0.0..=100.0).contains(share)) {
        Some(share) => Ok(Some(share)),
        None => {
            if let Some(field) = form.field_mut(key) {
                field.problem = Some(format!("'{typed}' is no share from 0 to 100 percent"));
            }
            Err(())
        }
    }
}

/// The settings that stand in the form; nothing where something in it is wrong, which it then says.
pub(super) fn read(form: &mut Form, before: &Settings) -> Option<Settings> {
    let sound = form.check();
    let shares = ["delete_percent", "shrink_percent", "invalid_percent"];
    let [delete, shrink, invalid] = shares.map(|key| percent(form, key));
    let (Ok(delete_percent), Ok(shrink_percent), Ok(invalid_percent), true) =
        (delete, shrink, invalid, sound)
    else {
        form.seek_problem();
        return None;
    };
    let tags = match form.field("tags").map(|field| field.input.value()) {
        Some(Ok(Some(Json::Array(tags)))) => tags,
        _ => Vec::new(),
    };
    let keep = form.field("keep_values").map(|field| field.input.value());
    Some(Settings {
        name: form.text("name"),
        model: form.text("model"),
        destination: form.text("destination"),
        destination_object: form.text(OBJECT),
        mode: chosen(form, "mode", before.mode),
        mirror_scope: chosen(form, "mirror_scope", before.mirror_scope),
        mirror_foreign: chosen(form, "mirror_foreign", before.mirror_foreign),
        on_unknown: chosen(form, "on_unknown", before.on_unknown),
        first_run: chosen(form, "first_run", before.first_run),
        approval: chosen(form, "approval", before.approval),
        guards: GuardSettings {
            delete_rows: number(form, "delete_rows"),
            delete_percent,
            delete_max: number(form, "delete_max"),
            shrink_percent,
            shrink_from_rows: number(form, "shrink_from_rows"),
            invalid_percent,
            rejected_rows: number(form, "rejected_rows"),
        },
        keep_values: matches!(keep, Some(Ok(Some(Json::Bool(true))))),
        grace_hours: number(form, "grace_hours")
            .and_then(|hours| u32::try_from(hours).ok())
            .unwrap_or(before.grace_hours),
        tags: tags
            .iter()
            .filter_map(Json::as_str)
            .map(str::to_owned)
            .collect(),
        ..before.clone()
    })
}
