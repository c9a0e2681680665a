//! The arguments of one call, checked against the parameters of its transform.

use bigdecimal::BigDecimal;
use serde_json::{Map, Value as Json};

use super::TransformCall;
use super::compiled::TransformError;
use super::spec::{Parameter, ParameterKind, TransformSpec};
use crate::domain::coerce::number::read_decimal;
use crate::domain::coerce::{from_json, show};
use crate::domain::near::{did_you_mean, nearest};
use crate::domain::value::Value;

/// Bytes that all arguments of one call may have.
const MAX_BYTES: usize = 64 << 10;
/// The parameter whose argument no message shows.
const SECRET: &str = "secret";

/// Arguments by name; defaults stand where the call gives nothing.
pub(super) struct Arguments {
    transform: &'static str,
    by_name: Map<String, Json>,
}

impl Arguments {
    /// Checks names, presence and kinds.
    pub(super) fn read(
        spec: &'static TransformSpec,
        call: &TransformCall,
    ) -> Result<Self, TransformError> {
        let known = |name: &str| spec.parameters.iter().any(|known| known.name == name);
        if let Some(name) = call.parameters.keys().find(|name| !known(name)) {
            let names = spec.parameters.iter().map(|known| known.name);
            return Err(TransformError::UnknownParameter {
                transform: spec.name,
                name: name.clone(),
                hint: match did_you_mean(nearest(name, names.clone())) {
                    hint if !hint.is_empty() => hint,
                    _ if spec.parameters.is_empty() => "it takes no parameters".to_owned(),
                    _ => format!("it takes {}", names.collect::<Vec<_>>().join(", ")),
                },
            });
        }
        let size: usize = call
            .parameters
            .values()
            .map(|given| given.to_string().len())
            .sum();
        if size > MAX_BYTES {
            return Err(TransformError::Invalid {
                transform: spec.name,
                parameter: "parameters",
                reason: "together they are over 64 KiB".to_owned(),
            });
        }
        let mut by_name = Map::new();
        for parameter in spec.parameters {
            if let Some(given) = call.parameters.get(parameter.name) {
                check_kind(spec.name, parameter, given)?;
                by_name.insert(parameter.name.to_owned(), given.clone());
            } else if parameter.required {
                return Err(TransformError::Missing {
                    transform: spec.name,
                    parameter: parameter.name,
                    help: parameter.help,
                });
            } else if let Ok(default) = serde_json::from_str(parameter.default) {
                by_name.insert(parameter.name.to_owned(), default);
            }
        }
        Ok(Self {
            transform: spec.name,
            by_name,
        })
    }

    /// A text or choice; empty where there is none.
    pub(super) fn text(&self, name: &str) -> String {
        self.optional_text(name).unwrap_or_default()
    }

    pub(super) fn optional_text(&self, name: &str) -> Option<String> {
        self.by_name.get(name)?.as_str().map(str::to_owned)
    }

    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        self.by_name.get(name)?.as_i64()
    }

    /// A whole number within a range.
    pub(super) fn within(
        &self,
        name: &'static str,
        range: std::ops::RangeInclusive<i64>,
    ) -> Result<Option<i64>, TransformError> {
        match self.integer(name) {
            Some(number) if !range.contains(&number) => Err(self.invalid(
                name,
                format!("{number} is not from {} to {}", range.start(), range.end()),
            )),
            number => Ok(number),
        }
    }

    /// A whole number within a range, as a count.
    pub(super) fn count(
        &self,
        name: &'static str,
        range: std::ops::RangeInclusive<i64>,
    ) -> Result<Option<usize>, TransformError> {
        Ok(self
            .within(name, range)?
            .and_then(|number| usize::try_from(number).ok()))
    }

    pub(super) fn number(&self, name: &str) -> Option<BigDecimal> {
        number_of(self.by_name.get(name)?)
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.by_name
            .get(name)
            .and_then(Json::as_bool)
            .unwrap_or(false)
    }

    pub(super) fn value(&self, name: &str) -> Option<Value> {
        self.by_name.get(name).map(from_json)
    }

    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        self.by_name
            .get(name)
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
            .filter_map(Json::as_str)
            .map(str::to_owned)
            .collect()
    }

    pub(super) fn table(&self, name: &str) -> impl Iterator<Item = (String, Value)> {
        self.by_name
            .get(name)
            .and_then(Json::as_object)
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.clone(), from_json(value)))
    }

    /// The error for an argument of the right kind that will not do.
    pub(super) fn invalid(&self, parameter: &'static str, reason: String) -> TransformError {
        TransformError::Invalid {
            transform: self.transform,
            parameter,
            reason,
        }
    }
}

fn number_of(given: &Json) -> Option<BigDecimal> {
    match given {
        Json::Number(number) => read_decimal(&number.to_string()).ok(),
        Json::String(text) => read_decimal(text.trim()).ok(),
        _ => None,
    }
}

fn check_kind(
    transform: &'static str,
    parameter: &Parameter,
    given: &Json,
) -> Result<(), TransformError> {
    let is_single = |value: &Json| !value.is_array() && !value.is_object();
    let fits = match parameter.kind {
        ParameterKind::Text => given.is_string(),
        ParameterKind::Integer => given.is_i64(),
        ParameterKind::Number => number_of(given).is_some(),
        ParameterKind::Boolean => given.is_boolean(),
        ParameterKind::Choice(words) => given.as_str().is_some_and(|word| words.contains(&word)),
        ParameterKind::Any => is_single(given),
        ParameterKind::Texts => given
            .as_array()
            .is_some_and(|texts| texts.iter().all(Json::is_string)),
        ParameterKind::Table => given
            .as_object()
            .is_some_and(|table| table.values().all(is_single)),
    };
    if fits {
        return Ok(());
    }
    Err(TransformError::Kind {
        transform,
        parameter: parameter.name,
        wanted: parameter.kind.to_string(),
        given: match parameter.name {
            SECRET => "this".to_owned(),
            _ => show(&Value::Json(given.to_string())),
        },
    })
}
