//! Names from outside: any field or object name round-trips or is refused, and none reaches beyond
//! its object.

use proptest::prelude::*;
use signalsmith::domain::mode::Mode;
use signalsmith::domain::plan::OperationKind::Create;
use signalsmith::domain::problem::ProblemKind;
use signalsmith::domain::value::{Type, Value};

use super::fixtures::{Batch, Peer, deliver, destination, operation, peers, run, shape};

/// Names that people and attackers give.
fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[\"'`;, \\-\\[\\].a-zA-Z\\n]{0,12}",
        Just("x\"; DROP TABLE victim; --".to_owned()),
        Just("x\" TEXT); DROP TABLE victim; --".to_owned()),
        Just("a\0b".to_owned()),
        Just("rowid".to_owned()),
        Just("select".to_owned()),
        Just("x".repeat(300)),
    ]
}

fn block_on(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(test);
}

async fn field_round_trips_or_is_refused(peer: &Peer, name: &str) {
    let fields = [("id", Type::Text), (name, Type::Text)];
    let shape = shape(&fields, 1);
    let session = match peer
        .destination()
        .begin(peer.run(Mode::Upsert, &shape))
        .await
    {
        Ok(session) => session,
        Err(error) => {
            assert_eq!(error.kind, ProblemKind::Config, "{name:?}: {error}");
            return;
        }
    };
    let record = ["1", "value"].map(|text| Some(Value::text(text))).to_vec();
    let operations = vec![operation(0, Create, vec![Value::text("1")], Some(record))];
    let batch = Batch::prepared(&*session, "msg_1", operations).await;
    deliver(&*session, &batch, false).await.unwrap();
    let expected = [["1", "value"].map(Value::text).to_vec()];
    assert_eq!(peer.read(&fields), expected, "{} {name:?}", peer.name());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_field_name_round_trips_or_is_refused(name in any_name()) {
        block_on(async {
            for peer in peers() {
                field_round_trips_or_is_refused(&peer, &name).await;
            }
        });
    }

    #[test]
    fn any_table_name_round_trips_or_is_refused(name in any_name()) {
        block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("copy.db");
            let connection = rusqlite::Connection::open(&path).unwrap();
            connection.execute_batch("CREATE TABLE victim (id)").unwrap();
            let destination = destination("sqlite", &path, serde_json::json!({}));
            let shape = shape(&[("id", Type::Text)], 1);
            match destination.begin(run(&name, Mode::Upsert, &shape, 1)).await {
                Err(error) => assert_eq!(error.kind, ProblemKind::Config, "{name:?}: {error}"),
                Ok(session) => {
                    let record = vec![Some(Value::text("1"))];
                    let operations =
                        vec![operation(0, Create, vec![Value::text("1")], Some(record))];
                    let batch = Batch::prepared(&*session, "msg_1", operations).await;
                    deliver(&*session, &batch, false).await.unwrap();
                    let objects = destination.objects().await.unwrap();
                    assert!(objects.iter().any(|object| object.name == name), "{name:?}");
                }
            }
            let left: i64 = connection
                .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'victim'", [], |row| row.get(0))
                .unwrap();
            assert_eq!(left, 1);
        });
    }

    #[test]
    fn any_file_name_stays_in_its_folder_or_is_refused(name in any_name()) {
        block_on(async {
            let outer = tempfile::tempdir().unwrap();
            let folder = outer.path().join("out");
            std::fs::create_dir(&folder).unwrap();
            let destination = destination("file", &folder, serde_json::json!({ "format": "csv" }));
            let shape = shape(&[("id", Type::Text)], 1);
            for name in [name.clone(), format!("../{name}"), format!("{name}/../../x.csv")] {
                match destination.create_object(&name, &shape).await {
                    Ok(_) => assert!(folder.join(&name).is_file(), "{name:?}"),
                    Err(error) => {
                        assert_eq!(error.kind, ProblemKind::Config, "{name:?}: {error}");
                    }
                }
            }
            let entries = std::fs::read_dir(outer.path()).unwrap();
            assert_eq!(entries.count(), 1, "nothing beside the folder");
        });
    }
}
