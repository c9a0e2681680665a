//! The form for the parameters of one transform, typed as the registry says.

use serde_json::{Map, Value as Json};

use crate::domain::transform::{Parameter, ParameterKind, TransformCall, TransformSpec, compile};
use crate::tui::widgets::form::{Form, FormField, choice, items, text};
use crate::tui::widgets::input::Input;

/// The open form.
#[derive(Debug)]
pub(super) struct StepForm {
    pub spec: &'static TransformSpec,
    /// The step that is edited; nothing for a new one.
    pub at: Option<usize>,
    pub form: Form,
    /// Why what stands there is no call.
    pub trouble: Option<String>,
}

impl StepForm {
    pub(super) fn new(
        spec: &'static TransformSpec,
        at: Option<usize>,
        given: &Map<String, Json>,
    ) -> Self {
        let fields = spec.parameters.iter().map(|parameter| {
            let help = format!("{}, {}", parameter.help, parameter.kind);
            let input = input(parameter, given.get(parameter.name));
            let mut field = FormField::new(parameter.name, parameter.name, &help, input);
            field.required = parameter.required;
            field
        });
        let mut form = Self {
            spec,
            at,
            form: Form::new(fields.collect()),
            trouble: None,
        };
        form.check();
        form
    }

    /// The call that stands in the form.
    ///
    /// # Errors
    /// Why it is none.
    pub(super) fn call(&self) -> Result<TransformCall, String> {
        let mut parameters = Map::new();
        for (parameter, field) in self.spec.parameters.iter().zip(&self.form.fields) {
            let value = value(parameter, &field.input)
                .map_err(|why| format!("{}: {why}", parameter.name))?;
            if let Some(value) = value.filter(|value| !is_default(parameter, value)) {
                parameters.insert(parameter.name.to_owned(), value);
            }
        }
        let call = TransformCall {
            name: self.spec.name.to_owned(),
            parameters,
        };
        match compile(&call) {
            Ok(_) => Ok(call),
            Err(error) => Err(match error.hint() {
                hint if hint.is_empty() => error.to_string(),
                hint => format!("{error}; {hint}"),
            }),
        }
    }

    /// Looks whether what stands there is a call.
    pub(super) fn check(&mut self) {
        self.trouble = self.call().err();
    }
}

fn is_default(parameter: &Parameter, value: &Json) -> bool {
    serde_json::from_str::<Json>(parameter.default).is_ok_and(|default| default == *value)
}

/// A value as a person types it.
fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn input(parameter: &Parameter, given: Option<&Json>) -> Input {
    let default = serde_json::from_str::<Json>(parameter.default).ok();
    let value = given.cloned().or(default);
    let shown = value.as_ref().map(plain).unwrap_or_default();
    match parameter.kind {
        ParameterKind::Boolean => choice(&["true".to_owned(), "false".to_owned()], Some(&shown)),
        ParameterKind::Choice(words) => {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            choice(&words, Some(&shown))
        }
        ParameterKind::Texts => {
            let texts = value.as_ref().and_then(Json::as_array);
            let texts = texts.into_iter().flatten().map(plain);
            items(texts.collect(), false)
        }
        ParameterKind::Table => {
            let table = value.as_ref().and_then(Json::as_object);
            let pairs = table.into_iter().flatten();
            items(
                pairs
                    .map(|(key, value)| format!("{key} = {}", plain(value)))
                    .collect(),
                true,
            )
        }
        ParameterKind::Text
        | ParameterKind::Integer
        | ParameterKind::Number
        | ParameterKind::Any => text(&shown),
    }
}

/// What was typed, as the parameter takes it; nothing where it is left out.
fn value(parameter: &Parameter, input: &Input) -> Result<Option<Json>, String> {
    // Blanks count: a separator may be one.
    let typed = match input {
        Input::Text(field) => field.text(),
        _ => "",
    };
    let left_out = typed.is_empty() && !parameter.required;
    match parameter.kind {
        ParameterKind::Text => Ok((!left_out).then(|| typed.into())),
        ParameterKind::Any => Ok((!left_out).then(|| single(typed))),
        ParameterKind::Integer | ParameterKind::Number if typed.trim().is_empty() => Ok(None),
        ParameterKind::Integer => match typed.trim().parse::<i64>() {
            Ok(number) => Ok(Some(number.into())),
            Err(_) => Err(format!("'{}' is no whole number", typed.trim())),
        },
        ParameterKind::Number => Ok(Some(match typed.trim().parse::<i64>() {
            Ok(number) => number.into(),
            // As text it keeps every digit.
            Err(_) => typed.trim().into(),
        })),
        ParameterKind::Boolean => Ok(input.value()?.map(|word| (word == "true").into())),
        ParameterKind::Choice(_) | ParameterKind::Texts => input.value(),
        ParameterKind::Table => Ok(input.value()?.map(|table| match table {
            Json::Object(table) => {
                let typed = |value: Json| value.as_str().map_or(Json::Null, single);
                Json::Object(
                    table
                        .into_iter()
                        .map(|(key, it)| (key, typed(it)))
                        .collect(),
                )
            }
            other => other,
        })),
    }
}

/// A single value: a number, `true`, `null` or a text, which may stand in quotes.
pub(super) fn single(typed: &str) -> Json {
    match serde_json::from_str::<Json>(typed.trim()) {
        Ok(value) if !value.is_array() && !value.is_object() => value,
        _ => typed.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::transform::{find, registry};

    #[test]
    fn every_example_of_the_registry_goes_through_its_form_unchanged() {
        for spec in registry() {
            let given: Map<String, Json> = serde_json::from_str(spec.example.parameters).unwrap();
            let form = StepForm::new(spec, None, &given);
            let call = form
                .call()
                .unwrap_or_else(|why| panic!("{}: {why}", spec.name));
            for (name, value) in &call.parameters {
                assert_eq!(plain(value), plain(&given[name]), "{} {name}", spec.name);
            }
            for (name, value) in given {
                let parameter = spec.parameters.iter().find(|it| it.name == name).unwrap();
                let kept = call.parameters.contains_key(&name);
                assert!(
                    kept || is_default(parameter, &value),
                    "{} {name}",
                    spec.name
                );
            }
        }
    }

    #[test]
    fn a_blank_is_a_separator_and_a_word_is_no_number() {
        let mut given = Map::new();
        given.insert("separator".into(), " ".into());
        given.insert("index".into(), 1.into());
        let form = StepForm::new(find("split_part").unwrap(), None, &given);
        assert!(form.call().is_ok(), "{:?}", form.trouble);
        given.insert("start".into(), "x".into());
        let form = StepForm::new(find("substring").unwrap(), None, &given);
        assert!(form.trouble.unwrap().contains("no whole number"));
    }
}
