//! Resource files there and back: what is exported applies to the same and to a fresh workspace,
//! and is exported again byte by byte.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::support::desk::Desk;

/// A text as TOML writes it, with everything beyond plain letters spelled out.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for scalar in text.chars() {
        if scalar.is_ascii_alphanumeric() || scalar == ' ' {
            out.push(scalar);
        } else {
            out.push_str(&format!("\\U{:08X}", u32::from(scalar)));
        }
    }
    out + "\""
}

/// Names with quotes, brackets, other scripts, marks, and what nobody sees.
fn name() -> impl Strategy<Value = String> {
    let odd = proptest::sample::select(vec![
        '"', '\'', '\\', '#', '[', ']', '=', '{', 'é', 'ß', '東', '👍', '\u{301}', '\u{200b}',
        '\u{202e}', '.', ',',
    ]);
    let scalar = prop_oneof![4 => proptest::char::range('a', 'z'), 1 => Just(' '), 2 => odd];
    proptest::collection::vec(scalar, 1..12)
        .prop_map(|scalars| scalars.into_iter().collect::<String>())
        .prop_filter("a name is not empty", |name| !name.trim().is_empty())
}

/// Texts of any kind: constants, SQL comments.
fn text() -> impl Strategy<Value = String> {
    let control = proptest::sample::select(vec![
        '\n', '\r', '\t', '\0', '\u{1b}', '\u{7f}', '\u{9b}', '"', '\\',
    ]);
    proptest::collection::vec(prop_oneof![3 => any::<char>(), 2 => control], 0..16)
        .prop_map(|scalars| scalars.into_iter().collect())
}

fn constant() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        (-1e300..1e300_f64).prop_map(|number| format!("{number:e}").replace('e', "e").to_string()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        text().prop_map(|text| quoted(&text)),
    ]
}

fn schedule() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("{ type = \"manual\" }".to_owned()),
        (1..5000_u32).prop_map(|n| format!("{{ type = \"interval\", interval_minutes = {n} }}")),
        (
            0..60_u32,
            0..24_u32,
            proptest::sample::select(vec!["Europe/Berlin", "America/New_York", "UTC"])
        )
            .prop_map(|(m, h, zone)| format!(
                "{{ timezone = \"{zone}\", type = \"cron\", expression = \"{m} {h} * * 1-5\" }}"
            )),
        (0..24_u32)
            .prop_map(|h| format!("{{ type = \"cron\", expression = \"weekdays {h}:00\" }}")),
    ]
}

fn guards() -> impl Strategy<Value = String> {
    let rows = proptest::option::of(0..10_000_u64);
    let share = proptest::option::of(0.0..100.0_f64);
    (rows.clone(), share.clone(), rows, share).prop_map(|(rows, percent, most, shrink)| {
        let mut keys = Vec::new();
        keys.extend(rows.map(|n| format!("delete_rows = {n}")));
        keys.extend(percent.map(|n| format!("delete_percent = {n:?}")));
        keys.extend(most.map(|n| format!("delete_max = {n}")));
        keys.extend(shrink.map(|n| format!("shrink_percent = {n:?}")));
        format!("{{ {} }}", keys.join(", "))
    })
}

fn transforms() -> impl Strategy<Value = String> {
    proptest::sample::select(vec![
        "[]",
        "[\"trim\"]",
        "[{ name = \"substring\", start = 0, length = 40 }, \"upper\"]",
        "[{ length = 4, name = \"substring\", start = 1 }]",
        "[{ name = \"map_values\", values = { b = \"2\", a = \"1\" } }]",
        "[{ name = \"replace\", find = \"\\u0022\", with = \"\\n\" }]",
    ])
    .prop_map(str::to_owned)
}

/// The settings of one sync but its name.
fn settings() -> impl Strategy<Value = String> {
    let word = |key: &'static str, words: &'static [&'static str]| {
        proptest::option::of(proptest::sample::select(words)).prop_map(move |word| {
            word.map(|word| format!("{key} = \"{word}\"\n"))
                .unwrap_or_default()
        })
    };
    let choices = (
        proptest::sample::select(vec!["upsert", "mirror", "append", "insert", "update"]),
        word("mirror_scope", &["own", "all"]),
        word("mirror_foreign", &["ask", "allow"]),
        word("on_unknown", &["resend", "hold"]),
        word("first_run", &["backfill", "from_now"]),
        word("approval", &["guards", "always"]),
        proptest::option::of(any::<bool>()),
        proptest::option::of(0..1000_u32),
    );
    let rest = (
        proptest::collection::vec(name(), 0..3),
        schedule(),
        proptest::option::of(any::<bool>()),
        guards(),
        proptest::option::of(constant()),
        transforms(),
        proptest::sample::select(vec!["", ", nulls = \"skip\"", ", nulls = \"send\""]),
    );
    (choices, rest).prop_map(|((mode, scope, foreign, unknown, first, approval, keep, grace), rest)| {
        let (tags, schedule, paused, guards, constant, transforms, nulls) = rest;
        let tags: Vec<String> = tags.iter().map(|tag| quoted(tag)).collect();
        let optional = |key: &str, value: Option<String>| {
            value.map(|value| format!("{key} = {value}\n")).unwrap_or_default()
        };
        let keep = optional("keep_values", keep.map(|flag| flag.to_string()));
        let grace = optional("grace_hours", grace.map(|hours| hours.to_string()));
        let paused = optional("paused", paused.map(|flag| flag.to_string()));
        let constant = constant
            .map(|constant| format!("  {{ constant = {constant}, destination_field = \"odd \\u0022 field\" }},\n"))
            .unwrap_or_default();
        format!(
            "mode = \"{mode}\"\n{scope}{foreign}{unknown}{first}{approval}{keep}{grace}{paused}tags = [{}]\n\
             schedule = {schedule}\nguards = {guards}\nfield_mappings = [\n  \
             {{ source_column = \"email\", destination_field = \"Email\", is_identifier = true }},\n  \
             {{ source_column = \"first_name\", destination_field = \"Name\", transforms = {transforms}{nulls} }},\n\
             {constant}  {{ variable = \"run.id\", destination_field = \"Run\" }},\n  \
             {{ template = \"{{{{ row.first_name }}}}\\n\", destination_field = \"Template\" }},\n]\n",
            tags.join(", ")
        )
    })
}

