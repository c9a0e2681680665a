//! Files that mean harm to whoever reads them, or that are broken.

use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use signalsmith::connectors::Chunk;
use signalsmith::domain::problem::ProblemKind;
use signalsmith::domain::value::Type;

use super::*;

fn many_rows(rows: usize) -> String {
    let mut content = String::from("id,name\n");
    for row in 0..rows {
        content.push_str(&format!("{row},name of row {row}\n"));
    }
    content
}

fn wanted(sql: &str) -> Query {
    query(
        sql,
        vec![column("id", Type::Integer), column("name", Type::Text)],
    )
}

#[tokio::test]
async fn a_cut_packed_file_gives_an_error_and_no_proof() {
    let place = Place::new();
    let content = many_rows(20_000);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content.as_bytes()).unwrap();
    let gzip = encoder.finish().unwrap();
    let zstd = zstd::encode_all(content.as_bytes(), 1).unwrap();
    for (name, packed) in [("gz.csv.gz", &gzip), ("zst.csv.zst", &zstd)] {
        let table = name.split('.').next().unwrap();
        for cut in [packed.len() - 1, packed.len() - 9, packed.len() / 2] {
            place.write(name, &packed[..cut]);
            let stream = place
                .files(name)
                .read(wanted(&format!("select * from {table}")))
                .await;
            let outcome = drain(stream.unwrap()).await;
            assert_eq!(outcome.end, None, "{name} cut at {cut}");
            let error = outcome.error.unwrap();
            assert_eq!(error.kind, ProblemKind::Source);
            assert!(error.text.contains("the packed file is cut"), "{error}");
        }
        place.write(name, packed);
        let rows = read_all(&*place.files(name), &format!("select * from {table}")).await;
        assert_eq!(rows.len(), 20_000);
    }
}

#[tokio::test]
async fn a_damaged_packed_file_gives_an_error_and_no_proof() {
    let place = Place::new();
    let content = many_rows(20_000);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content.as_bytes()).unwrap();
    let mut packed = encoder.finish().unwrap();
    let checksum = packed.len() - 8;
    packed[checksum] ^= 1;
    place.write("t.csv.gz", &packed);
    let outcome = drain(
        place
            .files("t.csv.gz")
            .read(wanted("select * from t"))
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(outcome.end, None);
    assert!(outcome.error.unwrap().text.contains("damaged"));
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_read_gives_no_proof() {
    let place = Place::new();
    let path = place.write("t.csv", many_rows(120_000));
    let source = place.files("t.csv");
    let mut stream = source.read(wanted("select * from t")).await.unwrap();
    assert!(matches!(stream.recv().await, Some(Ok(Chunk::Batch(_)))));
    // The reader cannot be at the end: the rows do not fit into the batches that may wait.
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .unwrap();
    file.write_all(b"120000,late\n").unwrap();
    let outcome = drain(stream).await;
    assert_eq!(outcome.end, None);
    let error = outcome.error.unwrap();
    assert_eq!(error.kind, ProblemKind::Source);
    assert!(error.text.contains("changed while it was read"), "{error}");
}

#[tokio::test]
async fn pipes_devices_and_folders_are_refused_without_waiting() {
    let place = Place::new();
    let pipe = place.path("pipe.csv");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).unwrap();
    std::fs::create_dir(place.path("folder.csv")).unwrap();
    for (path, why) in [
        (pipe, "a pipe, socket or device"),
        (place.path("folder.csv"), "a folder"),
        (PathBuf::from("/dev/zero"), "a pipe, socket or device"),
    ] {
        let source = place
            .open("files", json!({ "path": path, "format": "csv" }))
            .unwrap();
        let error = describe(&*source, "select * from pipe").await.unwrap_err();
        assert_eq!(error.kind, ProblemKind::Config);
        assert!(error.text.contains(why), "{error}");
    }
    let error = describe(&*place.files("*.csv"), "select * from pipe")
        .await
        .unwrap_err();
    assert!(error.text.contains("a pipe"), "{error}");
}

#[tokio::test]
async fn a_link_out_of_the_folder_is_followed_only_where_its_folder_is_allowed() {
    let place = Place::new();
    let real = place.write("private/secret.csv", "a\n1\n");
    std::fs::create_dir(place.path("in")).unwrap();
    symlink(&real, place.path("in/t.csv")).unwrap();
    for name in ["in/t.csv", "in/*.csv"] {
        let error = describe(&*place.files(name), "select * from t")
            .await
            .unwrap_err();
        assert_eq!(error.kind, ProblemKind::Config);
        assert!(
            error.text.contains("outside the allowed folders"),
            "{error}"
        );
    }
    for name in ["in/t.csv", "in/../private/secret.csv"] {
        let settings = json!({ "path": place.path(name), "roots": [place.path("in")] });
        let source = place.open("files", settings).unwrap();
        let error = describe(&*source, "select * from t").await.unwrap_err();
        assert!(
            error.text.contains("outside the allowed folders"),
            "{error}"
        );
    }
    let settings = json!({ "path": place.path("in/t.csv"), "roots": [place.path("private")] });
    let source = place.open("files", settings).unwrap();
    assert_eq!(read_all(&*source, "select * from t").await, [[int(1)]]);
}

