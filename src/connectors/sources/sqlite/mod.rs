//! SQLite databases as sources, opened so that a query can do nothing but read.

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::stream;
use crate::connectors::contract::{
    CatalogTable, ConnectorError, Query, RowStream, SourceConnector,
};
use crate::connectors::registry::{Kind, Surroundings};
use crate::connectors::settings::{ResolvedSettings, Setting, SettingKind};
use crate::domain::destination::TestStep;
use crate::domain::model::Column;

mod cell;
mod database;
mod describe;
mod error;
mod inspect;
mod read;
mod statement;
mod types;

pub(super) use database::{Database, Guarded};
pub(super) use describe::{Inference, columns};
pub(super) use error::{Doing, explain};
pub(super) use read::rows;

/// What is known of this kind of connection.
pub const KIND: Kind = Kind {
    word: "sqlite",
    label: "SQLite",
    settings: &[Setting {
        key: "path",
        kind: SettingKind::Path,
        required: true,
        endpoint: true,
        help: "the database file; it is opened for reading only",
    }],
};

/// Makes one from its settings; the file is not looked at yet.
///
/// # Errors
/// [`ConnectorError`] of kind `config` where the settings do not fit.
pub fn open(
    settings: &ResolvedSettings,
    surroundings: &Surroundings,
) -> Result<SqliteSource, ConnectorError> {
    Ok(SqliteSource {
        database: Database::new(
            settings.required_text("path")?.into(),
            surroundings.forbidden.clone(),
        ),
    })
}

/// A SQLite database as a source.
#[derive(Debug)]
pub struct SqliteSource {
    database: Database,
}

#[async_trait]
impl SourceConnector for SqliteSource {
    async fn test(&self) -> Vec<TestStep> {
        let database = self.database.clone();
        stream::blocking(&CancellationToken::new(), move |stop| {
            Ok(inspect::test(&database, stop))
        })
        .await
        .unwrap_or_default()
    }

    async fn catalog(&self) -> Result<Vec<CatalogTable>, ConnectorError> {
        let database = self.database.clone();
        stream::blocking(&CancellationToken::new(), move |stop| {
            inspect::catalog(&database, stop)
        })
        .await
    }

    async fn describe(
        &self,
        sql: &str,
        cancel: &CancellationToken,
    ) -> Result<Vec<Column>, ConnectorError> {
        let database = self.database.clone();
        let sql = sql.to_owned();
        stream::blocking(cancel, move |stop| {
            let guarded = database.open(stop)?;
            describe::columns(&guarded, &sql, Inference::AllRows)
        })
        .await
    }

    async fn read(&self, query: Query) -> Result<RowStream, ConnectorError> {
        let database = self.database.clone();
        stream::start(query, move |query, sink| {
            let guarded = database.open(&sink.stop())?;
            read::rows(&guarded, query, sink)
        })
        .await
    }
}
