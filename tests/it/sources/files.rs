//! Reading CSV files.

use std::io::Write as _;

use proptest::prelude::*;
use signalsmith::domain::destination::StepOutcome;
use signalsmith::domain::problem::ProblemKind;
use signalsmith::domain::value::{Type, Value};

use super::*;

const FLIGHTS: &str = "year,carrier,flight,tailnum,delay,time_hour,zip\n\
    2013,UA,1545,N14228,2,2013-01-01T10:00:00Z,00501\n\
    2013,AA,NA,NA,-4.5,2013-01-01T11:00:00Z,NA\n";

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn types_are_inferred_over_the_whole_column_and_null_markers_are_null() {
    let place = Place::new();
    let path = place.write("flights.csv", FLIGHTS);
    let source = place
        .open("files", json!({ "path": path, "null_values": ["", "NA"] }))
        .unwrap();
    let found = kinds(&*source, "select * from flights").await;
    let expected = [
        ("year", Type::Integer),
        ("carrier", Type::Text),
        ("flight", Type::Integer),
        ("tailnum", Type::Text),
        ("delay", Type::Double),
        ("time_hour", Type::Timestamp),
        ("zip", Type::Text),
    ];
    assert_eq!(found, expected.map(|(name, kind)| (name.to_owned(), kind)));
    let rows = read_all(&*source, "select flight, tailnum, delay, zip from flights").await;
    let double = |number| Cell::Value(Value::double(number));
    assert_eq!(
        rows,
        [
            [int(1545), text("N14228"), double(2.0), text("00501")],
            [NULL, NULL, double(-4.5), NULL],
        ]
    );
}

#[tokio::test]
async fn without_a_marker_it_is_a_text_and_a_misfit_in_a_number() {
    let place = Place::new();
    place.write("flights.csv", FLIGHTS);
    let source = place.files("flights.csv");
    let found = kinds(&*source, "select flight from flights").await;
    assert_eq!(found, [("flight".to_owned(), Type::Text)]);
    let wanted = vec![column("flight", Type::Integer)];
    let rows = try_read(&*source, query("select flight from flights", wanted)).await;
    assert_eq!(rows.unwrap(), [[int(1545)], [misfit("NA")]]);
}

#[tokio::test]
async fn packed_files_read_as_plain_ones_do() {
    let place = Place::new();
    place.write("plain.csv", FLIGHTS);
    place.write("zipped.csv.gz", gzip(FLIGHTS.as_bytes()));
    let (head, tail) = FLIGHTS.split_at(70);
    let members = [gzip(head.as_bytes()), gzip(tail.as_bytes())].concat();
    place.write("members.csv.gz", members);
    let frames = [
        zstd::encode_all(head.as_bytes(), 1).unwrap(),
        zstd::encode_all(tail.as_bytes(), 1).unwrap(),
    ];
    place.write("frames.csv.zst", frames.concat());
    let plain = read_all(&*place.files("plain.csv"), "select * from plain").await;
    assert_eq!(plain.len(), 2);
    for (name, table) in [
        ("zipped.csv.gz", "zipped"),
        ("members.csv.gz", "members"),
        ("frames.csv.zst", "frames"),
    ] {
        let sql = format!("select * from {table}");
        assert_eq!(read_all(&*place.files(name), &sql).await, plain, "{name}");
    }
}

#[tokio::test]
async fn a_plain_query_renames_and_orders_columns() {
    let place = Place::new();
    place.write("my file.csv", "a,b c,d\n1,2,3\n");
    let source = place.files("my file.csv");
    let sql = "SELECT d AS first, \"b c\", A FROM \"my file\";";
    let found = kinds(&*source, sql).await;
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["first", "b c", "a"]);
    assert_eq!(read_all(&*source, sql).await, [[int(3), int(2), int(1)]]);
}

