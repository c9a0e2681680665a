//! Transforms: the one registry that mapping, editor, command line and docs read.
//!
//! A transform that works on text takes the plain form of any value; one that works on numbers,
//! dates or documents reads them from text. A character is a Unicode scalar value, as SQL databases
//! count them. Null stays null unless a transform's help says otherwise. No result is over 1 MiB.

mod arguments;
mod compiled;
mod data;
mod date;
mod identity;
mod logic;
mod number;
mod spec;
mod string;

use serde::{Deserialize, Serialize};

pub use compiled::{Compiled, MAX_RESULT_BYTES, TransformError, TransformFailure, compile};
pub use spec::{Example, Family, Parameter, ParameterKind, TransformSpec, find, registry};

/// A transform with its parameters: `"trim"` or `{ name = "substring", start = 0, length = 40 }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "TransformCallForm", into = "TransformCallForm")]
pub struct TransformCall {
    /// The transform's name.
    pub name: String,
    /// Its parameters by name.
    pub parameters: serde_json::Map<String, serde_json::Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum TransformCallForm {
    Name(String),
    Call {
        name: String,
        #[serde(flatten)]
        parameters: serde_json::Map<String, serde_json::Value>,
    },
}

impl From<TransformCallForm> for TransformCall {
    fn from(form: TransformCallForm) -> Self {
        match form {
            TransformCallForm::Name(name) => Self {
                name,
                parameters: serde_json::Map::new(),
            },
            TransformCallForm::Call { name, parameters } => Self { name, parameters },
        }
    }
}

impl From<TransformCall> for TransformCallForm {
    fn from(call: TransformCall) -> Self {
        if call.parameters.is_empty() {
            Self::Name(call.name)
        } else {
            Self::Call {
                name: call.name,
                parameters: call.parameters,
            }
        }
    }
}
