//! Tests of the text transforms.

use crate::domain::transform::{TransformCall, compile};
use crate::domain::value::Value;

fn run(call: serde_json::Value, input: &str) -> Result<Value, String> {
    let call: TransformCall = serde_json::from_value(call).unwrap();
    let compiled = compile(&call).map_err(|error| error.to_string())?;
    compiled
        .apply(Value::text(input))
        .map_err(|error| error.to_string())
}

#[test]
fn parts_are_counted_in_characters_from_either_end() {
    let part = |start, length| {
        run(
            serde_json::json!({"name": "substring", "start": start, "length": length}),
            "héllo",
        )
    };
    assert_eq!(part(1, 2), Ok(Value::text("él")));
    assert_eq!(part(-2, 9), Ok(Value::text("lo")));
    assert_eq!(part(i64::MIN, 1), Ok(Value::text("h")));
    let piece = |index: i64| {
        run(
            serde_json::json!({"name": "split_part", "separator": ",", "index": index}),
            "a,b,c",
        )
    };
    assert_eq!(piece(-1), Ok(Value::text("c")));
    assert_eq!(piece(-3), Ok(Value::text("a")));
    assert_eq!(piece(-4), Ok(Value::Null));
    assert_eq!(piece(i64::MIN), Ok(Value::Null));
}

#[test]
fn a_result_over_a_mebibyte_is_refused_before_it_is_made() {
    let with = "x".repeat(60_000);
    let input = "a".repeat(1 << 20);
    for call in [
        serde_json::json!({"name": "replace", "find": "a", "with": with}),
        serde_json::json!({"name": "regex_replace", "pattern": "a", "with": with}),
    ] {
        let failure = run(call, &input).unwrap_err();
        assert!(failure.ends_with("the result is over 1 MiB"), "{failure}");
    }
}

#[test]
fn wrong_calls_are_refused_with_a_hint() {
    let hint = |call| {
        let call: TransformCall = serde_json::from_value(call).unwrap();
        let error = compile(&call).unwrap_err();
        format!("{error} ({})", error.hint())
    };
    assert_eq!(
        hint(serde_json::json!("substr")),
        "there is no transform substr (did you mean substring?)"
    );
    assert_eq!(
        hint(serde_json::json!({"name": "substring", "lenght": 4})),
        "substring has no parameter lenght (did you mean length?)"
    );
    assert_eq!(
        hint(serde_json::json!({"name": "substring", "length": "4"})),
        "substring: length takes a whole number, not \"4\" ()"
    );
    assert_eq!(
        hint(serde_json::json!("replace")),
        "replace needs the parameter find (the text to find)"
    );
    for pattern in ["(", "(?=x)", "a{1000}{1000}"] {
        let call = serde_json::json!({"name": "regex_extract", "pattern": pattern});
        assert!(hint(call).starts_with("regex_extract: pattern will not do"));
    }
}
