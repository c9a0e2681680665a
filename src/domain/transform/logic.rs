//! Transforms that choose between values.

use std::cmp::Ordering;
use std::collections::HashMap;

use bigdecimal::BigDecimal;

use super::arguments::Arguments;
use super::compiled::{Built, Output, TransformError, text_of};
use super::spec::{Family, Parameter, ParameterKind as Kind, TransformSpec};
use crate::domain::coerce::{coerce, show};
use crate::domain::value::{Type, Value};

const IS: Kind = Kind::Choice(&[
    "equal",
    "not_equal",
    "less",
    "greater",
    "contains",
    "starts_with",
    "ends_with",
    "empty",
    "not_empty",
]);

pub(super) fn specs() -> Vec<TransformSpec> {
    let spec = Family::Logic.specs();
    vec![
        spec(
            "default",
            "puts a value for null",
            const {
                &[
                    Parameter::required("value", Kind::Any, "the value for null"),
                    Parameter::optional(
                        "empty",
                        Kind::Boolean,
                        "false",
                        "whether it also stands for empty text",
                    ),
                ]
            },
            ("null", "{\"value\": \"unknown\"}", "\"unknown\""),
            default,
        ),
        spec(
            "null_if",
            "makes a value null",
            const {
                &[Parameter::optional(
                    "value",
                    Kind::Any,
                    "\"\"",
                    "the value that becomes null",
                )]
            },
            ("\"N/A\"", "{\"value\": \"N/A\"}", "null"),
            null_if,
        ),
        spec(
            "map_values",
            "puts one value for another by a table; null stays null unless if_null is given",
            const {
                &[
                    Parameter::required(
                        "values",
                        Kind::Table,
                        "the table from plain text to value",
                    ),
                    Parameter::optional(
                        "otherwise",
                        Kind::Any,
                        "",
                        "the value for what the table lacks; without it, the value stays",
                    ),
                    Parameter::optional(
                        "strict",
                        Kind::Boolean,
                        "false",
                        "refuses what the table lacks",
                    ),
                    Parameter::optional("if_null", Kind::Any, "", "the value for null"),
                ]
            },
            (
                "\"DE\"",
                "{\"values\": {\"DE\": \"Germany\", \"FR\": \"France\"}}",
                "\"Germany\"",
            ),
            map_values,
        ),
        spec(
            "if",
            "puts one value where a condition holds and another where not; null is only empty",
            const {
                &[
                    Parameter::required("is", IS, "the condition"),
                    Parameter::optional("value", Kind::Any, "", "what to compare with"),
                    Parameter::optional(
                        "then",
                        Kind::Any,
                        "",
                        "the value where it holds; without it, the value stays",
                    ),
                    Parameter::optional(
                        "else",
                        Kind::Any,
                        "",
                        "the value where not; without it, the value stays",
                    ),
                ]
            },
            (
                "120",
                "{\"is\": \"greater\", \"value\": 100, \"then\": \"high\", \"else\": \"low\"}",
                "\"high\"",
            ),
            choose,
        ),
    ]
}

/// The type of a result that is either the input or `other`.
fn either(other: &Value) -> Output {
    match other {
        Value::Null => Output::Same,
        other => Output::Only(other.kind()),
    }
}

fn default(arguments: &Arguments) -> Result<Built, TransformError> {
    let value = arguments.value("value").unwrap_or(Value::Null);
    let empty = arguments.flag("empty");
    Ok(Built::new(either(&value), move |given| match given {
        Value::Null => Ok(value.clone()),
        Value::Text(text) if empty && text.is_empty() => Ok(value.clone()),
        other => Ok(other),
    })
    .with_nulls())
}

fn null_if(arguments: &Arguments) -> Result<Built, TransformError> {
    let value = arguments.value("value").unwrap_or(Value::Null);
    Ok(Built::new(Output::Same, move |given| {
        Ok(match compare(&given, &value) {
            Some(Ordering::Equal) => Value::Null,
            _ => given,
        })
    }))
}

