//! Transforms: the one registry that mapping, editor, command line and docs read.

use serde::{Deserialize, Serialize};

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
