//! Tests of the number transforms.

use crate::domain::transform::{TransformCall, compile};
use crate::domain::value::Value;

fn run(call: serde_json::Value, input: Value) -> String {
    let call: TransformCall = serde_json::from_value(call).unwrap();
    match compile(&call).unwrap().apply(input) {
        Ok(value) => format!("{} {}", value.kind().unwrap(), value.to_plain()),
        Err(failure) => failure.to_string(),
    }
}

#[test]
fn numbers_keep_their_kind_and_overflow_is_said() {
    use serde_json::json;
    for (call, input, wanted) in [
        (
            json!({"name": "round", "digits": -2}),
            Value::Integer(150),
            "integer 200",
        ),
        (
            json!({"name": "round", "digits": -2}),
            Value::Integer(40),
            "integer 0",
        ),
        (
            json!({"name": "round", "digits": 1}),
            Value::double(0.25),
            "double 0.3",
        ),
        (
            json!({"name": "round", "digits": 1, "mode": "half_even"}),
            Value::text("0.25"),
            "decimal 0.2",
        ),
        (
            json!({"name": "round", "digits": 3}),
            Value::text("1.5"),
            "decimal 1.5",
        ),
        (json!("round"), Value::double(f64::INFINITY), "double inf"),
        (
            json!({"name": "round", "digits": -2}),
            Value::Integer(i64::MAX),
            "integer 9223372036854775800",
        ),
        (
            json!("abs"),
            Value::Integer(i64::MIN),
            "abs: the result does not fit 64 bits",
        ),
        (
            json!({"name": "add", "value": 0.5}),
            Value::Integer(1),
            "decimal 1.5",
        ),
        (
            json!({"name": "add", "value": "0.1"}),
            Value::double(0.2),
            "double 0.30000000000000004",
        ),
        (
            json!({"name": "multiply", "by": 2}),
            Value::Integer(i64::MAX),
            "multiply: the result does not fit 64 bits",
        ),
        (
            json!({"name": "multiply", "by": "1e900"}),
            Value::text("1e900"),
            "multiply: the result has more than 1,000 digits",
        ),
        (
            json!("to_integer"),
            Value::text("41.7"),
            "to_integer: `41.7` (decimal) does not fit integer: it is not a whole number",
        ),
        (
            json!({"name": "to_integer", "rounding": "down"}),
            Value::double(-1.9),
            "integer -1",
        ),
        (json!("format_number"), Value::Integer(-1234), "text -1,234"),
        (json!("format_number"), Value::Integer(-123), "text -123"),
    ] {
        assert_eq!(run(call.clone(), input), wanted, "{call}");
    }
}
