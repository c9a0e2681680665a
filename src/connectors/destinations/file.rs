//! Files as destinations.

use crate::connectors::contract::{ConnectorError, DestinationConnector};
use crate::connectors::registry::{Kind, Surroundings};
use crate::connectors::settings::ResolvedSettings;

/// What is known of this kind of connection.
pub const KIND: Kind = Kind {
    word: "file",
    label: "File",
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
impl DestinationConnector for Placeholder {
    async fn test(&self) -> Vec<crate::domain::destination::TestStep> {
        Vec::new()
    }
    async fn objects(&self) -> Result<Vec<crate::domain::destination::Object>, ConnectorError> {
        Ok(Vec::new())
    }
    async fn fields(
        &self,
        _: &str,
    ) -> Result<crate::domain::destination::ObjectSchema, ConnectorError> {
        Err(ConnectorError::new(
            crate::domain::problem::ProblemKind::Config,
            "",
        ))
    }
    async fn create_object(
        &self,
        _: &str,
        _: &crate::domain::plan::RecordShape,
    ) -> Result<crate::domain::destination::ObjectSchema, ConnectorError> {
        Err(ConnectorError::new(
            crate::domain::problem::ProblemKind::Config,
            "",
        ))
    }
    fn capabilities(&self, _: &str) -> crate::domain::destination::Capabilities {
        std::process::abort()
    }
    async fn begin(
        &self,
        _: crate::connectors::RunContext,
    ) -> Result<Box<dyn crate::connectors::Session>, ConnectorError> {
        Err(ConnectorError::new(
            crate::domain::problem::ProblemKind::Config,
            "",
        ))
    }
}
