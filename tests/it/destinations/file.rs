//! Files as destinations: half-written tails, stages, headers, and files of other people.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;
use signalsmith::connectors::registry::{self, Surroundings};
use signalsmith::connectors::settings::ResolvedSettings;
use signalsmith::connectors::{DestinationConnector, Session, Written};
use signalsmith::domain::id::RunId;
use signalsmith::domain::mode::Mode;
use signalsmith::domain::plan::OperationKind::{Create, Delete, Update};
use signalsmith::domain::plan::{Operation, RecordShape};
use signalsmith::domain::problem::ProblemKind;
use signalsmith::domain::value::{Type, Value};
use signalsmith::domain::verdict::Verdict;

use super::fixtures::{Batch, contact, contacts, deliver, destination, operation, run, shape};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn destination(&self) -> Box<dyn DestinationConnector> {
        destination("file", self.path(), json!({}))
    }

    async fn begin(&self, name: &str, mode: Mode, shape: &Arc<RecordShape>) -> Box<dyn Session> {
        let run = run(name, mode, shape, 1);
        self.destination().begin(run).await.unwrap()
    }

    async fn write(&self, name: &str, mode: Mode, operations: Vec<Operation>) -> Vec<Verdict> {
        let session = self.begin(name, mode, &contacts()).await;
        let batch = Batch::prepared(&*session, "msg_1", operations).await;
        let verdicts = deliver(&*session, &batch, false).await.unwrap();
        verdicts.into_iter().map(|(_, verdict)| verdict).collect()
    }
}

fn three() -> Vec<Operation> {
    ["a", "b", "c"]
        .iter()
        .zip(0..)
        .map(|(name, number)| contact(number, Create, [&format!("{name}@x"), "né\n\"", "c,d"]))
        .collect()
}

#[tokio::test]
async fn a_batch_cut_at_any_byte_is_completed_by_its_replay() {
    for name in ["x.jsonl", "x.csv"] {
        for before in ["", "old"] {
            let folder = Folder::new();
            if !before.is_empty() {
                let seed = vec![contact(9, Create, ["old@x", "Old", "Ort"])];
                folder.write(name, Mode::Append, seed).await;
            }
            let session = folder.begin(name, Mode::Append, &contacts()).await;
            let batch = Batch::prepared(&*session, "msg_1", three()).await;
            let path = folder.path().join(name);
            let start = std::fs::metadata(&path).map_or(0, |found| found.len());
            session.write(batch.delivery(false)).await.unwrap();
            let whole = std::fs::read(&path).unwrap();
            for cut in usize::try_from(start).unwrap()..=whole.len() {
                std::fs::write(&path, &whole[..cut]).unwrap();
                let session = folder.begin(name, Mode::Append, &contacts()).await;
                let verdicts = deliver(&*session, &batch, true).await.unwrap();
                assert_eq!(verdicts.len(), 3);
                assert_eq!(std::fs::read(&path).unwrap(), whole, "{name} cut at {cut}");
            }
        }
    }
}

#[tokio::test]
async fn what_another_program_wrote_behind_a_lost_batch_is_kept_and_the_batch_is_unknown() {
    let folder = Folder::new();
    let session = folder.begin("x.jsonl", Mode::Append, &contacts()).await;
    let batch = Batch::prepared(&*session, "msg_1", three()).await;
    let theirs = "{\"email\":\"theirs\"}\n";
    folder.put("x.jsonl", theirs);
    let verdicts = deliver(&*session, &batch, true).await.unwrap();
    assert!(
        verdicts
            .iter()
            .all(|(_, verdict)| matches!(verdict, Verdict::Unknown { .. }))
    );
    assert_eq!(folder.text("x.jsonl"), theirs);

    // Behind a batch that was written whole it does no harm.
    let batch = Batch::prepared(&*session, "msg_2", three()).await;
    session.write(batch.delivery(false)).await.unwrap();
    let both = folder.text("x.jsonl") + theirs;
    folder.put("x.jsonl", &both);
    let Written::Verdicts { verdicts, .. } = session.write(batch.delivery(true)).await.unwrap()
    else {
        panic!("appending is never staged");
    };
    assert!(
        verdicts
            .iter()
            .all(|(_, verdict)| matches!(verdict, Verdict::Accepted { .. }))
    );
    assert_eq!(folder.text("x.jsonl"), both);
}

#[tokio::test]
async fn appending_starts_a_line_of_its_own() {
    let folder = Folder::new();
    folder.put("x.jsonl", "{\"email\":\"cut\"}");
    folder
        .write(
            "x.jsonl",
            Mode::Append,
            vec![contact(0, Create, ["a@x", "n", "c"])],
        )
        .await;
    assert_eq!(
        folder.text("x.jsonl"),
        "{\"email\":\"cut\"}\n{\"email\":\"a@x\",\"name\":\"n\",\"city\":\"c\"}\n"
    );
}