#[tokio::test]
async fn other_queries_give_what_a_database_would_and_leave_no_file() {
    let place = Place::new();
    place.write("data/flights.csv", "carrier,day,late,delay\nUA,2013-01-01,true,2\nAA,2013-01-02,false,-4.5\nUA,2013-01-03,false,\n");
    place.write(
        "data/airlines.csv",
        "carrier,name\nUA,United\nAA,American\n",
    );
    let source = place.files("data/*.csv");
    let sql = "select f.carrier, a.name, max(f.day) as day, count(*) as flights, sum(delay) as delay \
               from flights f join Airlines a using (carrier) where carrier <> 'X' group by 1, 2 order by 1";
    let found = kinds(&*source, sql).await;
    let expected = [
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Integer,
        Type::Double,
    ];
    assert_eq!(
        found.iter().map(|(_, kind)| *kind).collect::<Vec<_>>(),
        expected
    );
    let rows = read_all(&*source, sql).await;
    let double = |number| Cell::Value(Value::double(number));
    assert_eq!(
        rows,
        [
            [
                text("AA"),
                text("American"),
                text("2013-01-02"),
                int(1),
                double(-4.5)
            ],
            [
                text("UA"),
                text("United"),
                text("2013-01-03"),
                int(2),
                double(2.0)
            ],
        ]
    );
    let typed = kinds(&*source, "select day, late, delay from flights where true").await;
    let expected = [Type::Date, Type::Boolean, Type::Double];
    assert_eq!(
        typed.iter().map(|(_, kind)| *kind).collect::<Vec<_>>(),
        expected
    );
    let rows = read_all(&*source, "select late, delay from flights where late").await;
    assert_eq!(rows, [[Cell::Value(Value::Boolean(true)), double(2.0)]]);
    assert!(names_in(&place.path("temporary")).is_empty());
}

#[tokio::test]
async fn files_of_one_pattern_and_header_are_one_table() {
    let place = Place::new();
    place.write("in/sales-01.csv", "id,amount\n1,10\n2,20\n");
    place.write("in/sales-02.csv.gz", gzip(b"id,amount\n3,30.5\n"));
    let source = place.files("in/sales-*");
    let catalog = source.catalog().await.unwrap();
    assert_eq!(catalog.len(), 1);
    assert_eq!(catalog[0].name, "sales");
    assert_eq!(catalog[0].columns[1].kind, Type::Double);
    let rows = read_all(&*source, "select id from sales").await;
    assert_eq!(rows, [[int(1)], [int(2)], [int(3)]]);
    let one = read_all(&*source, "select id from \"sales-02\"").await;
    assert_eq!(one, [[int(3)]]);
    let computed = read_all(&*source, "select sum(id) as ids from sales").await;
    assert_eq!(computed, [[int(6)]]);
}

#[tokio::test]
async fn files_of_one_pattern_and_several_headers_are_tables_of_their_own() {
    let place = Place::new();
    place.write("in/a.csv", "id,amount\n1,10\n");
    place.write("in/b.tsv", "id\tname\n1\tx\n");
    let source = place.files("in/*");
    let catalog = source.catalog().await.unwrap();
    let names: Vec<&str> = catalog.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(
        read_all(&*source, "select name from b").await,
        [[text("x")]]
    );
    let error = describe(&*source, "select * from bb").await.unwrap_err();
    assert_eq!(error.kind, ProblemKind::Config);
    assert!(error.hint.contains("did you mean b"), "{}", error.hint);
}

#[tokio::test]
async fn delimiter_quote_and_header_are_settings() {
    let place = Place::new();
    let path = place.write("odd.txt", "\u{feff}1;'a;b';x\n2;'it''s';\n");
    let source = place
        .open(
            "files",
            json!({ "path": path, "delimiter": ";", "quote": "'", "header": false }),
        )
        .unwrap();
    let rows = read_all(&*source, "select * from odd").await;
    assert_eq!(
        rows,
        [
            [int(1), text("a;b"), text("x")],
            [int(2), text("it's"), NULL]
        ]
    );
    let found = kinds(&*source, "select * from odd").await;
    assert_eq!(found[2].0, "column_3");
    for (key, value) in [
        ("delimiter", json!("ab")),
        ("quote", json!("é")),
        ("delimiter", json!("'")),
        ("encoding", json!("latin-1")),
        ("format", json!("xlsx")),
        ("header", json!("yes")),
    ] {
        let mut settings = json!({ "path": path, "quote": "'" });
        settings[key] = value.clone();
        let error = place.open("files", settings).err().expect(key);
        assert_eq!(error.kind, ProblemKind::Config, "{key} = {value}");
        assert!(error.text.contains(key), "{error}");
    }
}

