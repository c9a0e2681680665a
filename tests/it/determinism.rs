//! The same snapshot, rows and settings give the same plan, to the byte.

use proptest::prelude::*;
use signalsmith::domain::id::RunId;
use signalsmith::domain::mode::Mode;
use signalsmith::domain::row::Fingerprint;
use signalsmith::domain::run::{RunOptions, RunStatus};
use signalsmith::engine::diff::PlanRequest;
use signalsmith::snapshot::FoldOptions;

use crate::planning::world::{Settings, TestRow, World, chunks, settings};
use crate::support::workspace::Workspace;

/// Memory, partitions and folds: all that may differ between two cores without being seen.
#[derive(Debug, Clone, Copy)]
struct Conduct {
    run: u64,
    spool_bytes: usize,
    reserved: u64,
    fold: Fold,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fold {
    Never,
    Half,
    All,
}

/// A plan file without its footer, the footer without the run, the hash.
type Plan = (Vec<u8>, serde_json::Value, String);

/// The plan for `rows` of a sync that has sent `sent` before, but not the last of them.
fn planned(conduct: Conduct, mode: Mode, by_key: bool, sent: &[TestRow], rows: &[TestRow]) -> Plan {
    let world = World::new();
    world.snapshot().reserve(conduct.reserved, 100).unwrap();
    let settings = Settings {
        by_key,
        spool_bytes: conduct.spool_bytes,
        ..settings(mode)
    };
    let first = world.plan(&settings, sent);
    world.make(&first.marks);
    for operation in first.operations.iter().rev().skip(1) {
        world.accept(operation);
    }
    if conduct.fold != Fold::Never {
        let half = Fingerprint([0x80; 16]);
        let options = FoldOptions {
            below: (conduct.fold == Fold::Half).then_some(half),
            keep_values: true,
            ..FoldOptions::default()
        };
        world.snapshot().fold_if_due(&options).unwrap();
    }
    let run = RunId::from_bits(conduct.run);
    let summary = world.try_plan_of(run.clone(), &settings, chunks(rows));
    let file = std::fs::read(world.plan_path()).unwrap();
    let (body, mut footer) = cut(&file);
    let named = footer["header"]["run"].take();
    assert_eq!(named, run.as_str());
    (body, footer, summary.unwrap().hash)
}

/// Cuts a plan file into what stands before its footer and the footer: compressed JSON, then its
/// length, its compressed length, a checksum and the magic word.
fn cut(file: &[u8]) -> (Vec<u8>, serde_json::Value) {
    let number = |from_end: usize| {
        let at = file.len() - from_end;
        u64::from_le_bytes(file[at..at + 8].try_into().unwrap()) as usize
    };
    let (length, stored) = (number(32), number(24));
    let body = file.len() - 32 - stored;
    let json = zstd::bulk::decompress(&file[body..body + stored], length).unwrap();
    (
        file[..body].to_vec(),
        serde_json::from_slice(&json).unwrap(),
    )
}

fn rows() -> impl Strategy<Value = Vec<TestRow>> {
    let email = proptest::option::weighted(0.95, "[a-dA-D]{1,2}@x");
    let name = prop_oneof![8 => "[ A-Za-zäß]{0,12}", 1 => Just("bad".to_owned())];
    let row = (proptest::option::weighted(0.97, 0_i64..60), email, name);
    let row = row.prop_map(|(id, email, name)| TestRow { id, email, name });
    proptest::collection::vec(row, 0..70)
}

fn conduct() -> impl Strategy<Value = Conduct> {
    let spool_bytes = prop_oneof![1_usize..4_000, Just(PlanRequest::SPOOL_BYTES)];
    let fold = proptest::sample::select(vec![Fold::Never, Fold::Half, Fold::All]);
    (2_u64..1_000, spool_bytes, 0_u64..400_000, fold).prop_map(
        |(run, spool_bytes, reserved, fold)| Conduct {
            run,
            spool_bytes,
            reserved,
            fold,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_plan_file_is_the_same_to_the_byte_at_any_memory_and_partitioning(
        mode in proptest::sample::select(vec![Mode::Upsert, Mode::Mirror, Mode::Append]),
        by_key: bool,
        sent in rows(),
        rows in rows(),
        conducts in proptest::collection::vec(conduct(), 2..4),
    ) {
        let plain = Conduct {
            run: 1,
            spool_bytes: PlanRequest::SPOOL_BYTES,
            reserved: 0,
            fold: Fold::Never,
        };
        let wanted = planned(plain, mode, by_key, &sent, &rows);
        for conduct in conducts {
            let plan = planned(conduct, mode, by_key, &sent, &rows);
            prop_assert!(plan == wanted, "{conduct:?}: {plan:?} instead of {wanted:?}");
        }
    }
}

/// A workspace with 300 people and a sync to a table, always made in the same way.
fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace.source(
        "create table people (id integer primary key, email text, name text);
         with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 300)
         insert into people select n, 'p' || n || '@x.example', 'Name ' || n from numbers;",
    );
    workspace.apply(
        r#"
[[source]]
name = "crm"
type = "sqlite"
path = "source.db"

[[model]]
name = "people"
source = "crm"
sql = "select id, email, name from people"
primary_key = ["id"]
columns = [{ name = "email", role = "identifier" }]

[[destination]]
name = "there"
type = "sqlite"
path = "copy.db"

[[sync]]
name = "people"
model = "people"
destination = "there"
destination_object = "people"
mode = "mirror"
field_mappings = [
  { source_column = "email", destination_field = "email", is_identifier = true },
  { source_column = "name", destination_field = "name" },
  { variable = "run.id", destination_field = "run" },
]
"#,
    );
    workspace
}

#[test]
fn two_engines_with_one_seed_and_one_clock_make_the_same_plans() {
    let mut both = [workspace(), workspace()];
    let only_plan = RunOptions {
        plan_only: true,
        ..RunOptions::default()
    };
    let mut hashes = Vec::new();
    for round in 0..3 {
        let runs = both.each_mut().map(|workspace| {
            if round == 1 {
                workspace.source(
                    "update people set name = 'Other' where id % 7 = 0;
                     delete from people where id % 60 = 1;
                     insert into people values (900, 'new@x.example', 'New');",
                );
            }
            if round == 2 {
                // A core that was started anew draws other numbers, and knows the same.
                workspace.stop();
                workspace.start().unwrap();
            }
            let planned = workspace.run_with("people", only_plan.clone());
            let ran = workspace.run("people");
            assert_eq!(ran.status, RunStatus::Completed, "{ran:#?}");
            (planned, ran)
        });
        let [(planned, ran), (other_planned, other_ran)] = runs;
        assert_eq!(planned.plan_hash, other_planned.plan_hash, "round {round}");
        assert_eq!(planned.counters, other_planned.counters);
        assert_eq!(ran.plan_hash, other_ran.plan_hash, "round {round}");
        assert_eq!((&planned.id, &ran.id), (&other_planned.id, &other_ran.id));
        // What is planned is what is run, though the run is another.
        assert_eq!(planned.plan_hash, ran.plan_hash, "round {round}");
        hashes.push(ran.plan_hash.unwrap());
    }
    let changes = |round: usize| hashes[round].clone();
    assert!(changes(0) != changes(1) && changes(1) != changes(2));
}
