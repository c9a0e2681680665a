//! What product.md, section 2, says of the modes, over every registered destination.

use std::sync::Arc;

use signalsmith::domain::mode::Mode;
use signalsmith::domain::plan::OperationKind::{Create, Delete, Update};
use signalsmith::domain::plan::RecordShape;
use signalsmith::domain::value::{Type, Value};
use signalsmith::domain::verdict::Verdict;

use super::fixtures::{
    FIELDS, Peer, accepted, contact, contacts, existed, met, operation, peers, seeded, shape,
    supports,
};

#[tokio::test]
async fn upsert_creates_or_updates_by_identifier_and_keeps_the_rest() {
    for peer in peers().filter(|peer| supports(peer, Mode::Upsert)) {
        seeded(&peer).await;
        let verdicts = peer
            .deliver(
                Mode::Upsert,
                &contacts(),
                vec![
                    contact(0, Create, ["a@x", "Anna", "Aachen"]),
                    contact(1, Create, ["c@x", "Cem", "Celle"]),
                    contact(2, Update, ["d@x", "Dora", "Delft"]),
                ],
            )
            .await;
        assert!(met(&peer, &verdicts[0].1), "{}", peer.name());
        assert!(!existed(&verdicts[1].1));
        assert!(verdicts.iter().all(|(_, verdict)| accepted(verdict)));
        assert_eq!(
            peer.texts(&FIELDS),
            [
                ["a@x", "Anna", "Aachen"],
                ["b@x", "Bob", "Berlin"],
                ["c@x", "Cem", "Celle"],
                ["d@x", "Dora", "Delft"],
            ]
        );
    }
}

#[tokio::test]
async fn mirror_deletes_by_identifier_and_a_record_that_is_gone_already_is_no_failure() {
    for peer in peers().filter(|peer| supports(peer, Mode::Mirror)) {
        seeded(&peer).await;
        let verdicts = peer
            .deliver(
                Mode::Mirror,
                &contacts(),
                vec![
                    contact(0, Delete, ["a@x", "", ""]),
                    contact(1, Delete, ["nobody@x", "", ""]),
                    contact(2, Update, ["b@x", "Bobby", "Berlin"]),
                ],
            )
            .await;
        assert!(verdicts.iter().all(|(_, verdict)| accepted(verdict)));
        assert_eq!(peer.texts(&FIELDS), [["b@x", "Bobby", "Berlin"]]);
    }
}

#[tokio::test]
async fn append_adds_every_row_and_touches_no_record() {
    for peer in peers().filter(|peer| supports(peer, Mode::Append)) {
        for round in ["first", "second"] {
            let operations = vec![contact(0, Create, ["a@x", round, "Aachen"])];
            let verdicts = peer.deliver(Mode::Append, &contacts(), operations).await;
            assert!(accepted(&verdicts[0].1) && !existed(&verdicts[0].1));
        }
        assert_eq!(
            peer.texts(&FIELDS),
            [["a@x", "first", "Aachen"], ["a@x", "second", "Aachen"]],
            "{}",
            peer.name()
        );
    }
}

#[tokio::test]
async fn update_never_creates_and_says_unmatched() {
    for peer in peers().filter(|peer| supports(peer, Mode::Update)) {
        seeded(&peer).await;
        let verdicts = peer
            .deliver(
                Mode::Update,
                &contacts(),
                vec![
                    contact(0, Create, ["a@x", "Anna", "Ahlen"]),
                    contact(1, Create, ["z@x", "Zoe", "Zwolle"]),
                ],
            )
            .await;
        assert!(existed(&verdicts[0].1));
        assert!(
            matches!(&verdicts[1].1, Verdict::Rejected(refused) if refused.code == "unmatched"),
            "{}",
            peer.name()
        );
        assert_eq!(
            peer.texts(&FIELDS),
            [["a@x", "Anna", "Ahlen"], ["b@x", "Bob", "Berlin"]]
        );
    }
}