fn map_values(arguments: &Arguments) -> Result<Built, TransformError> {
    let values: HashMap<String, Value> = arguments.table("values").collect();
    let otherwise = arguments.value("otherwise");
    let strict = arguments.flag("strict");
    let if_null = arguments.value("if_null").unwrap_or(Value::Null);
    if strict && otherwise.is_some() {
        return Err(arguments.invalid("strict", "otherwise is given too".to_owned()));
    }
    let kinds = || {
        let fixed = otherwise.iter().chain(Some(&if_null));
        values.values().chain(fixed).filter_map(Value::kind)
    };
    let first = kinds().next();
    let all_alike = kinds().all(|kind| Some(kind) == first);
    let stays = !strict && otherwise.is_none();
    let output = match first {
        Some(kind) if all_alike && !stays => Output::Fixed(kind),
        Some(_) if all_alike => Output::Only(first),
        _ => Output::Unknown,
    };
    Ok(Built::new(output, move |given| {
        if given.is_null() {
            return Ok(if_null.clone());
        }
        let found = match &given {
            Value::Text(text) => values.get(text),
            other => values.get(&text_of(other.clone())?),
        };
        match (found, &otherwise) {
            (Some(value), _) | (None, Some(value)) => Ok(value.clone()),
            (None, None) if strict => Err(format!("the table has no `{}`", show(&given))),
            (None, None) => Ok(given),
        }
    })
    .with_nulls())
}

fn choose(arguments: &Arguments) -> Result<Built, TransformError> {
    let condition = arguments.text("is");
    let operand = arguments.value("value");
    let then = arguments.value("then");
    let otherwise = arguments.value("else");
    let operand = match (condition.as_str(), operand) {
        ("empty" | "not_empty", _) => Value::Null,
        (_, Some(operand)) => operand,
        (_, None) => {
            return Err(arguments.invalid("is", format!("{condition} needs the parameter value")));
        }
    };
    let text = operand.to_plain();
    let output = match (&then, &otherwise) {
        (Some(then), Some(otherwise)) if then.is_null() => fixed(otherwise),
        (Some(then), Some(otherwise)) if otherwise.is_null() || then.kind() == otherwise.kind() => {
            fixed(then)
        }
        (Some(_), Some(_)) => Output::Unknown,
        (Some(one), None) | (None, Some(one)) => either(one),
        (None, None) => Output::Same,
    };
    Ok(Built::new(output, move |given| {
        let holds = holds(&given, &condition, &operand, &text)?;
        Ok(match if holds { &then } else { &otherwise } {
            Some(value) => value.clone(),
            None => given,
        })
    })
    .with_nulls())
}

fn fixed(value: &Value) -> Output {
    value.kind().map_or(Output::Unknown, Output::Fixed)
}

fn holds(given: &Value, condition: &str, operand: &Value, text: &str) -> Result<bool, String> {
    let is_empty = match given {
        Value::Null => true,
        Value::Text(given) => given.is_empty(),
        _ => false,
    };
    Ok(match condition {
        "empty" => is_empty,
        "not_empty" => !is_empty,
        _ if given.is_null() => match condition {
            "equal" => operand.is_null(),
            "not_equal" => !operand.is_null(),
            _ => false,
        },
        "equal" => compare(given, operand) == Some(Ordering::Equal),
        "not_equal" => compare(given, operand) != Some(Ordering::Equal),
        "less" => compare(given, operand) == Some(Ordering::Less),
        "greater" => compare(given, operand) == Some(Ordering::Greater),
        "contains" => text_of(given.clone())?.contains(text),
        "starts_with" => text_of(given.clone())?.starts_with(text),
        _ => text_of(given.clone())?.ends_with(text),
    })
}

