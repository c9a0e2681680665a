//! Mappings meet every cell, whatever stands in it.

use proptest::prelude::*;

use super::*;
use crate::domain::plan::Record;
use crate::domain::row::Cell;
use crate::domain::row::tests::any_value;
use crate::domain::value::Value;

fn any_cell() -> impl Strategy<Value = Cell> {
    prop_oneof![
        8 => any_value().prop_map(Cell::Value),
        1 => any::<String>().prop_map(Cell::Misfit),
        1 => Just(Cell::LeftOut),
        1 => any::<String>().prop_map(|text| Cell::Value(Value::Json(text))),
    ]
}

/// A mapping through every transform of the registry, by its example.
fn through_everything() -> Vec<FieldMapping> {
    let mut all =
        vec![json!({"source_column": "email", "destination_field": "e", "is_identifier": true})];
    for (number, spec) in crate::domain::transform::registry().iter().enumerate() {
        let mut call: serde_json::Value = serde_json::from_str(spec.example.parameters).unwrap();
        call["name"] = spec.name.into();
        all.push(json!({
            "source_column": "data.odd", "destination_field": number.to_string(), "transforms": [call],
        }));
    }
    lines(serde_json::Value::Array(all))
}

proptest! {
    #[test]
    fn no_cells_make_a_mapping_panic(cells in proptest::collection::vec(any_cell(), 7)) {
        let mapper = mapper(
            &lines(json!([
                {"source_column": "email", "destination_field": "Email", "is_identifier": true},
                {"source_column": "id", "destination_field": "LastName"},
                {"source_column": "data.address.city", "destination_field": "Region"},
                {"template": "{{ row }} {{ row.data }} {{ row.ltv }}", "destination_field": "Origin"},
                {"source_column": "born", "destination_field": "Score", "transforms": ["epoch"]},
            ])),
            &schema(),
        );
        if let Ok(record) = mapper.apply(&cells) {
            let mut bytes = Vec::new();
            record.encode(&mut bytes);
            prop_assert_eq!(Record::decode(&mut bytes.as_slice()).unwrap(), record);
        }
    }

    #[test]
    fn no_value_makes_a_transform_panic(value in any_value()) {
        for mapping in through_everything().into_iter().skip(1) {
            for call in &mapping.transforms {
                let _ = crate::domain::transform::compile(call).unwrap().apply(value.clone());
            }
        }
    }
}
