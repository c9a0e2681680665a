//! Resource files that are wrong.

use crate::support::desk::{Desk, MIRROR, UPSERT};

/// The line of a text on which a piece of it stands.
fn line_of(text: &str, piece: &str) -> usize {
    let at = text
        .find(piece)
        .unwrap_or_else(|| panic!("{piece} is not in the text"));
    text[..at].matches('\n').count() + 1
}

#[test]
fn a_wrong_key_is_told_with_its_line_and_what_was_meant() {
    let desk = Desk::new(3);
    let good = desk.resources("mode = \"upsert\"\nguards = { delete_rows = 5 }\nschedule = { type = \"interval\", interval_minutes = 5 }");
    let good = format!("[workspace]\nname = \"acme\"\n{good}");
    for (right, wrong, meant) in [
        ("[workspace]", "[workspce]", "workspace"),
        ("name = \"acme\"", "nam = \"acme\"", "name"),
        ("[[source]]", "[[sorce]]", "source"),
        ("path = \"crm.db\"", "pth = \"crm.db\"", "path"),
        ("primary_key =", "primary_keys =", "primary_key"),
        (
            "{ name = \"email\", role",
            "{ name = \"email\", rol",
            "role",
        ),
        (
            "destination_object =",
            "destination_objct =",
            "destination_object",
        ),
        ("{ delete_rows", "{ delete_row", "delete_rows"),
        ("interval_minutes", "interval_minute", "interval_minutes"),
        ("is_identifier", "is_identfier", "is_identifier"),
        (
            "{ source_column = \"ltv\"",
            "{ source_colum = \"ltv\"",
            "source_column",
        ),
    ] {
        let text = good.replacen(right, wrong, 1);
        let ran = desk.refused(&text);
        assert_eq!(ran.code, 1, "{ran:?}");
        let line = format!("line {}: ", line_of(&text, wrong));
        assert!(ran.stderr.contains(&line), "{wrong}: {ran:?}");
        assert!(
            ran.stderr.contains(&format!("did you mean '{meant}'")),
            "{wrong}: {ran:?}"
        );
        assert!(ran.stderr.contains("acme.toml"), "{wrong}: {ran:?}");
    }
    desk.apply(&good);
}

#[test]
fn an_unknown_word_is_told_with_its_line_and_what_was_meant() {
    let desk = Desk::new(3);
    let good = desk.resources("mode = \"upsert\"\nschedule = { type = \"cron\", expression = \"0 9 * * 1-5\", timezone = \"Europe/Berlin\" }");
    for (right, wrong, said) in [
        (
            "mode = \"upsert\"",
            "mode = \"upsrt\"",
            "did you mean 'upsert'",
        ),
        ("type = \"sqlite\"", "type = \"sqlit\"", "sqlite"),
        ("type = \"cron\"", "type = \"cronn\"", "did you mean 'cron'"),
        (
            "role = \"identifier\"",
            "role = \"identifer\"",
            "did you mean 'identifier'",
        ),
        ("Europe/Berlin", "Europe/Berlni", "Europe/Berlin"),
        ("0 9 * * 1-5", "61 9 * * 1-5", "minute"),
        ("0 9 * * 1-5", "0 0 30 2 *", "never"),
        ("paused = false", "paused = \"no\"", "paused"),
        ("paused = false", "grace_hours = -1", "grace_hours"),
        (
            "paused = false",
            "approval = \"allways\"",
            "did you mean 'always'",
        ),
        (
            "paused = false",
            "guards = { delete_percent = 200 }",
            "0 to 100",
        ),
        (
            "paused = false",
            "guards = { delete_rows = \"x\" }",
            "delete_rows",
        ),
        ("paused = false", "keep_values = 1", "keep_values"),
        (
            "is_identifier = true",
            "is_identifier = true, write = \"allways\"",
            "did you mean 'always'",
        ),
        (
            "\"FirstName\" }",
            "\"FirstName\", transforms = [\"trimm\"] }",
            "did you mean trim",
        ),
        (
            "\"FirstName\" }",
            "\"FirstName\", transforms = [{ name = \"substring\", strt = 0 }] }",
            "start",
        ),
        (
            "source_column = \"ltv\"",
            "source_column = \"ltw\"",
            "did you mean ltv",
        ),
        (
            "source_column = \"ltv\"",
            "template = \"{{ row.ltw }}\"",
            "ltv",
        ),
        (
            "source_column = \"ltv\"",
            "template = \"{{ row.ltv \"",
            "template",
        ),
        (
            "source_column = \"ltv\"",
            "variable = \"run.idd\"",
            "run.id",
        ),
        ("source_column = \"ltv\"", "constant = nan", "finite"),
        (
            "source_column = \"ltv\"",
            "constant = 1, source_column = \"ltv\"",
            "exactly one",
        ),
        (
            "model = \"people\"",
            "model = \"peple\"",
            "did you mean 'people'",
        ),
        ("source = \"crm\"", "source = \"cmr\"", "did you mean 'crm'"),
        (
            "destination = \"copy\"",
            "destination = \"copi\"",
            "did you mean 'copy'",
        ),
        (
            "primary_key = [\"id\"]",
            "primary_key = [\"idd\"]",
            "it gives id",
        ),
        ("primary_key = [\"id\"]", "primary_key = []", "at least one"),
        (
            "name = \"email\", role",
            "name = \"emil\", role",
            "it gives id",
        ),
    ] {
        let text = good.replacen(right, wrong, 1);
        assert_ne!(text, good, "{right}");
        let ran = desk.refused(&text);
        assert_eq!(ran.code, 1, "{wrong}: {ran:?}");
        assert!(ran.stderr.contains("line "), "{wrong}: {ran:?}");
        assert!(ran.stderr.contains(said), "{wrong}: {ran:?}");
    }
    desk.apply(&good);
}