#[tokio::test]
async fn the_workspaces_own_files_are_no_tables() {
    let mut place = Place::new();
    let own = place.write("own.csv", "a\n1\n");
    place.forbidden = vec![own.clone()];
    std::fs::hard_link(&own, place.path("other.csv")).unwrap();
    for name in ["own.csv", "other.csv", "*.csv"] {
        let error = describe(&*place.files(name), "select * from own")
            .await
            .unwrap_err();
        assert!(error.text.contains("belongs to the workspace"), "{error}");
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_and_cells_that_are_too_large_are_misfits() {
    let place = Place::new();
    let mut content = b"id,name\n1,a\xff\n2,".to_vec();
    content.extend(vec![b'x'; 2_000_000]);
    content.extend(b"\n3,c\n");
    place.write("t.csv", content);
    let source = place.files("t.csv");
    for sql in [
        "select id, name from t",
        "select id, name from t where true",
    ] {
        let rows = try_read(&*source, wanted(sql)).await.unwrap();
        assert_eq!(rows[0], [int(1), misfit("a\u{fffd}")], "{sql}");
        assert!(matches!(&rows[1][1], Cell::Misfit(why) if why.contains("2000000 bytes")));
        assert_eq!(rows[2], [int(3), text("c")], "{sql}");
    }
}

#[tokio::test]
async fn a_quote_that_never_closes_ends_the_reading_and_not_the_memory() {
    let place = Place::new();
    let mut content = b"id,name\n1,\"".to_vec();
    content.resize(80 << 20, b'x');
    place.write(
        "t.csv.zst",
        zstd::encode_all(content.as_slice(), 1).unwrap(),
    );
    let stream = place
        .files("t.csv.zst")
        .read(wanted("select * from t"))
        .await;
    let outcome = drain(stream.unwrap()).await;
    assert_eq!(outcome.end, None);
    assert!(outcome.error.unwrap().text.contains("larger than 64 MiB"));
}

#[tokio::test]
async fn a_hostile_query_over_files_is_refused() {
    let place = Place::new();
    place.write("in/t.csv", "id\n1\n");
    let source = place.files("in/t.csv");
    let other = place.path("other.db");
    for sql in [
        "delete from t",
        "insert into t values (1)",
        "drop table t",
        "pragma user_version = 1",
        "select load_extension('x')",
        "select * from t; delete from t",
        "select * from t where id = 1; drop table t",
        "",
        &format!("attach '{}' as o", other.display()),
        &format!("vacuum into '{}'", other.display()),
    ] {
        let error = describe(&*source, sql).await.expect_err(sql);
        assert_eq!(error.kind, ProblemKind::Config, "{sql}: {error}");
        assert!(
            source
                .read(query(sql, vec![column("id", Type::Integer)]))
                .await
                .is_err()
        );
    }
    assert!(!other.exists());
    assert_eq!(
        std::fs::read_to_string(place.path("in/t.csv")).unwrap(),
        "id\n1\n"
    );
    assert!(names_in(&place.path("temporary")).is_empty());
}

#[tokio::test]
async fn a_cancel_ends_the_reading_of_a_file() {
    let place = Place::new();
    place.write("t.csv", many_rows(120_000));
    let source = place.files("t.csv");
    for sql in ["select * from t", "select a.id, a.name from t a, t b, t c"] {
        let wanted = wanted(sql);
        let cancel = wanted.cancel.clone();
        let mut stream = source.read(wanted).await.unwrap();
        assert!(matches!(stream.recv().await, Some(Ok(Chunk::Batch(_)))));
        cancel.cancel();
        assert_eq!(drain(stream).await.end, None, "{sql}");
    }
    assert!(names_in(&place.path("temporary")).is_empty());
}

#[tokio::test]
async fn a_header_with_one_name_twice_stops_only_queries_that_need_it() {
    let place = Place::new();
    place.write("in/twice.csv", "id,A,a\n1,2,3\n");
    place.write("in/once.csv", "id,b\n1,2\n");
    let source = place.files("in/*.csv");
    let rows = read_all(&*source, "select b + 1 as c from once").await;
    assert_eq!(rows, [[int(3)]]);
    assert_eq!(read_all(&*source, "select id from twice").await, [[int(1)]]);
    for (sql, why) in [
        ("select id + 1 as id from twice", "duplicate column name"),
        ("select a from twice", "several columns called a"),
    ] {
        let error = describe(&*source, sql).await.unwrap_err();
        assert_eq!(error.kind, ProblemKind::Config);
        assert!(error.text.contains(why), "{error}");
    }
}

#[tokio::test]
async fn empty_files_and_unknown_formats_are_told() {
    let place = Place::new();
    place.write("empty.csv", "");
    place.write("data.xlsx", "a\n");
    for (name, why) in [
        ("empty.csv", "it is empty"),
        ("data.xlsx", "cannot tell the format"),
    ] {
        let error = describe(&*place.files(name), "select * from t")
            .await
            .unwrap_err();
        assert!(error.text.contains(why), "{error}");
    }
    place.write("header.csv", "a,b\n");
    assert!(
        read_all(&*place.files("header.csv"), "select * from header")
            .await
            .is_empty()
    );
}
