//! What differs between two versions of a resource, field by field, with secrets left out.

use std::collections::BTreeMap;

use serde_json::Value;

/// Stands where a secret would be.
const REDACTED: &str = "(redacted)";
/// Characters of one value that the audit trail keeps.
const LONGEST: usize = 2_000;
/// Keys that are not settings of a person.
const NOT_SETTINGS: [&str; 3] = ["id", "revision", "health"];
/// A key with one of these words holds a secret unless it is a reference to one.
const SECRET_WORDS: [&str; 11] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "api_key",
    "apikey",
    "private_key",
    "credential",
    "authorization",
    "cookie",
];

/// The fields in which two versions differ: name, old, new, by name; an absent value is empty.
pub(super) fn fields(old: &Value, new: &Value) -> Vec<(String, String, String)> {
    let old = flatten(old);
    let new = flatten(new);
    let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .map(|name| (name.clone(), shown(name, &old), shown(name, &new)))
        .collect()
}

fn shown(name: &str, values: &BTreeMap<String, &Value>) -> String {
    let Some(value) = values.get(name) else {
        return String::new();
    };
    let text = match redact(name, value) {
        Value::String(text) => text,
        other => other.to_string(),
    };
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// Top-level keys, one level into objects, and lists whose items have a name item by item.
fn flatten(body: &Value) -> BTreeMap<String, &Value> {
    let mut flat = BTreeMap::new();
    let Value::Object(body) = body else {
        return flat;
    };
    for (name, value) in body {
        if NOT_SETTINGS.contains(&name.as_str()) {
            continue;
        }
        match value {
            Value::Object(inner) => {
                flat.extend(
                    inner
                        .iter()
                        .map(|(key, value)| (format!("{name}.{key}"), value)),
                );
            }
            Value::Array(items)
                if !items.is_empty() && items.iter().all(|i| label(i).is_some()) =>
            {
                for (position, item) in items.iter().enumerate() {
                    let label = label(item).unwrap_or_default();
                    let mut key = format!("{name}[{label}]");
                    if flat.contains_key(&key) {
                        key = format!("{name}[{label} {position}]");
                    }
                    flat.insert(key, item);
                }
            }
            other => {
                flat.insert(name.clone(), other);
            }
        }
    }
    flat
}

fn label(item: &Value) -> Option<&str> {
    item.get("destination_field")
        .or_else(|| item.get("name"))
        .and_then(Value::as_str)
}

fn redact(name: &str, value: &Value) -> Value {
    let name = name.to_lowercase();
    let secret = SECRET_WORDS.iter().any(|word| name.contains(word));
    match value {
        _ if is_reference(value) => reference(value),
        Value::String(_) | Value::Number(_) | Value::Array(_) if secret => REDACTED.into(),
        Value::String(text) => without_userinfo(text).into(),
        Value::Array(items) => items.iter().map(|item| redact(&name, item)).collect(),
        Value::Object(inner) => Value::Object(
            inner
                .iter()
                .map(|(key, value)| {
                    let path = if secret {
                        format!("{name}.{key}")
                    } else {
                        key.clone()
                    };
                    (key.clone(), redact(&path, value))
                })
                .collect(),
        ),
        other => other.clone(),
    }
}

/// Whether this is where a secret's text is found, which is no secret itself.
fn is_reference(value: &Value) -> bool {
    value.as_object().is_some_and(|reference| {
        reference.len() == 1
            && reference
                .keys()
                .all(|key| matches!(key.as_str(), "env" | "file" | "command" | "stored"))
    })
}

/// A command's arguments may hold one all the same.
fn reference(value: &Value) -> Value {
    match value.get("command") {
        Some(Value::Array(words)) => {
            let program = words.first().cloned().unwrap_or_default();
            serde_json::json!({ "command": [program, REDACTED] })
        }
        _ => value.clone(),
    }
}

/// Cuts user and password out of an address: `scheme://user:password@host`.
fn without_userinfo(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{REDACTED}@{host}{path}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_is_told_field_by_field() {
        let old = json!({"id": "x", "revision": 1, "name": "a", "settings": {"path": "1.db"},
            "field_mappings": [{"destination_field": "Email", "source_column": "email"}]});
        let new = json!({"id": "x", "revision": 2, "name": "b", "settings": {"path": "2.db"},
            "field_mappings": [{"destination_field": "Email", "source_column": "mail"}]});
        let names: Vec<String> = fields(&old, &new)
            .into_iter()
            .map(|(name, ..)| name)
            .collect();
        assert_eq!(names, ["field_mappings[Email]", "name", "settings.path"]);
    }

    #[test]
    fn secrets_do_not_come_through() {
        let new = json!({"settings": {
            "password": "canary-1",
            "url": "https://user:canary-2@example.com/x?y=1",
            "headers": {"Authorization": "Bearer canary-3", "X-Team": "data"},
            "signing_secret": {"command": ["pass", "canary-4"]},
            "api_token": {"old": "canary-5"},
            "key": {"env": "CRM_KEY"},
        }});
        let text = format!("{:?}", fields(&Value::Null, &new));
        assert!(!text.contains("canary"), "{text}");
        assert!(text.contains("CRM_KEY") && text.contains("example.com") && text.contains("data"));
    }
}
