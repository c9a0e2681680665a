//! What product.md, section 2, says of the modes, and what the connector contract promises of
//! verdicts and replays, over every registered destination.

use std::sync::Arc;

use signalsmith::connectors::registry::DESTINATIONS;
use signalsmith::connectors::{Listing, Written};
use signalsmith::domain::destination::Deletion;
use signalsmith::domain::mode::Mode;
use signalsmith::domain::plan::OperationKind::{Create, Delete, Update};
use signalsmith::domain::plan::RecordShape;
use signalsmith::domain::value::{Type, Value};
use signalsmith::domain::verdict::Verdict;
use tokio_util::sync::CancellationToken;

use super::fixtures::{
    Batch, FIXTURES, Peer, WITHOUT_RECORDS, contact, contacts, deliver, operation, peers, shape,
};

const FIELDS: [&str; 3] = ["email", "name", "city"];

fn supports(peer: &Peer, mode: Mode) -> bool {
    let capabilities = peer.destination().capabilities(peer.fixture.object);
    capabilities.modes.contains(&mode)
}

fn accepted(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Accepted { .. })
}

fn existed(verdict: &Verdict) -> bool {
    matches!(
        verdict,
        Verdict::Accepted {
            existed: Some(true),
            ..
        }
    )
}

/// Puts `a` and `b` there, as an earlier run did.
async fn seeded(peer: &Peer) {
    let operations = vec![
        contact(0, Create, ["a@x", "Ann", "Aachen"]),
        contact(1, Create, ["b@x", "Bob", "Berlin"]),
    ];
    let verdicts = peer.deliver(Mode::Upsert, &contacts(), operations).await;
    assert!(verdicts.iter().all(|(_, verdict)| accepted(verdict)));
    assert!(!verdicts.iter().any(|(_, verdict)| existed(verdict)));
}

#[test]
fn every_registered_destination_has_a_fixture_or_a_subject_of_its_own() {
    for kind in DESTINATIONS {
        let tested = FIXTURES.iter().any(|fixture| fixture.word == kind.word)
            || WITHOUT_RECORDS.contains(&kind.word);
        assert!(tested, "{} is not tested", kind.word);
    }
}

#[tokio::test]
async fn every_mode_is_either_supported_or_refused_with_a_reason() {
    for peer in peers() {
        let capabilities = peer.destination().capabilities(peer.fixture.object);
        for mode in Mode::ALL {
            let refused = capabilities
                .refused_modes
                .iter()
                .find(|(refused, _)| *refused == mode);
            assert_eq!(
                capabilities.modes.contains(&mode),
                refused.is_none(),
                "{} {mode}",
                peer.name()
            );
            assert!(refused.is_none_or(|(_, reason)| !reason.is_empty()));
        }
        let mirrors = capabilities.modes.contains(&Mode::Mirror);
        assert!(!mirrors || capabilities.deletion != Deletion::None);
    }
}

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
        assert!(existed(&verdicts[0].1), "{}", peer.name());
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
async fn one_bad_row_is_refused_alone_and_every_operation_has_one_verdict() {
    for peer in peers() {
        for mode in [Mode::Append, Mode::Upsert] {
            let (kind, bad) = (peer.fixture.refused)();
            let shape = shape(&[("id", Type::Text), ("v", kind)], 1);
            let good = match kind {
                Type::Double => Value::double(1.5),
                _ => Value::text("fine"),
            };
            let operations = (0..50)
                .map(|number| {
                    let id = Value::text(format!("{mode}{number}"));
                    let value = if number == 17 { &bad } else { &good };
                    let record = vec![Some(id.clone()), Some(value.clone())];
                    operation(number, Create, vec![id], Some(record))
                })
                .collect();
            let peer = Peer::new(peer.fixture);
            let verdicts = peer.deliver(mode, &shape, operations).await;
            let numbers: Vec<u64> = verdicts.iter().map(|(number, _)| *number).collect();
            assert_eq!(numbers, (0..50).collect::<Vec<_>>());
            for (number, verdict) in &verdicts {
                match verdict {
                    Verdict::Rejected(refused) => {
                        assert_eq!((*number, refused.field.as_deref()), (17, Some("v")));
                        assert_eq!(refused.code, "TYPE");
                    }
                    other => assert!(accepted(other) && *number != 17),
                }
            }
            assert_eq!(peer.texts(&["id"]).len(), 49, "{} {mode}", peer.name());
        }
    }
}