#[tokio::test]
async fn a_row_of_another_width_is_an_invalid_row_and_the_next_one_comes() {
    let place = Place::new();
    place.write("t.csv", "id,a,b\n1,x\n2,x,y,z\n3,x,y\n");
    let source = place.files("t.csv");
    let wanted = ["id", "a", "b"].map(|name| column(name, Type::Text));
    let rows = try_read(&*source, query("select * from t", wanted.into()))
        .await
        .unwrap();
    assert_eq!(
        rows,
        [
            [text("1"), text("x"), misfit("row has 2 fields, not 3")],
            [text("2"), text("x"), misfit("row has 4 fields, not 3")],
            [text("3"), text("x"), text("y")],
        ]
    );
    let wanted = vec![column("id", Type::Text), column("a", Type::Text)];
    let rows = try_read(&*source, query("select id, a from t", wanted))
        .await
        .unwrap();
    assert_eq!(rows[1], [text("2"), misfit("row has 4 fields, not 3")]);
    let error = describe(&*source, "select count(*) as n from t")
        .await
        .unwrap_err();
    assert!(error.text.contains("row 1 has 2 fields, not 3"), "{error}");
}

#[tokio::test]
async fn a_limit_ends_the_stream_of_a_file_without_a_proof() {
    let place = Place::new();
    place.write("t.csv", "a\n1\n2\n3\n");
    let source = place.files("t.csv");
    for (limit, rows, end) in [(0, 0, None), (2, 2, None), (4, 3, Some(3))] {
        let mut wanted = query("select a from t", vec![column("a", Type::Integer)]);
        wanted.limit = Some(limit);
        let outcome = drain(source.read(wanted).await.unwrap()).await;
        assert_eq!(
            (outcome.rows.len(), outcome.end),
            (rows, end),
            "limit {limit}"
        );
    }
}

#[tokio::test]
async fn the_test_of_files_names_its_steps() {
    let place = Place::new();
    place.write("t.csv", "a,b\n1,2\n");
    let steps = place.files("t.csv").test().await;
    let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["find the files", "read the headers", "read a row"]);
    assert!(steps.iter().all(|step| step.outcome == StepOutcome::Passed));
    let steps = place.files("*.json").test().await;
    assert_eq!(steps.len(), 1);
    assert!(
        steps[0].detail.contains("no file matches"),
        "{}",
        steps[0].detail
    );
}

/// Cells that look like something, and cells that almost do.
fn any_field() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        any::<i32>().prop_map(|number| number.to_string()),
        any::<f32>().prop_map(|number| number.to_string()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        (1..13_u32, 1..32_u32).prop_map(|(month, day)| format!("2024-{month:02}-{day:02}")),
        (0..24_u32).prop_map(|hour| format!("2024-02-29T{hour:02}:00:00+01:00")),
        "0[0-9]{2}",
        "[a-z ,;\"'\n\u{e9}]{0,8}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_query_read_natively_and_one_through_a_database_give_the_same(
        kinds_of_columns in proptest::collection::vec(
            proptest::collection::vec(any_field(), 1..4), 2..5),
        picks in proptest::collection::vec(any::<usize>(), 0..60),
    ) {
        let width = kinds_of_columns.len();
        let mut writer = csv::WriterBuilder::new()
            .quote_style(csv::QuoteStyle::Always)
            .from_writer(Vec::new());
        writer.write_record((0..width).map(|c| format!("c{c}"))).unwrap();
        for row in picks.chunks_exact(width) {
            let fields = row.iter().zip(&kinds_of_columns);
            writer.write_record(fields.map(|(pick, of)| &of[pick % of.len()])).unwrap();
        }
        let place = Place::new();
        place.write("t.csv", writer.into_inner().unwrap());
        let source = place.files("t.csv");
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (plain, loaded) = ("select * from t", "select * from t where true");
            assert_eq!(kinds(&*source, plain).await, kinds(&*source, loaded).await);
            let rows = read_all(&*source, plain).await;
            assert_eq!(rows.len(), picks.len() / width);
            assert!(rows.iter().flatten().all(|cell| matches!(cell, Cell::Value(_))));
            assert_eq!(rows, read_all(&*source, loaded).await);
        });
    }
}
