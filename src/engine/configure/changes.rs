//! Changes as people are shown them: field by field, old beside new.

use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::domain::command::Change;

/// The longest value that is shown of a field, in characters.
const SHOWN: usize = 120;

/// Says how a resource changes.
pub(super) fn between<T: Serialize>(
    kind: &str,
    name: &str,
    old: Option<&T>,
    new: Option<&T>,
) -> Change {
    let (before, after) = (fields(old), fields(new));
    let mut changed = Vec::new();
    for (key, value) in &after {
        let was = before.get(key);
        if was != Some(value) {
            changed.push((key.clone(), was.map(text).unwrap_or_default(), text(value)));
        }
    }
    for (key, value) in &before {
        if !after.contains_key(key) {
            changed.push((key.clone(), text(value), String::new()));
        }
    }
    let action = match (old, changed.is_empty()) {
        (None, _) => "create",
        (Some(_), false) => "update",
        (Some(_), true) => "unchanged",
    };
    Change {
        action: action.to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
        fields: changed,
        notes: Vec::new(),
        drops_snapshot: false,
    }
}

/// Says that a resource goes.
pub(super) fn removal(kind: &str, name: &str) -> Change {
    Change {
        action: "delete".to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
        fields: Vec::new(),
        notes: Vec::new(),
        drops_snapshot: false,
    }
}

/// The fields that a person set; ids, revisions and what we observed are not theirs.
fn fields<T: Serialize>(resource: Option<&T>) -> Map<String, Json> {
    let json = resource.and_then(|resource| serde_json::to_value(resource).ok());
    let Some(Json::Object(mut all)) = json else {
        return Map::new();
    };
    for own in ["id", "revision", "health"] {
        all.remove(own);
    }
    if let Some(Json::Object(settings)) = all.remove("settings") {
        all.extend(settings);
    }
    all.retain(|_, value| !value.is_null());
    all
}

fn text(value: &Json) -> String {
    let full = match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    if full.chars().count() <= SHOWN {
        return full;
    }
    full.chars().take(SHOWN).chain(['…']).collect()
}