#[test]
fn what_is_not_toml_is_told_with_its_line() {
    let desk = Desk::new(3);
    for (broken, line) in [
        ("[workspace]\nname = \"acme\nx", 2),
        ("[workspace\n", 1),
        ("\n\n[[sync]]\nname = 1.2.3\n", 4),
        ("[workspace]\nname = \"a\"\nname = \"b\"\n", 3),
    ] {
        let ran = desk.refused(broken);
        assert_eq!(ran.code, 1);
        assert!(
            ran.stderr.contains(&format!("line {line}: ")),
            "{broken:?}: {ran:?}"
        );
    }
}

#[test]
fn a_mapping_without_identifier_or_required_field_is_refused() {
    let desk = Desk::new(3);
    let ran = desk.refused(&desk.resources(UPSERT).replace(", is_identifier = true", ""));
    assert!(ran.stderr.contains("No identifier mapped"), "{ran:?}");
    assert!(ran.stderr.contains("hint:"), "{ran:?}");
    rusqlite::Connection::open(desk.path("copy.db"))
        .unwrap()
        .execute_batch("CREATE TABLE Contact (Email TEXT NOT NULL UNIQUE, FirstName TEXT, Ltv REAL, Region TEXT NOT NULL)")
        .unwrap();
    let ran = desk.refused(&desk.resources(UPSERT));
    assert!(ran.stderr.contains("Required field not mapped"), "{ran:?}");
    assert!(ran.stderr.contains("Region"), "{ran:?}");
}