#[tokio::test]
async fn order_foreign_members_and_every_digit_stay() {
    let folder = Folder::new();
    folder.put(
        "x.jsonl",
        "{\"email\":\"a@x\",\"note\":12345678901234567890.10,\"name\":\"Ann\"}\n\
         not json at all\n\
         { \"name\" : \"Bob\", \"email\" : \"b@x\" }\n\
         {\"email\":\"c@x\"}",
    );
    let operations = vec![
        contact(0, Create, ["e@x", "Eva", "Essen"]),
        contact(1, Delete, ["c@x", "", ""]),
        contact(2, Update, ["a@x", "Anna", "Aachen"]),
        contact(3, Create, ["d@x", "Dora", "Delft"]),
    ];
    folder.write("x.jsonl", Mode::Mirror, operations).await;
    assert_eq!(
        folder.text("x.jsonl"),
        "{\"email\":\"a@x\",\"note\":12345678901234567890.10,\"name\":\"Anna\",\"city\":\"Aachen\"}\n\
         not json at all\n\
         { \"name\" : \"Bob\", \"email\" : \"b@x\" }\n\
         {\"email\":\"e@x\",\"name\":\"Eva\",\"city\":\"Essen\"}\n\
         {\"email\":\"d@x\",\"name\":\"Dora\",\"city\":\"Delft\"}\n"
    );
}

#[tokio::test]
async fn columns_of_others_stay_in_csv_and_a_short_record_is_filled() {
    let folder = Folder::new();
    folder.put(
        "x.csv",
        "note,city,email,name\n\"mine, \"\"1\"\"\",Aachen,a@x,Ann\nshort,,b@x\n",
    );
    let operations = vec![
        contact(0, Update, ["a@x", "Anna", "Ahlen"]),
        contact(1, Update, ["b@x", "Bob", "Berlin"]),
        contact(2, Create, ["c@x", "Cem", "Celle"]),
    ];
    folder.write("x.csv", Mode::Upsert, operations).await;
    assert_eq!(
        folder.text("x.csv"),
        "note,city,email,name\n\"mine, \"\"1\"\"\",Ahlen,a@x,Anna\nshort,Berlin,b@x,Bob\n,Celle,c@x,Cem\n"
    );
}

#[tokio::test]
async fn a_field_that_the_header_lacks_is_named_before_anything_is_written() {
    let folder = Folder::new();
    let text = "email,Name\na@x,Ann\n";
    folder.put("x.csv", text);
    for mode in [Mode::Append, Mode::Upsert] {
        let run = run("x.csv", mode, &contacts(), 1);
        let error = folder.destination().begin(run).await.err().unwrap();
        assert_eq!(error.kind, ProblemKind::Config);
        assert!(
            error.text.contains("'name'") && error.hint.contains("'Name'"),
            "{error}"
        );
    }
    assert_eq!(folder.text("x.csv"), text);
    assert_eq!(folder.names(), ["x.csv"]);
}

#[tokio::test]
async fn the_file_is_the_old_one_until_the_run_ends() {
    let folder = Folder::new();
    let old = "{\"email\":\"a@x\"}\n";
    let path = folder.put("x.jsonl", old);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let session = folder.begin("x.jsonl", Mode::Upsert, &contacts()).await;
    let batch = Batch::prepared(&*session, "msg_1", three()).await;
    let staged = session.write(batch.delivery(false)).await.unwrap();
    assert!(matches!(staged, Written::Staged { bytes } if bytes > 0));
    assert_eq!(folder.text("x.jsonl"), old);
    for name in folder.names().iter().filter(|name| name.starts_with('.')) {
        let mode = std::fs::metadata(folder.path().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0, "{name} is for its owner only");
    }
    session.finish().await.unwrap();
    assert_eq!(folder.text("x.jsonl").lines().count(), 3);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640, "the file keeps its permissions");
    assert_eq!(folder.names(), ["x.jsonl"], "nothing is left beside it");
}

#[tokio::test]
async fn a_dead_run_s_stage_goes_and_a_live_one_s_stays() {
    let folder = Folder::new();
    let one = |number| run("x.jsonl", Mode::Upsert, &contacts(), number);
    let live = folder.destination().begin(one(1)).await.unwrap();
    let batch = Batch::prepared(&*live, "msg_1", three()).await;
    live.write(batch.delivery(false)).await.unwrap();
    drop(folder.destination().begin(one(2)).await.unwrap());
    folder.put(&format!(".x.jsonl.{}.tmp", RunId::from_bits(3)), "half");
    folder.put(
        &format!(".y.jsonl.{}.tmp", RunId::from_bits(3)),
        "another file's",
    );
    folder.put(".x.jsonl.mine.tmp", "not ours");

    let next = folder.destination().begin(one(4)).await.unwrap();
    let mut expected = vec![
        format!(".x.jsonl.{}.stage", RunId::from_bits(1)),
        format!(".x.jsonl.{}.stage", RunId::from_bits(4)),
        ".x.jsonl.mine.tmp".to_owned(),
        format!(".y.jsonl.{}.tmp", RunId::from_bits(3)),
    ];
    expected.sort();
    let mut names = folder.names();
    names.retain(|name| !name.ends_with("-journal"));
    assert_eq!(names, expected);

    next.finish().await.unwrap();
    live.finish().await.unwrap();
    assert_eq!(folder.text("x.jsonl").lines().count(), 3);
}