#[tokio::test]
async fn a_batch_replayed_after_a_crash_writes_nothing_twice() {
    for peer in peers() {
        let capabilities = peer.destination().capabilities(peer.fixture.object);
        for mode in capabilities.modes {
            let peer = Peer::new(peer.fixture);
            let run = peer.run(mode, &contacts());
            if mode == Mode::Update || mode == Mode::Mirror {
                seeded(&peer).await;
            }
            let operations = vec![
                contact(0, Create, ["a@x", "Ann", "Aachen"]),
                contact(1, Create, ["c@x", "Cem", "Celle"]),
            ];
            // The first session dies after its write, the second after its end.
            let session = peer.destination().begin(run.clone()).await.unwrap();
            let batch = Batch::prepared(&*session, "msg_replayed", operations).await;
            let first = session.write(batch.delivery(false)).await.unwrap();
            drop(session);
            let session = peer.destination().begin(run.clone()).await.unwrap();
            let second = deliver(&*session, &batch, true).await.unwrap();
            let records = peer.texts(&FIELDS);
            let session = peer.destination().begin(run).await.unwrap();
            let third = deliver(&*session, &batch, true).await.unwrap();

            assert_eq!(peer.texts(&FIELDS), records, "{} {mode}", peer.name());
            let expected = if mode == Mode::Mirror { 3 } else { 2 };
            assert_eq!(records.len(), expected, "{} {mode}", peer.name());
            if let Written::Verdicts { verdicts, .. } = first {
                assert_eq!(verdicts, second, "{} {mode}", peer.name());
            }
            let outcome = |verdicts: &[(u64, Verdict)]| -> Vec<(u64, bool)> {
                let outcomes = verdicts.iter();
                outcomes
                    .map(|(number, verdict)| (*number, accepted(verdict)))
                    .collect()
            };
            assert_eq!(outcome(&second), outcome(&third));
        }
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

#[tokio::test]
async fn fields_are_written_when_the_mapping_says_so() {
    for peer in peers() {
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

#[tokio::test]
async fn a_listing_gives_every_identifier_once_and_the_proof_of_its_end() {
    for peer in peers() {
        let destination = peer.destination();
        if !destination.capabilities(peer.fixture.object).list {
            continue;
        }
        let count = 4_500;
        let operations = (0..count)
            .map(|number| {
                let email = format!("{number:05}@x");
                contact(number, Create, [&email, "n", "c"])
            })
            .collect();
        peer.deliver(Mode::Upsert, &contacts(), operations).await;
        let mut listing = destination
            .list(
                peer.fixture.object,
                &["email".into()],
                &CancellationToken::new(),
            )
            .await
            .unwrap();
        let (mut identifiers, mut ended) = (Vec::new(), false);
        while let Some(part) = listing.recv().await {
            assert!(!ended, "nothing comes after the end");
            match part.unwrap() {
                Listing::Identifiers(page) => identifiers.extend(page),
                Listing::End => ended = true,
            }
        }
        assert!(ended);
        identifiers.sort_by_key(|identifier| identifier[0].to_plain());
        let expected: Vec<Vec<Value>> = (0..count)
            .map(|number| vec![Value::text(format!("{number:05}@x"))])
            .collect();
        assert_eq!(identifiers, expected, "{}", peer.name());
    }
}

#[tokio::test]
async fn a_stopped_listing_proves_no_end() {
    for peer in peers() {
        seeded(&peer).await;
        let cancel = CancellationToken::new();
        cancel.cancel();
        let listing = peer
            .destination()
            .list(peer.fixture.object, &["email".into()], &cancel)
            .await;
        let mut listing = listing.unwrap();
        while let Some(part) = listing.recv().await {
            assert!(!matches!(part, Ok(Listing::End)), "{}", peer.name());
        }
    }
}

#[tokio::test]
async fn an_object_is_open_until_it_is_made_and_is_made_once() {
    for peer in peers() {
        let destination = peer.destination();
        let object = peer.fixture.object;
        let before = destination.fields(object).await.unwrap();
        assert!(before.open && !before.exists, "{}", peer.name());
        let made = destination
            .create_object(object, &contacts())
            .await
            .unwrap();
        assert!(made.exists);
        assert_eq!(destination.fields(object).await.unwrap(), made);
        assert!(
            destination
                .create_object(object, &contacts())
                .await
                .is_err()
        );
        let objects = destination.objects().await.unwrap();
        assert!(objects.iter().any(|found| found.name == object));
        seeded(&peer).await;
        assert_eq!(peer.texts(&FIELDS).len(), 2);
    }
}
