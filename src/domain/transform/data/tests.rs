//! Tests of the data transforms.

use crate::domain::transform::{TransformCall, compile};
use crate::domain::value::Value;

fn run(call: serde_json::Value, input: Value) -> Result<Value, String> {
    let call: TransformCall = serde_json::from_value(call).unwrap();
    compile(&call)
        .unwrap()
        .apply(input)
        .map_err(|failure| failure.to_string())
}

#[test]
fn what_a_path_finds_keeps_every_digit() {
    let document = Value::Json(r#"{"n": [12345678901234567890.120, "x"], "z": null}"#.into());
    let path = |path: &str, all: bool| {
        run(
            serde_json::json!({"name": "json_path", "path": path, "all": all}),
            document.clone(),
        )
    };
    assert_eq!(
        path("$.n[0]", false),
        Ok(Value::Decimal("12345678901234567890.120".parse().unwrap()))
    );
    assert_eq!(
        path("$.n[*]", true),
        Ok(Value::Json(r#"[12345678901234567890.120,"x"]"#.into()))
    );
    assert_eq!(path("$.missing", false), Ok(Value::Null));
    assert_eq!(path("$.z", false), Ok(Value::Null));
    assert!(
        run(
            serde_json::json!({"name": "json_path", "path": "$.a"}),
            Value::text("{")
        )
        .is_err()
    );
}

#[test]
fn a_path_into_a_long_document_ends() {
    let all = serde_json::json!({"name": "json_path", "path": "$[*]", "all": true});
    let array = |element: &str| Value::Json(format!("[{}]", vec![element; 100_000].join(",")));
    assert_eq!(run(all.clone(), array("1")), Ok(array("1")));
    assert_eq!(
        run(all, array("1.5")),
        Err("json_path: it finds too much in too long a document".to_owned())
    );
}

#[test]
fn words_of_your_own_are_the_only_ones() {
    let call = serde_json::json!({"name": "to_boolean", "true": ["Ja"], "false": ["nein"]});
    assert_eq!(
        run(call.clone(), Value::text("JA ")),
        Ok(Value::Boolean(true))
    );
    assert_eq!(
        run(call.clone(), Value::Boolean(false)),
        Ok(Value::Boolean(false))
    );
    assert!(run(call, Value::text("yes")).is_err());
    assert_eq!(
        run(serde_json::json!("to_boolean"), Value::text("yes")),
        Ok(Value::Boolean(true))
    );
}

#[test]
fn bytes_become_text_in_the_chosen_way() {
    let text = |bytes: &str| {
        run(
            serde_json::json!({"name": "to_text", "bytes": bytes}),
            Value::Bytes(vec![0xff, 0x0a]),
        )
    };
    assert_eq!(text("hex"), Ok(Value::text("ff0a")));
    assert_eq!(text("base64"), Ok(Value::text("/wo=")));
    assert!(text("utf8").is_err());
}
