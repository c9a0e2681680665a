//! Answers questions about what is not saved yet: a query's first rows, its key, a source's tables.

use std::path::Path;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::connectors::registry::{self, Kind};
use crate::connectors::settings::{Setting, SettingKind};
use crate::connectors::{Chunk, Query, RowStream, SourceConnector};
use crate::domain::command::{Reply, Table};
use crate::domain::explore::{
    ConnectorKind, Connectors, Explore, KeyCheck, SettingField, SettingType,
};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::rehearsal::ObjectInfo;
use crate::domain::row::{Batch, Cell, Fingerprint, Key, MISFIT_TAG, NULL_TAG};
use crate::snapshot::Spool;
use crate::store::Catalog;

use super::core::Core;
use super::deliver::broken;
use super::{connect, names, rehearse};

/// Rows of one answer at most.
const MOST: u32 = 10_000;
/// Shared keys that are shown.
const EXAMPLES: usize = 5;
/// Bytes of memory in which keys are sorted; what is more goes through a file.
const SORT_BYTES: usize = 8 << 20;
/// The longest key that is shown, in characters.
const SHOWN_KEY: usize = 200;

/// Answers a question. It stops where the answer is dropped.
///
/// # Errors
/// A [`Problem`]: something named that is not there, SQL that does not prepare, a source that
/// cannot be read to its end.
pub(crate) async fn answer(
    core: &Arc<Core>,
    catalog: &Catalog,
    question: Explore,
) -> Result<Reply, Problem> {
    let cancel = CancellationToken::new();
    // Who no longer waits drops this future, and what reads for it stops.
    let stop = cancel.clone().drop_guard();
    let reply = match question {
        Explore::Connectors => Reply::Connectors(connectors(core.connectors.as_ref())),
        Explore::Object {
            destination,
            object,
        } => {
            let found = names::destination(catalog, &destination)?;
            let connector = connect::destination(core, found).await?;
            Reply::Object(Box::new(ObjectInfo {
                schema: connector.fields(&object).await?,
                capabilities: connector.capabilities(&object),
            }))
        }
        Explore::Row { model, key } => {
            Reply::Table(rehearse::row(core, catalog, &model, &key, &cancel).await?)
        }
        Explore::Rehearse { sync, identifiers } => {
            rehearse::rehearse(core, catalog, *sync, &identifiers, &cancel).await?
        }
        Explore::Tables { source } => {
            let connector = connect::source(core, names::source(catalog, &source)?).await?;
            Reply::Tables(connector.catalog().await?)
        }
        Explore::Query {
            source,
            sql,
            declared,
            limit,
        } => {
            let connector = connect::source(core, names::source(catalog, &source)?).await?;
            let mut columns = connector.describe(&sql, &cancel).await?;
            for column in &mut columns {
                if let Some(wanted) = declared.iter().find(|other| other.name == column.name) {
                    column.kind = wanted.kind;
                    column.declared = true;
                }
            }
            let most = limit.min(MOST);
            let query = Query {
                sql,
                columns,
                limit: Some(u64::from(most).saturating_add(1)),
                cancel: cancel.clone(),
            };
            Reply::Table(first_rows(&*connector, query, most).await?)
        }
        Explore::CheckKey { source, sql, key } => {
            if key.is_empty() {
                return Err(Problem::new(
                    ProblemKind::Usage,
                    "a key needs at least one column",
                ));
            }
            let connector = connect::source(core, names::source(catalog, &source)?).await?;
            let query = Query {
                sql,
                columns: key,
                limit: None,
                cancel: cancel.clone(),
            };
            let width = query.columns.len();
            let rows = connector.read(query).await?;
            let folder = core.surroundings.temporary.clone();
            let checked = tokio::task::spawn_blocking(move || check_key(rows, width, &folder));
            Reply::KeyCheck(checked.await.map_err(|error| broken(&error))??)
        }
    };
    drop(stop);
    Ok(reply)
}

