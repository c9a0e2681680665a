//! Sources: what they read, what they refuse, and what they say of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::json;
use signalsmith::connectors::registry::{Surroundings, source};
use signalsmith::connectors::settings::ResolvedSettings;
use signalsmith::connectors::{Chunk, ConnectorError, Query, RowStream, SourceConnector};
use signalsmith::domain::model::Column;
use signalsmith::domain::row::{Batch, Cell};
use signalsmith::domain::value::{Type, Value};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

mod files;
mod files_hostile;
mod sqlite;
mod sqlite_hostile;

/// A folder with files, and the workspace's surroundings in it.
struct Place {
    folder: TempDir,
    forbidden: Vec<PathBuf>,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            forbidden: Vec::new(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    fn open(
        &self,
        word: &str,
        settings: serde_json::Value,
    ) -> Result<Box<dyn SourceConnector>, ConnectorError> {
        let values: BTreeMap<String, serde_json::Value> = serde_json::from_value(settings).unwrap();
        source(
            word,
            &ResolvedSettings {
                values,
                secrets: BTreeMap::new(),
            },
            &Surroundings {
                forbidden: self.forbidden.clone(),
                temporary: self.path("temporary"),
                ..Surroundings::default()
            },
        )
    }

    fn sqlite(&self, path: &Path) -> Box<dyn SourceConnector> {
        self.open("sqlite", json!({ "path": path })).unwrap()
    }

    fn files(&self, name: &str) -> Box<dyn SourceConnector> {
        self.open("files", json!({ "path": self.path(name) }))
            .unwrap()
    }
}

async fn describe(source: &dyn SourceConnector, sql: &str) -> Result<Vec<Column>, ConnectorError> {
    source.describe(sql, &CancellationToken::new()).await
}

async fn kinds(source: &dyn SourceConnector, sql: &str) -> Vec<(String, Type)> {
    let columns = describe(source, sql).await.unwrap();
    columns.into_iter().map(|c| (c.name, c.kind)).collect()
}

fn column(name: &str, kind: Type) -> Column {
    Column {
        name: name.into(),
        kind,
        role: signalsmith::domain::model::Role::Attribute,
        declared: true,
        database_type: None,
    }
}

fn query(sql: &str, columns: Vec<Column>) -> Query {
    Query {
        sql: sql.into(),
        columns,
        limit: None,
        cancel: CancellationToken::new(),
    }
}

/// All that came out of a stream.
#[derive(Debug)]
struct Outcome {
    rows: Vec<Vec<Cell>>,
    end: Option<u64>,
    error: Option<ConnectorError>,
}

async fn drain(mut stream: RowStream) -> Outcome {
    let mut outcome = Outcome {
        rows: Vec::new(),
        end: None,
        error: None,
    };
    while let Some(chunk) = stream.recv().await {
        assert!(
            outcome.end.is_none() && outcome.error.is_none(),
            "the end is last"
        );
        match chunk {
            Ok(Chunk::Batch(batch)) => outcome.rows.extend(cells(&batch)),
            Ok(Chunk::End { rows }) => outcome.end = Some(rows),
            Err(error) => outcome.error = Some(error),
        }
    }
    outcome
}

fn cells(batch: &Batch) -> Vec<Vec<Cell>> {
    let columns = batch.columns();
    (0..batch.rows())
        .map(|row| (0..columns).map(|c| batch.value(row, c).unwrap()).collect())
        .collect()
}

async fn try_read(
    source: &dyn SourceConnector,
    query: Query,
) -> Result<Vec<Vec<Cell>>, ConnectorError> {
    let outcome = drain(source.read(query).await?).await;
    match outcome.error {
        Some(error) => Err(error),
        None => {
            assert_eq!(outcome.end, Some(outcome.rows.len() as u64));
            Ok(outcome.rows)
        }
    }
}

/// Reads a whole result with the types that `describe` gives.
async fn read_all(source: &dyn SourceConnector, sql: &str) -> Vec<Vec<Cell>> {
    let columns = describe(source, sql).await.unwrap();
    try_read(source, query(sql, columns)).await.unwrap()
}

fn int(number: i64) -> Cell {
    Cell::Value(Value::Integer(number))
}

fn text(text: &str) -> Cell {
    Cell::Value(Value::text(text))
}

const NULL: Cell = Cell::Value(Value::Null);

fn misfit(text: &str) -> Cell {
    Cell::Misfit(text.into())
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