#[derive(Debug)]
struct Drawn {
    workspace: (String, u32, String),
    names: Vec<String>,
    comment: String,
    syncs: Vec<String>,
    after: bool,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let names = proptest::collection::hash_set(name(), 6)
        .prop_map(|names| names.into_iter().collect::<Vec<_>>());
    let syncs = proptest::collection::vec(settings(), 1..3);
    (
        (name(), 1..9_u32, guards()),
        names,
        text(),
        syncs,
        any::<bool>(),
    )
        .prop_map(|(workspace, names, comment, syncs, after)| Drawn {
            workspace,
            names,
            comment,
            syncs,
            after,
        })
}

impl Drawn {
    /// The resource file that was drawn.
    fn file(&self) -> String {
        let [source, model, destination, ..] = &self.names[..] else {
            unreachable!()
        };
        let (source, model, destination) = (quoted(source), quoted(model), quoted(destination));
        let (workspace, max_runs, guards) = &self.workspace;
        // A comment of SQL ends with its line, and SQLite reads up to a zero.
        let comment: String = self
            .comment
            .chars()
            .filter(|c| !"\0\n\r".contains(*c))
            .collect();
        let sql = quoted(&format!(
            "select id, email, first_name\n  from customers -- {comment}"
        ));
        let mut text = format!(
            "[workspace]\nname = {}\nmax_runs = {max_runs}\nguards = {guards}\n\
             [[source]]\nname = {source}\ntype = \"sqlite\"\npath = \"crm.db\"\n\
             [[model]]\nname = {model}\nsource = {source}\nsql = {sql}\nprimary_key = [\"id\"]\n\
             columns = [{{ name = \"email\", role = \"identifier\" }}, {{ name = \"first_name\", type = \"text\" }}]\n\
             [[destination]]\nname = {destination}\ntype = \"sqlite\"\npath = \"copy.db\"\n",
            quoted(workspace)
        );
        for (place, settings) in self.syncs.iter().enumerate() {
            let name = quoted(&self.names[3 + place]);
            let mut settings = settings.clone();
            if self.after && place == 0 && self.syncs.len() > 1 {
                let later = quoted(&self.names[4]);
                let start = settings.find("schedule = ").unwrap();
                let end = start + settings[start..].find('\n').unwrap();
                settings.replace_range(
                    start..end,
                    &format!("schedule = {{ type = \"after\", syncs = [{later}] }}"),
                );
            }
            text += &format!(
                "[[sync]]\nname = {name}\nmodel = {model}\ndestination = {destination}\ndestination_object = \"Object {place}\"\n{settings}"
            );
        }
        text
    }
}

#[test]
fn an_export_applies_anywhere_and_is_exported_again_byte_by_byte() {
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 16,
        ..ProptestConfig::default()
    });
    runner
        .run(&drawn(), |drawn| {
            let desk = Desk::new(2);
            desk.apply(&drawn.file());
            let first = desk.ok(&["export"]);
            desk.write("first.toml", &first);
            let again = desk.json(0, &["apply", "first.toml", "--json", "--yes"]);
            for change in again.as_array().unwrap() {
                prop_assert_eq!(&change["action"], "unchanged", "{}", change);
            }
            prop_assert_eq!(&desk.ok(&["export"]), &first);
            // The drawn file itself means the same: a second time it changes nothing.
            desk.apply(&drawn.file());
            prop_assert_eq!(&desk.ok(&["export"]), &first);
            let fresh = Desk::new(2);
            fresh.apply(&first);
            prop_assert_eq!(&fresh.ok(&["export"]), &first);
            let syncs = fresh.json(0, &["list", "--json"]);
            for sync in syncs.as_array().unwrap() {
                let name = sync["name"].as_str().unwrap();
                let one = desk.ok(&["export", "--sync", name]);
                let alone = Desk::new(2);
                if !one.contains("type = \"after\"") {
                    alone.apply(&one);
                    prop_assert_eq!(&alone.ok(&["export", "--sync", name]), &one);
                }
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn names_of_several_lines_are_refused() {
    let desk = Desk::new(1);
    for name in ["a\\nb", "\\t", " ", "", "a\\u001b[2J", "\\u0085"] {
        let text = format!("[[source]]\nname = \"{name}\"\ntype = \"sqlite\"\npath = \"crm.db\"\n");
        let ran = desk.refused(&text);
        assert!(ran.stderr.contains("plain text"), "{name}: {ran:?}");
        desk.refused(&format!("[workspace]\nname = \"{name}\"\n"));
    }
}