/// Compares a value with a constant: as numbers where the constant is one, else in the value's
/// own type; nothing where they cannot be compared.
fn compare(value: &Value, constant: &Value) -> Option<Ordering> {
    if value.is_null() || constant.is_null() {
        return None;
    }
    if let Value::Integer(_) | Value::Decimal(_) = constant {
        return Some(decimal(value)?.cmp(&decimal(constant)?));
    }
    match (value, coerce(constant.clone(), value.kind()?).ok()?) {
        (Value::Boolean(a), Value::Boolean(b)) => Some(a.cmp(&b)),
        (Value::Integer(a), Value::Integer(b)) => Some(a.cmp(&b)),
        (Value::Decimal(a), Value::Decimal(b)) => Some(a.cmp(&b)),
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(&b),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(&b)),
        (Value::Bytes(a), Value::Bytes(b)) => Some(a.cmp(&b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(&b)),
        (Value::Time(a), Value::Time(b)) => Some(a.cmp(&b)),
        (Value::Timestamp(a), Value::Timestamp(b)) => Some(a.cmp(&b)),
        (Value::Json(a), Value::Json(b)) => (*a == b).then_some(Ordering::Equal),
        _ => None,
    }
}

fn decimal(value: &Value) -> Option<BigDecimal> {
    match coerce(value.clone(), Type::Decimal) {
        Ok(Value::Decimal(number)) => Some(number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::transform::{TransformCall, compile};
    use crate::domain::value::Value;

    fn run(call: serde_json::Value, input: Value) -> Value {
        let call: TransformCall = serde_json::from_value(call).unwrap();
        compile(&call).unwrap().apply(input).unwrap()
    }

    #[test]
    fn a_condition_compares_in_the_type_of_the_value() {
        let holds = |is: &str, value: serde_json::Value, input: Value| {
            let call = serde_json::json!({"name": "if", "is": is, "value": value, "then": true, "else": false});
            run(call, input) == Value::Boolean(true)
        };
        assert!(holds("greater", 9.into(), Value::text("10")));
        assert!(!holds("greater", 9.into(), Value::text("ten")));
        assert!(holds("less", "b".into(), Value::text("a")));
        assert!(holds(
            "equal",
            "2013-01-01".into(),
            Value::Date("2013-01-01".parse().unwrap())
        ));
        assert!(holds(
            "equal",
            1.into(),
            Value::Decimal("1.00".parse().unwrap())
        ));
        assert!(holds("not_equal", 1.into(), Value::double(f64::NAN)));
        assert!(holds("contains", "mpl".into(), Value::text("example")));
        assert!(!holds("less", 1.into(), Value::Null));
        assert!(holds("equal", serde_json::Value::Null, Value::Null));
        assert!(holds("empty", serde_json::Value::Null, Value::text("")));
    }

    #[test]
    fn what_a_table_lacks_stays_or_takes_the_other_value_or_is_refused() {
        let table = |more: serde_json::Value| {
            let mut call = serde_json::json!({"name": "map_values", "values": {"1": "one"}});
            call.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            serde_json::from_value::<TransformCall>(call).unwrap()
        };
        let apply = |more, input| compile(&table(more)).unwrap().apply(input);
        assert_eq!(
            apply(serde_json::json!({}), Value::Integer(1)),
            Ok(Value::text("one"))
        );
        assert_eq!(
            apply(serde_json::json!({}), Value::Integer(2)),
            Ok(Value::Integer(2))
        );
        assert_eq!(
            apply(serde_json::json!({"otherwise": null}), Value::Integer(2)),
            Ok(Value::Null)
        );
        assert_eq!(
            apply(serde_json::json!({"if_null": "none"}), Value::Null),
            Ok(Value::text("none"))
        );
        let failure = apply(serde_json::json!({"strict": true}), Value::Integer(2)).unwrap_err();
        assert_eq!(failure.to_string(), "map_values: the table has no `2`");
    }

    #[test]
    fn empty_text_becomes_null_and_null_a_value() {
        assert_eq!(
            run(serde_json::json!("null_if"), Value::text("")),
            Value::Null
        );
        let default = serde_json::json!({"name": "default", "value": 0, "empty": true});
        assert_eq!(run(default.clone(), Value::text("")), Value::Integer(0));
        assert_eq!(run(default, Value::text("x")), Value::text("x"));
    }
}