/// Reads the first rows of a query.
///
/// # Errors
/// A [`Problem`] where the source cannot be read.
pub(super) async fn first_rows(
    connector: &dyn SourceConnector,
    query: Query,
    limit: u32,
) -> Result<Table, Problem> {
    let columns = query.columns.clone();
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut stream = connector.read(query).await?;
    let mut rows = Vec::new();
    let mut more = false;
    'reading: while let Some(chunk) = stream.recv().await {
        let Chunk::Batch(batch) = chunk? else { break };
        for row in 0..batch.rows() {
            if rows.len() == most {
                more = true;
                break 'reading;
            }
            rows.push(json(&batch, row, columns.len()));
        }
    }
    Ok(Table {
        columns,
        rows,
        more,
    })
}

/// The cells of a row as JSON.
pub(super) fn json(batch: &Batch, row: usize, columns: usize) -> Vec<serde_json::Value> {
    let cells = (0..columns).map(|column| match batch.value(row, column) {
        Ok(Cell::Value(value)) => value.to_json(),
        Ok(Cell::Misfit(text)) => format!("{text} (does not fit)").into(),
        Ok(Cell::LeftOut) | Err(_) => serde_json::Value::Null,
    });
    cells.collect()
}

/// Sorts all keys, in bounded memory, and counts those that stand next to their like.
fn check_key(mut rows: RowStream, width: usize, folder: &Path) -> Result<KeyCheck, Problem> {
    let mut spool = Spool::new(folder, 16, SORT_BYTES);
    let mut check = KeyCheck::default();
    let mut whole = false;
    let mut key = Vec::new();
    while let Some(chunk) = rows.blocking_recv() {
        let batch = match chunk? {
            Chunk::Batch(batch) => batch,
            Chunk::End { .. } => {
                whole = true;
                break;
            }
        };
        for row in 0..batch.rows() {
            key.clear();
            let mut usable = true;
            for column in 0..width {
                let cell = batch.cell(row, column);
                usable &= !matches!(cell.first(), None | Some(&NULL_TAG | &MISFIT_TAG));
                key.extend_from_slice(cell);
            }
            check.rows += 1;
            if usable {
                spool.push(&[&Fingerprint::of(0, &key).0, &key])?;
            } else {
                check.null += 1;
            }
        }
    }
    if !whole {
        return Err(Problem::new(
            ProblemKind::Source,
            format!(
                "cannot check the key: the source stopped after {} rows",
                check.rows
            ),
        ));
    }
    let sorted = spool.finish()?;
    let mut reader = sorted.read();
    let mut last: Vec<u8> = Vec::new();
    let mut same = 0_u64;
    while reader.advance()? {
        if same > 0 && reader.record() == last {
            same += 1;
            continue;
        }
        note_shared(&mut check, &last, same);
        last.clear();
        last.extend_from_slice(reader.record());
        same = 1;
    }
    note_shared(&mut check, &last, same);
    Ok(check)
}

fn note_shared(check: &mut KeyCheck, record: &[u8], rows: u64) {
    if rows < 2 {
        return;
    }
    check.shared += rows;
    if check.examples.len() < EXAMPLES {
        let key = Key::from_bytes(record.get(16..).unwrap_or_default());
        let shown: String = key.to_string().chars().take(SHOWN_KEY).collect();
        check.examples.push((shown, rows));
    }
}

fn connectors(known: &dyn registry::Connectors) -> Connectors {
    let all = |kinds: &[Kind]| kinds.iter().map(kind).collect();
    Connectors {
        sources: all(known.sources()),
        destinations: all(known.destinations()),
    }
}

fn kind(kind: &Kind) -> ConnectorKind {
    ConnectorKind {
        word: kind.word.to_owned(),
        label: kind.label.to_owned(),
        settings: kind.settings.iter().map(setting).collect(),
    }
}

fn setting(setting: &Setting) -> SettingField {
    SettingField {
        key: setting.key.to_owned(),
        kind: match setting.kind {
            SettingKind::Text => SettingType::Text,
            SettingKind::Integer => SettingType::Integer,
            SettingKind::Boolean => SettingType::Boolean,
            SettingKind::Choice(words) => {
                SettingType::Choice(words.iter().map(|word| (*word).to_owned()).collect())
            }
            SettingKind::Path => SettingType::Path,
            SettingKind::List => SettingType::List,
            SettingKind::Map => SettingType::Map,
            SettingKind::Secret => SettingType::Secret,
        },
        required: setting.required,
        endpoint: setting.endpoint,
        help: setting.help.to_owned(),
    }
}
