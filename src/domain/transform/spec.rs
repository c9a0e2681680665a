//! What the registry says of each transform: parameters, help, an example.

use std::fmt;
use std::sync::LazyLock;

use super::arguments::Arguments;
use super::compiled::{Built, TransformError};
use super::{data, date, identity, logic, number, string};

/// A group of transforms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// Works on text.
    String,
    /// Works on dates and instants.
    Date,
    /// Works on numbers.
    Number,
    /// Chooses between values.
    Logic,
    /// Changes type or shape.
    Data,
    /// Normalizes and hashes what identifies a person.
    Identity,
}

impl Family {
    /// The word for this family.
    pub fn word(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Date => "date",
            Self::Number => "number",
            Self::Logic => "logic",
            Self::Data => "data",
            Self::Identity => "identity",
        }
    }
}

type Build = fn(&Arguments) -> Result<Built, TransformError>;
/// Input, parameters, output.
type ExampleText = (&'static str, &'static str, &'static str);

impl Family {
    /// A constructor for this family's transforms: name, help, parameters, example, build.
    pub(super) fn specs(
        self,
    ) -> impl Fn(&'static str, &'static str, &'static [Parameter], ExampleText, Build) -> TransformSpec
    {
        move |name, help, parameters, (input, given, output), build| TransformSpec {
            name,
            family: self,
            help,
            parameters,
            example: Example {
                input,
                parameters: given,
                output,
            },
            build,
        }
    }
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// A text.
    Text,
    /// A whole number.
    Integer,
    /// A number, also written as text to keep every digit.
    Number,
    /// True or false.
    Boolean,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Any single value.
    Any,
    /// A list of texts.
    Texts,
    /// A table from text to any single value.
    Table,
}

impl fmt::Display for ParameterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("a text"),
            Self::Integer => f.write_str("a whole number"),
            Self::Number => f.write_str("a number"),
            Self::Boolean => f.write_str("true or false"),
            Self::Choice(words) => write!(f, "one of {}", words.join(", ")),
            Self::Any => f.write_str("a single value"),
            Self::Texts => f.write_str("a list of texts"),
            Self::Table => f.write_str("a table from text to value"),
        }
    }
}

/// One parameter of a transform.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub kind: ParameterKind,
    /// Whether a call must give it.
    pub required: bool,
    /// What stands for it where a call does not give it, as JSON; empty where nothing does.
    pub default: &'static str,
    /// One line for people.
    pub help: &'static str,
}

impl Parameter {
    pub(super) const fn required(
        name: &'static str,
        kind: ParameterKind,
        help: &'static str,
    ) -> Self {
        Self {
            name,
            kind,
            required: true,
            default: "",
            help,
        }
    }

    pub(super) const fn optional(
        name: &'static str,
        kind: ParameterKind,
        default: &'static str,
        help: &'static str,
    ) -> Self {
        Self {
            name,
            kind,
            required: false,
            default,
            help,
        }
    }
}

/// A call with what goes in and what comes out, each as JSON.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// The value that goes in.
    pub input: &'static str,
    /// The call's parameters, an object.
    pub parameters: &'static str,
    /// The value that comes out.
    pub output: &'static str,
}

/// One transform of the registry.
pub struct TransformSpec {
    /// Its name.
    pub name: &'static str,
    /// Its group.
    pub family: Family,
    /// One line for people.
    pub help: &'static str,
    /// Its parameters, the required ones first.
    pub parameters: &'static [Parameter],
    /// A call that a test runs.
    pub example: Example,
    pub(super) build: Build,
}

impl fmt::Debug for TransformSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TransformSpec({})", self.name)
    }
}

static REGISTRY: LazyLock<Vec<TransformSpec>> = LazyLock::new(|| {
    [
        string::specs(),
        date::specs(),
        number::specs(),
        logic::specs(),
        data::specs(),
        identity::specs(),
    ]
    .into_iter()
    .flatten()
    .collect()
});

/// Every transform, by family.
pub fn registry() -> &'static [TransformSpec] {
    &REGISTRY
}

/// The transform called `name`.
pub fn find(name: &str) -> Option<&'static TransformSpec> {
    registry().iter().find(|spec| spec.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::domain::coerce::from_json;
    use crate::domain::transform::{TransformCall, compile};

    #[test]
    fn every_example_of_the_registry_holds() {
        for spec in registry() {
            let json = |text: &str| -> serde_json::Value {
                serde_json::from_str(text).unwrap_or_else(|e| panic!("{}: {text}: {e}", spec.name))
            };
            let call = TransformCall {
                name: spec.name.into(),
                parameters: json(spec.example.parameters).as_object().unwrap().clone(),
            };
            let compiled = compile(&call).unwrap_or_else(|e| panic!("{}: {e}", spec.name));
            let input = from_json(&json(spec.example.input));
            let kind = input.kind();
            let output = compiled
                .apply(input)
                .unwrap_or_else(|e| panic!("{}: {e}", spec.name));
            assert_eq!(
                serde_json::to_string(&output).unwrap(),
                spec.example.output,
                "{}",
                spec.name
            );
            let told = compiled.output_type(kind);
            assert!(
                told.is_none() || output.is_null() || told == output.kind(),
                "{}: told {told:?}, gave {:?}",
                spec.name,
                output.kind()
            );
        }
    }

    #[test]
    fn the_registry_holds_each_name_once_and_each_transform_of_the_product() {
        let names: HashSet<&str> = registry().iter().map(|spec| spec.name).collect();
        assert_eq!(names.len(), registry().len());
        let wanted = "trim lower upper title substring replace regex_extract regex_replace \
            pad_left pad_right split_part concat slugify date_parse date_format to_timezone \
            date_add epoch round floor ceil abs multiply add to_integer to_decimal format_number \
            default null_if map_values if to_boolean to_text json_encode json_path join split \
            length normalize_email normalize_phone sha256 md5 hmac_sha256";
        let wanted: HashSet<&str> = wanted.split_whitespace().collect();
        assert_eq!(names, wanted);
    }

    #[test]
    fn every_default_is_json_and_no_required_parameter_has_one() {
        for spec in registry() {
            for parameter in spec.parameters {
                assert!(!parameter.required || parameter.default.is_empty());
                assert_ne!(parameter.name, "name", "a call's own key");
                if !parameter.default.is_empty() {
                    serde_json::from_str::<serde_json::Value>(parameter.default).unwrap();
                }
            }
        }
    }
}
