//! What is said of causes and of the edits that came before them.

use serde_json::Value as Json;

use crate::domain::browse::{AuditLine, Cause};
use crate::tui::state::State;
use crate::tui::text;

/// What an edit did to the field at fault, or at all: `bob changed LastName ← last_name to surname`.
pub(super) fn edit_words(state: &State, edit: &AuditLine, cause: &Cause) -> String {
    let field = cause.field.as_ref().map(|field| format!("[{field}]"));
    let named = field.and_then(|field| {
        let mut fields = edit.fields.iter();
        fields.find(|(name, _, _)| name.ends_with(&field))
    });
    let what = match named.or(edit.fields.first()) {
        Some((name, old, new)) => change_words(name, old, new),
        None => format!("{} {}", edit.kind, edit.name),
    };
    let more = match (named.is_some(), edit.fields.len()) {
        (true, _) | (_, 0..=1) => String::new(),
        (false, fields) => {
            let more = u64::try_from(fields - 1).unwrap_or(0);
            format!(" and {}", text::counted(more, "more field"))
        }
    };
    let at = text::when(state.zone, state.now.wall, edit.at);
    format!("{} changed {what}{more}, {at}", edit.actor)
}

fn change_words(name: &str, old: &str, new: &str) -> String {
    let field = name
        .split_once('[')
        .and_then(|(_, rest)| rest.strip_suffix(']'));
    match (field, old.is_empty(), new.is_empty()) {
        (Some(field), false, false) => {
            let (before, after) = (source_words(old), source_words(new));
            match before == after {
                true => format!("how {field} is made of {after}"),
                false => format!("{field} ← {before} to {after}"),
            }
        }
        (Some(field), true, _) => format!("{field} to {}", source_words(new)),
        (Some(field), _, true) => format!("{field}: it is mapped no more"),
        (None, _, _) => format!("{name} from '{old}' to '{new}'"),
    }
}

/// What a mapping takes its value from.
fn source_words(mapping: &str) -> String {
    let Ok(Json::Object(keys)) = serde_json::from_str::<Json>(mapping) else {
        return mapping.to_owned();
    };
    let source = ["source_column", "constant", "variable", "template"]
        .into_iter()
        .find_map(|key| keys.get(key));
    match source {
        Some(Json::String(words)) => words.clone(),
        Some(other) => other.to_string(),
        None => mapping.to_owned(),
    }
}

/// How many rows a cause has, and how many of them are ignored.
pub(super) fn rows_words(cause: &Cause) -> String {
    let rows = text::counted(cause.rows, "row");
    match cause.ignored {
        0 => rows,
        ignored => format!("{rows}, {} ignored", text::count(ignored)),
    }
}

/// In how many runs a cause was met.
pub(super) fn seen_words(cause: &Cause) -> String {
    match (
        cause.ignored > 0 && cause.ignored >= cause.rows,
        cause.stuck,
    ) {
        (true, _) => "ignored".to_owned(),
        (false, true) => "stuck".to_owned(),
        (false, false) => text::counted(cause.runs, "run"),
    }
}

/// The cause, with who found it.
pub(super) fn code_words(cause: &Cause) -> String {
    match cause.verdict.as_str() {
        "invalid" => format!("{} (ours, not sent)", cause.code),
        "unknown" => format!("{} (no answer)", cause.code),
        _ => cause.code.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_of_a_mapping_reads_as_what_it_takes_its_value_from() {
        let name = "field_mappings[LastName]";
        let old = r#"{"source_column":"last_name","destination_field":"LastName"}"#;
        let new = r#"{"source_column":"surname","destination_field":"LastName"}"#;
        assert_eq!(
            change_words(name, old, new),
            "LastName ← last_name to surname"
        );
        assert_eq!(
            change_words(name, old, ""),
            "LastName: it is mapped no more"
        );
        assert_eq!(
            change_words(name, old, old),
            "how LastName is made of last_name"
        );
        assert_eq!(
            change_words("mode", "upsert", "mirror"),
            "mode from 'upsert' to 'mirror'"
        );
    }
}