#[tokio::test]
async fn a_stage_that_is_no_database_is_staged_again() {
    let folder = Folder::new();
    let stage = format!(".x.csv.{}.stage", RunId::from_bits(1));
    folder.put(&stage, &"torn by a power cut ".repeat(300));
    folder.put(&format!(".x.csv.{}.tmp", RunId::from_bits(1)), "email,na");
    folder.write("x.csv", Mode::Upsert, three()).await;
    assert_eq!(folder.names(), ["x.csv"]);
    let read = csv::Reader::from_path(folder.path().join("x.csv"))
        .unwrap()
        .into_records()
        .count();
    assert_eq!(read, 3);
}

#[tokio::test]
async fn links_pipes_and_the_workspace_s_files_are_refused() {
    let folder = Folder::new();
    let secret = folder.put("secret.txt", "keep");
    std::os::unix::fs::symlink(&secret, folder.path().join("link.jsonl")).unwrap();
    std::fs::create_dir(folder.path().join("folder.jsonl")).unwrap();
    std::fs::hard_link(&secret, folder.path().join("hard.jsonl")).unwrap();
    let mut settings = ResolvedSettings::default();
    let path = folder.path().to_str().unwrap();
    settings.values.insert("path".into(), path.into());
    let surroundings = Surroundings {
        forbidden: vec![secret],
        ..Surroundings::default()
    };
    let destination = registry::destination("file", &settings, &surroundings).unwrap();
    for name in ["link.jsonl", "folder.jsonl", "hard.jsonl"] {
        for mode in [Mode::Append, Mode::Upsert] {
            let error = destination
                .begin(run(name, mode, &contacts(), 1))
                .await
                .err()
                .unwrap();
            assert_eq!(error.kind, ProblemKind::Config, "{name}");
        }
    }
    assert_eq!(folder.text("secret.txt"), "keep");
    let unknown = destination.fields("notes.txt").await.err().unwrap();
    assert!(unknown.text.contains("format"), "{unknown}");
}

#[tokio::test]
async fn a_path_to_a_file_is_its_one_object() {
    let folder = Folder::new();
    let path = folder.path().join("one.csv");
    let destination = destination("file", &path, json!({}));
    let names: Vec<String> = destination
        .objects()
        .await
        .unwrap()
        .into_iter()
        .map(|object| object.name)
        .collect();
    assert_eq!(names, ["one.csv"]);
    assert!(destination.fields("two.csv").await.is_err());
    destination
        .create_object("one.csv", &contacts())
        .await
        .unwrap();
    assert_eq!(folder.text("one.csv"), "email,name,city\n");
}

#[tokio::test]
async fn escaped_formulas_still_match_their_records() {
    let folder = Folder::new();
    let destination = destination("file", folder.path(), json!({ "escape_formulas": true }));
    let shape = shape(&[("id", Type::Text), ("n", Type::Integer)], 1);
    for (round, kind) in [(-1, Create), (-2, Update)] {
        let session = destination
            .begin(run("x.csv", Mode::Upsert, &shape, 1))
            .await
            .unwrap();
        let id = Value::text("=1+1");
        let record = vec![Some(id.clone()), Some(Value::Integer(round))];
        let operations = vec![operation(0, kind, vec![id], Some(record))];
        let batch = Batch::prepared(&*session, "msg_1", operations).await;
        deliver(&*session, &batch, false).await.unwrap();
    }
    assert_eq!(folder.text("x.csv"), "id,n\n'=1+1,-2\n");
}

#[tokio::test]
async fn many_records_are_merged_in_order() {
    let folder = Folder::new();
    let email = |number: u64| format!("{number:05}@x");
    let first = (0..3_000)
        .map(|number| contact(number, Create, [&email(number), "old", "c"]))
        .collect();
    folder.write("x.jsonl", Mode::Upsert, first).await;
    let second = (0..3_000)
        .map(|number| {
            let kind = if number % 3 == 0 { Delete } else { Create };
            contact(number, kind, [&email(number + 1_500), "new", "c"])
        })
        .collect();
    let verdicts = folder.write("x.jsonl", Mode::Mirror, second).await;
    let met = |verdict: &&Verdict| {
        matches!(
            verdict,
            Verdict::Accepted {
                existed: Some(true),
                ..
            }
        )
    };
    assert_eq!(verdicts.iter().filter(met).count(), 1_000);
    let text = folder.text("x.jsonl");
    let emails: Vec<&str> = text.lines().map(|line| &line[10..17]).collect();
    let expected: Vec<String> = (0..4_500)
        .filter(|number| *number < 1_500 || number % 3 != 0)
        .map(email)
        .collect();
    assert_eq!(emails, expected);
    assert_eq!(text.matches("\"new\"").count(), 2_000);
}
