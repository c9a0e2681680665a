//! What the connector contract promises of verdicts, replays and listings, over every registered
//! destination.

use signalsmith::connectors::registry::DESTINATIONS;
use signalsmith::connectors::{BatchReader, ConnectorError, Listing, WriteError, Written};
use signalsmith::domain::destination::Deletion;
use signalsmith::domain::mode::Mode;
use signalsmith::domain::plan::OperationKind::Create;
use signalsmith::domain::problem::ProblemKind;
use signalsmith::domain::value::{Type, Value};
use signalsmith::domain::verdict::Verdict;
use tokio_util::sync::CancellationToken;

use super::fixtures::{
    Batch, FIELDS, FIXTURES, Peer, accepted, contact, contacts, deliver, operation, peers, seeded,
    shape,
};

#[test]
fn every_registered_destination_is_held_to_the_contract() {
    for kind in DESTINATIONS {
        let tested = FIXTURES.iter().any(|fixture| fixture.word == kind.word);
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
async fn a_batch_that_cannot_be_read_to_its_end_leaves_nothing() {
    for peer in peers() {
        for mode in [Mode::Append, Mode::Upsert] {
            let peer = Peer::new(peer.fixture);
            let run = peer.run(mode, &contacts());
            let session = peer.destination().begin(run).await.unwrap();
            let operations = vec![contact(0, Create, ["a@x", "Ann", "Aachen"])];
            let batch = Batch::prepared(&*session, "msg_torn", operations).await;
            let mut torn = batch.delivery(false);
            let damaged = ConnectorError::new(ProblemKind::State, "the plan file is damaged");
            let first = batch.operations[0].clone();
            torn.operations = BatchReader::new(2, move |at| match at {
                0 => Ok(first.clone()),
                _ => Err(damaged.clone()),
            });
            let error = session.write(torn).await.err().unwrap();
            assert!(matches!(error, WriteError::Fatal(_)), "{error:?}");

            let verdicts = deliver(&*session, &batch, true).await.unwrap();
            assert!(accepted(&verdicts[0].1), "{} {mode}", peer.name());
            assert_eq!(peer.texts(&FIELDS), [["a@x", "Ann", "Aachen"]]);
        }
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
        if !peer.destination().capabilities(peer.fixture.object).list {
            continue;
        }
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
        assert!(before.open, "{}", peer.name());
        // Where any name is there from the start, none can be made.
        if !before.exists {
            let made = destination.create_object(object, &contacts()).await;
            assert!(made.unwrap().exists);
        }
        let made = destination.fields(object).await.unwrap();
        assert!(made.exists);
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