#[tokio::test]
async fn insert_never_touches_a_record_that_is_there() {
    for peer in peers().filter(|peer| supports(peer, Mode::Insert)) {
        seeded(&peer).await;
        let verdicts = peer
            .deliver(
                Mode::Insert,
                &contacts(),
                vec![
                    contact(0, Create, ["a@x", "Anna", "Ahlen"]),
                    contact(1, Create, ["c@x", "Cem", "Celle"]),
                ],
            )
            .await;
        assert!(existed(&verdicts[0].1), "{}", peer.name());
        assert!(accepted(&verdicts[1].1) && !existed(&verdicts[1].1));
        assert_eq!(
            peer.texts(&FIELDS),
            [
                ["a@x", "Ann", "Aachen"],
                ["b@x", "Bob", "Berlin"],
                ["c@x", "Cem", "Celle"],
            ]
        );
    }
}

#[tokio::test]
async fn a_composite_identifier_matches_by_all_of_its_fields() {
    for peer in peers() {
        let shape = shape(
            &[
                ("country", Type::Text),
                ("number", Type::Integer),
                ("name", Type::Text),
            ],
            2,
        );
        let one = |at: u64, kind, country: &str, number: i64, name: &str| {
            let identifier = vec![Value::text(country), Value::Integer(number)];
            let mut record: Vec<Option<Value>> = identifier.iter().cloned().map(Some).collect();
            record.push(Some(Value::text(name)));
            operation(at, kind, identifier, Some(record))
        };
        peer.deliver(
            Mode::Upsert,
            &shape,
            vec![one(0, Create, "de", 1, "x"), one(1, Create, "fr", 1, "y")],
        )
        .await;
        let operations = vec![
            one(0, Update, "fr", 1, "z"),
            one(1, Create, "fr", 2, "w"),
            one(2, Delete, "de", 1, ""),
        ];
        peer.deliver(Mode::Mirror, &shape, operations).await;
        let read = peer.read(&[
            ("country", Type::Text),
            ("number", Type::Integer),
            ("name", Type::Text),
        ]);
        let row = |number, name| vec![Value::text("fr"), Value::Integer(number), Value::text(name)];
        assert_eq!(read, [row(1, "z"), row(2, "w")], "{}", peer.name());
    }
}

/// Without reading fields no mapping may ask for them, so that it is refused when it is saved.
fn reads_fields(peer: &Peer) -> bool {
    let capabilities = peer.destination().capabilities(peer.fixture.object);
    capabilities.read_fields
}

#[tokio::test]
async fn fields_are_written_when_the_mapping_says_so() {
    for peer in peers().filter(reads_fields) {
        let mut fields = RecordShape::clone(&contacts());
        fields.fields[1].if_empty = true;
        fields.fields[2].on_create = true;
        let fields = Arc::new(fields);
        let two = |round: &str| {
            vec![
                contact(
                    0,
                    Create,
                    ["a@x", if round == "1" { "" } else { round }, round],
                ),
                contact(1, Create, ["b@x", round, round]),
            ]
        };
        for round in ["1", "2", "3"] {
            peer.deliver(Mode::Upsert, &fields, two(round)).await;
        }
        assert_eq!(
            peer.texts(&FIELDS),
            [["a@x", "2", "1"], ["b@x", "1", "1"]],
            "{}",
            peer.name()
        );
    }
}

#[tokio::test]
async fn a_field_that_is_left_out_keeps_what_it_holds_and_null_clears_it() {
    for peer in peers() {
        seeded(&peer).await;
        let id = |text: &str| vec![Value::text(text)];
        let record = |text: &str, name| vec![Some(Value::text(text)), name, None];
        let operations = vec![
            operation(0, Update, id("a@x"), Some(record("a@x", Some(Value::Null)))),
            operation(1, Update, id("b@x"), Some(record("b@x", None))),
            operation(
                2,
                Create,
                id("c@x"),
                Some(record("c@x", Some(Value::text("Cem")))),
            ),
        ];
        peer.deliver(Mode::Upsert, &contacts(), operations).await;
        assert_eq!(
            peer.texts(&FIELDS),
            [
                ["a@x", "", "Aachen"],
                ["b@x", "Bob", "Berlin"],
                ["c@x", "Cem", ""]
            ],
            "{}",
            peer.name()
        );
    }
}
