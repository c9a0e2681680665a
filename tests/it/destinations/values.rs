//! Every value is written and read back without loss, or its row is refused.

use bigdecimal::BigDecimal;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime};
use proptest::prelude::*;
use signalsmith::domain::mode::Mode;
use signalsmith::domain::plan::OperationKind::{Create, Update};
use signalsmith::domain::value::{Type, Value};
use signalsmith::domain::verdict::Verdict;

use super::fixtures::{operation, peers, shape};

fn any_value(kind: Type) -> BoxedStrategy<Value> {
    match kind {
        Type::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
        Type::Integer => any::<i64>().prop_map(Value::Integer).boxed(),
        Type::Decimal => (any::<i128>(), 0_i64..30)
            .prop_map(|(digits, scale)| Value::Decimal(BigDecimal::new(digits.into(), scale)))
            .boxed(),
        Type::Double => any::<f64>().prop_map(Value::double).boxed(),
        Type::Text => any::<String>().prop_map(Value::Text).boxed(),
        Type::Bytes => any::<Vec<u8>>().prop_map(Value::Bytes).boxed(),
        Type::Date => (1_i32..3_650_000)
            .prop_map(|days| Value::Date(NaiveDate::from_num_days_from_ce_opt(days).unwrap()))
            .boxed(),
        Type::Time => (0..86_400_u32, 0..1_000_000_000_u32)
            .prop_map(|(seconds, nanos)| {
                Value::Time(NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanos).unwrap())
            })
            .boxed(),
        Type::Timestamp => (
            -60_000_000_000_i64..250_000_000_000,
            0..1_000_000_000_u32,
            -1_400..1_400,
        )
            .prop_map(|(seconds, nanos, minutes)| {
                let instant = DateTime::from_timestamp(seconds, nanos).unwrap();
                let offset = FixedOffset::east_opt(minutes * 60).unwrap();
                Value::Timestamp(instant.with_timezone(&offset))
            })
            .boxed(),
        Type::Json => (any::<String>(), any::<i64>())
            .prop_map(|(text, number)| {
                Value::Json(serde_json::json!({ "t": text, "n": [number, null] }).to_string())
            })
            .boxed(),
    }
}

fn record() -> impl Strategy<Value = Vec<Value>> {
    Type::ALL
        .map(|kind| prop_oneof![1 => Just(Value::Null), 6 => any_value(kind)])
        .to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_value_reads_back_as_it_was_or_its_row_is_refused(
        records in proptest::collection::vec(record(), 1..12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for peer in peers() {
                for mode in [Mode::Append, Mode::Upsert] {
                    check(&super::fixtures::Peer::new(peer.fixture), mode, &records).await;
                }
            }
        });
    }
}

async fn check(peer: &super::fixtures::Peer, mode: Mode, records: &[Vec<Value>]) {
    let mut fields = vec![("id", Type::Integer)];
    fields.extend(Type::ALL.map(|kind| (kind.word(), kind)));
    let operations = records
        .iter()
        .zip(0_u64..)
        .map(|(values, number)| {
            let id = Value::Integer(i64::try_from(number).unwrap());
            let mut record = vec![Some(id.clone())];
            record.extend(values.iter().cloned().map(Some));
            operation(number, Create, vec![id], Some(record))
        })
        .collect();
    let verdicts = peer.deliver(mode, &shape(&fields, 1), operations).await;
    let read = peer.read(&fields);
    let mut expected = Vec::new();
    for ((number, verdict), values) in verdicts.iter().zip(records) {
        if matches!(verdict, Verdict::Accepted { .. }) {
            let mut row = vec![Value::Integer(i64::try_from(*number).unwrap())];
            row.extend(values.iter().cloned());
            expected.push(row);
        } else {
            let unusual = values.iter().any(|value| match value {
                Value::Double(number) => !number.get().is_finite(),
                Value::Text(text) => text == "\\N",
                _ => false,
            });
            assert!(unusual, "{} refused {values:?}: {verdict:?}", peer.name());
        }
    }
    assert_eq!(read, expected, "{} {mode}", peer.name());
}

#[tokio::test]
async fn a_record_is_found_again_by_an_identifier_of_any_type() {
    let values: [(Type, Value); 10] = [
        (Type::Boolean, Value::Boolean(true)),
        (Type::Integer, Value::Integer(i64::MIN)),
        (
            Type::Decimal,
            Value::Decimal("12345678901234567890.1200".parse().unwrap()),
        ),
        (Type::Double, Value::double(1e300)),
        (Type::Text, Value::text("a\u{1f}\"b,\nc'")),
        (Type::Bytes, Value::Bytes(vec![0, 255, 10])),
        (Type::Date, Value::Date("2026-02-28".parse().unwrap())),
        (Type::Time, Value::Time("23:59:59.5".parse().unwrap())),
        (
            Type::Timestamp,
            Value::Timestamp(DateTime::parse_from_rfc3339("2026-01-01T00:00:00.25+05:30").unwrap()),
        ),
        (Type::Json, Value::Json(r#"{"a": 1.10}"#.into())),
    ];
    for peer in peers() {
        for (kind, value) in &values {
            let peer = super::fixtures::Peer::new(peer.fixture);
            let shape = shape(&[("id", *kind), ("v", Type::Integer)], 1);
            for (round, operation_kind) in [(1, Create), (2, Update)] {
                let session = peer
                    .destination()
                    .begin(peer.run(Mode::Upsert, &shape))
                    .await
                    .unwrap();
                let record = vec![Some(value.clone()), Some(Value::Integer(round))];
                let operations = vec![operation(
                    0,
                    operation_kind,
                    vec![value.clone()],
                    Some(record),
                )];
                let key = format!("msg_{round}");
                let batch = super::fixtures::Batch::prepared(&*session, &key, operations).await;
                super::fixtures::deliver(&*session, &batch, false)
                    .await
                    .unwrap();
            }
            let read = peer.read(&[("id", *kind), ("v", Type::Integer)]);
            let expected = vec![vec![value.clone(), Value::Integer(2)]];
            assert_eq!(read, expected, "{} {kind}", peer.name());
        }
    }
}
