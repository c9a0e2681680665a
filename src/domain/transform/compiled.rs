//! Calls compiled once and applied to every row.

use std::fmt;
use std::sync::Arc;

use super::TransformCall;
use super::arguments::Arguments;
use super::spec::{find, registry};
use crate::domain::coerce::coerce;
use crate::domain::near::{did_you_mean, nearest};
use crate::domain::value::{Type, Value};

/// Bytes that a result may have; as many as a cell.
pub const MAX_RESULT_BYTES: usize = 1 << 20;

/// Says why a call cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransformError {
    /// No transform has this name.
    #[error("there is no transform {name}")]
    Unknown {
        /// The name in the call.
        name: String,
        /// A near name, as a question; else empty.
        hint: String,
    },
    /// The transform has no such parameter.
    #[error("{transform} has no parameter {name}")]
    UnknownParameter {
        /// The transform.
        transform: &'static str,
        /// The name in the call.
        name: String,
        /// A near name as a question, or the names that there are.
        hint: String,
    },
    /// A required parameter is not given.
    #[error("{transform} needs the parameter {parameter}")]
    Missing {
        /// The transform.
        transform: &'static str,
        /// The parameter.
        parameter: &'static str,
        /// What it is for.
        help: &'static str,
    },
    /// An argument is of the wrong kind.
    #[error("{transform}: {parameter} takes {wanted}, not {given}")]
    Kind {
        /// The transform.
        transform: &'static str,
        /// The parameter.
        parameter: &'static str,
        /// What it takes.
        wanted: String,
        /// What was given, at most 80 characters.
        given: String,
    },
    /// An argument is of the right kind and will not do.
    #[error("{transform}: {parameter} will not do: {reason}")]
    Invalid {
        /// The transform.
        transform: &'static str,
        /// The parameter.
        parameter: &'static str,
        /// Why.
        reason: String,
    },
}

impl TransformError {
    /// What to do now; empty where nothing can be said.
    pub fn hint(&self) -> String {
        match self {
            Self::Unknown { hint, .. } | Self::UnknownParameter { hint, .. } => hint.clone(),
            Self::Missing { help, .. } => (*help).to_owned(),
            Self::Kind { .. } | Self::Invalid { .. } => String::new(),
        }
    }
}

/// Says why a value could not be transformed; `text` names the value, from outside.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{transform}: {text}")]
pub struct TransformFailure {
    /// The transform.
    pub transform: &'static str,
    /// What went wrong.
    pub text: String,
}

type Step = dyn Fn(Value) -> Result<Value, String> + Send + Sync;

/// What a transform's constructor makes of its arguments.
pub(super) struct Built {
    step: Arc<Step>,
    output: Output,
    takes_null: bool,
}

impl Built {
    pub(super) fn new(
        output: Output,
        step: impl Fn(Value) -> Result<Value, String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            step: Arc::new(step),
            output,
            takes_null: false,
        }
    }

    /// A step from text to text.
    pub(super) fn on_text(
        step: impl Fn(String) -> Result<String, String> + Send + Sync + 'static,
    ) -> Self {
        Self::new(Output::Fixed(Type::Text), move |value| {
            step(text_of(value)?).map(Value::Text)
        })
    }

    /// Lets nulls reach the step too.
    pub(super) fn with_nulls(mut self) -> Self {
        self.takes_null = true;
        self
    }
}

/// The type of a result, as far as it is known before any value is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Output {
    /// As the input.
    Same,
    /// Always this.
    Fixed(Type),
    /// Integers and doubles stay, all else becomes a decimal.
    Number,
    /// As `Number`, but integers become decimals.
    Fraction,
    /// This, where the input is of this type; else unknown.
    Only(Option<Type>),
    /// Whatever the value is.
    Unknown,
    /// Dates stay, all else becomes an instant, and text may be either.
    Temporal,
}

/// A call ready to be applied; cheap to clone.
#[derive(Clone)]
pub struct Compiled {
    name: &'static str,
    step: Arc<Step>,
    output: Output,
    takes_null: bool,
}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Compiled({})", self.name)
    }
}

/// Checks a call and prepares what it needs (patterns, time zones, secrets).
///
/// # Errors
/// [`TransformError`] where the name or a parameter is unknown, missing or will not do.
pub fn compile(call: &TransformCall) -> Result<Compiled, TransformError> {
    let spec = find(&call.name).ok_or_else(|| TransformError::Unknown {
        name: call.name.clone(),
        hint: did_you_mean(nearest(&call.name, registry().iter().map(|spec| spec.name))),
    })?;
    let built = (spec.build)(&Arguments::read(spec, call)?)?;
    Ok(Compiled {
        name: spec.name,
        step: built.step,
        output: built.output,
        takes_null: built.takes_null,
    })
}

impl Compiled {
    /// The transform's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Transforms one value.
    ///
    /// # Errors
    /// [`TransformFailure`] where the value is not what the transform works on, or the result
    /// would be over 1 MiB.
    pub fn apply(&self, value: Value) -> Result<Value, TransformFailure> {
        if value.is_null() && !self.takes_null {
            return Ok(Value::Null);
        }
        (self.step)(value)
            .and_then(|result| check_size(size(&result)).map(|()| result))
            .map_err(|text| TransformFailure {
                transform: self.name,
                text,
            })
    }

    /// The type of the results for inputs of a type; nothing where only the values tell.
    pub fn output_type(&self, input: Option<Type>) -> Option<Type> {
        match (self.output, input) {
            (Output::Same, _) => input,
            (Output::Fixed(kind), _) => Some(kind),
            (Output::Unknown, _) => None,
            (Output::Only(kind), _) => kind.filter(|kind| Some(*kind) == input),
            (_, None) => None,
            (Output::Number, Some(Type::Integer)) => Some(Type::Integer),
            (Output::Number | Output::Fraction, Some(Type::Double)) => Some(Type::Double),
            (Output::Number | Output::Fraction, Some(Type::Json)) => None,
            (Output::Number | Output::Fraction, Some(_)) => Some(Type::Decimal),
            (Output::Temporal, Some(Type::Date)) => Some(Type::Date),
            (Output::Temporal, Some(Type::Timestamp)) => Some(Type::Timestamp),
            (Output::Temporal, Some(_)) => None,
        }
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Text(text) | Value::Json(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 0,
    }
}

/// Refuses what is over the size of a cell.
pub(super) fn check_size(bytes: usize) -> Result<(), String> {
    if bytes > MAX_RESULT_BYTES {
        Err("the result is over 1 MiB".to_owned())
    } else {
        Ok(())
    }
}

/// The plain text of a value, by the coercion matrix.
pub(super) fn text_of(value: Value) -> Result<String, String> {
    match coerce(value, Type::Text) {
        Ok(Value::Text(text)) => Ok(text),
        Ok(other) => Ok(other.to_plain()),
        Err(error) => Err(error.to_string()),
    }
}