#[test]
fn sql_that_does_more_than_read_is_refused() {
    let desk = Desk::new(3);
    for (sql, said) in [
        ("delete from customers", "read"),
        (
            "select id, email, first_name, ltv from customers; select 1",
            "one statement",
        ),
        ("", "empty"),
        ("   ", "empty"),
        ("select id, email frm customers", "syntax"),
        ("select * from customer", "customer"),
    ] {
        let text = desk
            .resources(UPSERT)
            .replace("select id, email, first_name, ltv from customers", sql);
        let ran = desk.refused(&text);
        assert_eq!(ran.code, 1, "{sql}: {ran:?}");
        let stderr = ran.stderr.to_lowercase();
        assert!(stderr.contains(said), "{sql}: {ran:?}");
        assert!(stderr.contains("people"), "the model is named: {ran:?}");
    }
    desk.apply(&desk.resources(UPSERT));
    assert_eq!(
        desk.json(0, &["preview", "people", "--json"])["rows"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

#[test]
fn a_source_that_is_missing_or_no_database_is_told() {
    let desk = Desk::new(3);
    let ran = desk.refused(&desk.resources(UPSERT).replacen("crm.db", "crn.db", 1));
    assert!(ran.stderr.contains("crn.db"), "{ran:?}");
    desk.write(
        "crn.db",
        "this is no database at all, only a text of some length, so that it is read",
    );
    let ran = desk.refused(&desk.resources(UPSERT).replacen("crm.db", "crn.db", 1));
    assert!(ran.stderr.contains("not a SQLite database"), "{ran:?}");
    assert!(ran.stderr.contains("hint:"), "{ran:?}");
}

#[test]
fn a_file_that_cannot_be_read_is_told() {
    let desk = Desk::new(3);
    for arguments in [
        &["apply", "missing.toml", "--yes"][..],
        &["check", "missing.toml"],
        &["apply", "."],
    ] {
        let ran = desk.run(arguments);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stderr.contains("cannot read"), "{ran:?}");
        assert!(ran.stderr.contains("hint:"), "{ran:?}");
    }
    std::fs::write(
        desk.path("latin.toml"),
        b"[workspace]\nname = \"caf\xe9\"\n",
    )
    .unwrap();
    assert_eq!(desk.run(&["apply", "latin.toml", "--yes"]).code, 2);
}

#[test]
fn a_secret_in_the_file_is_refused_and_never_repeated() {
    let desk = Desk::new(3);
    let hook = |secret: &str| {
        format!(
            "[[destination]]\nname = \"hook\"\ntype = \"webhook\"\nurl = \"https://example.com/\"\nbearer_token = {secret}\n"
        )
    };
    for secret in [
        "\"hunter2-secret\"",
        "{ env = \"X\", value = \"hunter2-secret\" }",
        "[\"hunter2-secret\"]",
    ] {
        let ran = desk.refused(&hook(secret));
        assert!(ran.stderr.contains("line 5: "), "{ran:?}");
        assert!(ran.stderr.contains("{ env = "), "{ran:?}");
        assert!(!format!("{ran:?}").contains("hunter2"), "{ran:?}");
    }
    desk.write("token", "hunter2-secret\n");
    desk.apply(&hook("{ file = \"token\" }"));
    for arguments in [&["export"][..], &["show", "destination", "hook", "--json"]] {
        let shown = desk.ok(arguments);
        assert!(
            shown.contains("token") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
    let log = std::fs::read_to_string(desk.path("workspace").join("core.log")).unwrap();
    assert!(!log.contains("hunter2"), "{log}");
}

#[test]
fn relative_paths_start_from_the_file() {
    let desk = Desk::new(3);
    std::fs::create_dir(desk.path("below")).unwrap();
    std::fs::rename(desk.path("crm.db"), desk.path("below/crm.db")).unwrap();
    desk.write("below/acme.toml", &desk.resources(UPSERT));
    desk.ok(&["apply", "below/acme.toml", "--yes"]);
    desk.ok(&["run", "contacts"]);
    assert!(desk.path("below/copy.db").exists());
    assert!(
        desk.ok(&["export"])
            .contains(desk.path("below/crm.db").to_str().unwrap())
    );
}

#[test]
fn names_and_ids_stand_once() {
    let desk = Desk::new(3);
    let one = desk.resources(MIRROR);
    let source = &one[one.find("[[source]]").unwrap()..one.find("[[model]]").unwrap()];
    let ran = desk.refused(&format!("{one}{source}"));
    assert!(ran.stderr.contains("two sources called 'crm'"), "{ran:?}");
    let id = "id = \"src_aaaaaaaaaaaa\"\n";
    let with_id = source.replace("name = \"crm\"", &format!("{id}name = \"a\""));
    let ran = desk.refused(&format!("{with_id}{}", with_id.replace("\"a\"", "\"b\"")));
    assert!(ran.stderr.contains("stands twice"), "{ran:?}");
    let ran = desk.refused(&with_id.replace("src_aaaaaaaaaaaa", "src_a"));
    assert!(ran.stderr.contains("src_"), "{ran:?}");
}

#[test]
fn the_workspace_s_own_files_are_no_connection() {
    let desk = Desk::new(3);
    for path in ["workspace/state.db", "workspace/../workspace/state.db"] {
        let ran = desk.refused(&desk.resources(UPSERT).replacen("crm.db", path, 1));
        assert!(ran.stderr.contains("state.db"), "{ran:?}");
    }
}
