//! Files as sources: each file, or each set of files with one header, is a table.

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::{sqlite, stream};
use crate::connectors::contract::{
    CatalogTable, ConnectorError, Query, RowStream, SourceConnector,
};
use crate::connectors::registry::{Kind, Surroundings};
use crate::connectors::settings::{ResolvedSettings, Setting, SettingKind};
use crate::domain::destination::TestStep;
use crate::domain::model::Column;

mod csv_file;
mod find;
mod infer;
mod inspect;
mod load;
mod native;
mod opened;
mod options;
mod select;
mod tables;

use options::Options;
use select::Select;
use tables::Tables;

/// What is known of this kind of connection.
pub const KIND: Kind = Kind {
    word: "files",
    label: "Files",
    settings: &[
        setting(
            "path",
            SettingKind::Path,
            "a file, or a pattern such as data/*.csv; .gz and .zst are unpacked",
        ),
        setting(
            "format",
            SettingKind::Choice(&["csv"]),
            "the files' format; by default told from their names",
        ),
        setting(
            "delimiter",
            SettingKind::Text,
            "the character between fields; by default a comma, in .tsv a tab",
        ),
        setting(
            "quote",
            SettingKind::Text,
            "the character around fields; by default \", empty for none",
        ),
        setting(
            "header",
            SettingKind::Boolean,
            "whether the first row names the columns; by default true",
        ),
        setting(
            "null_values",
            SettingKind::List,
            "texts that mean no value; by default only the empty one",
        ),
        setting(
            "encoding",
            SettingKind::Choice(&["utf-8"]),
            "the files' encoding; utf-8, the default",
        ),
        setting(
            "roots",
            SettingKind::List,
            "folders that the files must be in; by default that of the path",
        ),
    ],
};

const fn setting(key: &'static str, kind: SettingKind, help: &'static str) -> Setting {
    let is_path = matches!(kind, SettingKind::Path);
    Setting {
        key,
        kind,
        required: is_path,
        endpoint: is_path,
        help,
    }
}

/// Makes one from its settings; the files are not looked at yet.
///
/// # Errors
/// [`ConnectorError`] of kind `config` where the settings do not fit.
pub fn open(
    settings: &ResolvedSettings,
    surroundings: &Surroundings,
) -> Result<FileSource, ConnectorError> {
    Ok(FileSource {
        options: Options::new(settings, surroundings)?,
    })
}

/// Files as a source.
#[derive(Debug)]
pub struct FileSource {
    options: Options,
}

#[async_trait]
impl SourceConnector for FileSource {
    async fn test(&self) -> Vec<TestStep> {
        let options = self.options.clone();
        stream::blocking(&CancellationToken::new(), move |stop| {
            Ok(inspect::test(&options, stop))
        })
        .await
        .unwrap_or_default()
    }

    async fn catalog(&self) -> Result<Vec<CatalogTable>, ConnectorError> {
        let options = self.options.clone();
        stream::blocking(&CancellationToken::new(), move |stop| {
            inspect::catalog(&options, stop)
        })
        .await
    }

    async fn describe(
        &self,
        sql: &str,
        cancel: &CancellationToken,
    ) -> Result<Vec<Column>, ConnectorError> {
        let options = self.options.clone();
        let sql = sql.to_owned();
        stream::blocking(cancel, move |stop| {
            let tables = Tables::find(&options, stop)?;
            if let Some(select) = Select::parse(&sql) {
                return native::columns(&options, &tables, &select, stop);
            }
            let loaded = load::load(&options, &tables, &sql, stop)?;
            let guarded = loaded.open(stop)?;
            let mut columns = sqlite::columns(&guarded, &sql, sqlite::Inference::AllRows)?;
            for column in &mut columns {
                // What the loaded table declares is inferred too: nobody has declared it.
                column.database_type = None;
            }
            Ok(columns)
        })
        .await
    }

    async fn read(&self, query: Query) -> Result<RowStream, ConnectorError> {
        let options = self.options.clone();
        stream::start(query, move |query, sink| {
            let stop = sink.stop();
            let tables = Tables::find(&options, &stop)?;
            if let Some(select) = Select::parse(&query.sql) {
                return native::rows(&options, &tables, &select, query, sink);
            }
            let loaded = load::load(&options, &tables, &query.sql, &stop)?;
            let guarded = loaded.open(&stop)?;
            let mut query = query.clone();
            for column in &mut query.columns {
                column.database_type = None;
            }
            sqlite::rows(&guarded, &query, sink)
        })
        .await
    }
}
