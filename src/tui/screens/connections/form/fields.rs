//! Between settings and form: a field for each setting of the schema, and back.

use serde_json::Value as Json;

use crate::domain::destination::Settings;
use crate::domain::explore::{ConnectorKind, SettingField, SettingType};
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::{Form, FormField, choice, items, secret, text};
use crate::tui::widgets::input::Input;

/// The key of the field for the connection's own name, which no setting has.
pub(super) const NAME: &str = "(name)";

/// The form of a kind of connection, filled with `settings`.
pub(super) fn form(kind: &ConnectorKind, name: &str, settings: &Settings) -> Form {
    let own = FormField::new(NAME, "Name", "", text(name)).required();
    let fields = kind.settings.iter().map(|setting| {
        let input = input(setting, settings.get(&setting.key));
        let label = setting.key.replace('_', " ");
        let field = FormField::new(&setting.key, &label, &setting.help, input);
        match setting.required {
            true => field.required(),
            false => field,
        }
    });
    Form::new([own].into_iter().chain(fields).collect())
}

fn input(setting: &SettingField, value: Option<&Json>) -> Input {
    let plain = value.map(|value| match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    });
    let plain = plain.unwrap_or_default();
    match &setting.kind {
        SettingType::Text | SettingType::Path => text(&plain),
        SettingType::Integer => Input::Number(Field::new(&plain)),
        SettingType::Boolean => Input::Toggle(value.and_then(Json::as_bool).unwrap_or(false)),
        SettingType::Choice(words) => choice(words, value.and_then(Json::as_str)),
        SettingType::List => {
            let all = value.and_then(Json::as_array).into_iter().flatten();
            let all = all.filter_map(Json::as_str).map(str::to_owned);
            items(all.collect(), false)
        }
        SettingType::Map => {
            let all = value.and_then(Json::as_object).into_iter().flatten();
            let all =
                all.map(|(key, value)| format!("{key} = {}", value.as_str().unwrap_or_default()));
            items(all.collect(), true)
        }
        SettingType::Secret => secret(value.cloned()),
    }
}

/// The settings that stand in the form; a toggle that is off and was never set is left out.
pub(super) fn settings(form: &Form, before: &Settings) -> Settings {
    form.fields
        .iter()
        .filter(|field| field.key != NAME)
        .filter_map(|field| {
            let value = field.input.value().ok().flatten()?;
            let unset = value == Json::Bool(false) && !before.contains_key(&field.key);
            (!unset).then(|| (field.key.clone(), value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kind() -> ConnectorKind {
        let field = |key: &str, kind| SettingField {
            key: key.to_owned(),
            kind,
            required: false,
            endpoint: false,
            help: String::new(),
        };
        ConnectorKind {
            word: "webhook".to_owned(),
            label: "Webhook".to_owned(),
            settings: vec![
                field("url", SettingType::Text),
                field("batch_size", SettingType::Integer),
                field(
                    "method",
                    SettingType::Choice(vec!["POST".into(), "PUT".into()]),
                ),
                field("open", SettingType::Boolean),
                field("networks", SettingType::List),
                field("headers", SettingType::Map),
                field("token", SettingType::Secret),
            ],
        }
    }

    #[test]
    fn settings_come_back_from_the_form_as_they_went_in() {
        let before: Settings = serde_json::from_value(json!({
            "url": "https://example.com",
            "batch_size": 25,
            "method": "PUT",
            "open": false,
            "networks": ["10.0.0.0/8"],
            "headers": { "x-a": "1=2" },
            "token": { "env": "TOKEN" },
        }))
        .unwrap();
        assert_eq!(settings(&form(&kind(), "a", &before), &before), before);
        let none = Settings::new();
        assert_eq!(settings(&form(&kind(), "a", &none), &none), none);
    }
}
