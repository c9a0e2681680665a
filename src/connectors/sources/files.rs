//! Files as sources.

use crate::connectors::contract::{ConnectorError, SourceConnector};
use crate::connectors::registry::{Kind, Surroundings};
use crate::connectors::settings::ResolvedSettings;

/// What is known of this kind of connection.
pub const KIND: Kind = Kind {
    word: "files",
    label: "Files",
    settings: &[],
};

/// Makes one from its settings.
///
/// # Errors
/// [`ConnectorError`] of kind `config` where the settings do not fit.
pub fn open(
    settings: &ResolvedSettings,
    surroundings: &Surroundings,
) -> Result<Placeholder, ConnectorError> {
    let _ = (settings, surroundings);
    Err(ConnectorError::new(
        crate::domain::problem::ProblemKind::Config,
        "not there",
    ))
}

/// Placeholder.
pub struct Placeholder;

#[async_trait::async_trait]
impl SourceConnector for Placeholder {
    async fn test(&self) -> Vec<crate::domain::destination::TestStep> {
        Vec::new()
    }
    async fn catalog(&self) -> Result<Vec<crate::connectors::CatalogTable>, ConnectorError> {
        Ok(Vec::new())
    }
    async fn describe(
        &self,
        _: &str,
        _: &tokio_util::sync::CancellationToken,
    ) -> Result<Vec<crate::domain::model::Column>, ConnectorError> {
        Ok(Vec::new())
    }
    async fn read(
        &self,
        _: crate::connectors::Query,
    ) -> Result<crate::connectors::RowStream, ConnectorError> {
        Err(ConnectorError::new(
            crate::domain::problem::ProblemKind::Config,
            "",
        ))
    }
}
