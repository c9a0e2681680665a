//! A destination that takes every record and no time: what a run into it takes is all our own.

use std::sync::LazyLock;

use async_trait::async_trait;
use signalsmith::connectors::registry::{BuiltIn, Connectors, Kind, Surroundings};
use signalsmith::connectors::settings::ResolvedSettings;
use signalsmith::connectors::{
    ConnectorError, DeliveryBatch, DestinationConnector, Finished, RunContext, Session,
    SourceConnector, WriteError, Written,
};
use signalsmith::domain::destination::{Capabilities, Object, ObjectSchema, TestStep};
use signalsmith::domain::plan::{Operation, RecordShape};
use signalsmith::domain::verdict::Verdict;

const SINK: Kind = Kind {
    word: "sink",
    label: "Sink",
    settings: &[],
};

static DESTINATIONS: LazyLock<Vec<Kind>> =
    LazyLock::new(|| [BuiltIn.destinations(), &[SINK]].concat());

/// The program's own connectors and the sink.
pub struct WithSink;

impl Connectors for WithSink {
    fn sources(&self) -> &'static [Kind] {
        BuiltIn.sources()
    }

    fn destinations(&self) -> &'static [Kind] {
        &DESTINATIONS
    }

    fn source(
        &self,
        word: &str,
        settings: &ResolvedSettings,
        surroundings: &Surroundings,
    ) -> Result<Box<dyn SourceConnector>, ConnectorError> {
        BuiltIn.source(word, settings, surroundings)
    }

    fn destination(
        &self,
        word: &str,
        settings: &ResolvedSettings,
        surroundings: &Surroundings,
    ) -> Result<Box<dyn DestinationConnector>, ConnectorError> {
        if word == SINK.word {
            return Ok(Box::new(Sink));
        }
        BuiltIn.destination(word, settings, surroundings)
    }
}

struct Sink;

#[async_trait]
impl DestinationConnector for Sink {
    async fn test(&self) -> Vec<TestStep> {
        Vec::new()
    }

    async fn objects(&self) -> Result<Vec<Object>, ConnectorError> {
        Ok(Vec::new())
    }

    async fn fields(&self, object: &str) -> Result<ObjectSchema, ConnectorError> {
        Ok(ObjectSchema {
            object: Object {
                name: object.to_owned(),
                label: String::new(),
            },
            fields: Vec::new(),
            open: true,
            exists: true,
        })
    }

    async fn create_object(
        &self,
        object: &str,
        _: &RecordShape,
    ) -> Result<ObjectSchema, ConnectorError> {
        self.fields(object).await
    }

    /// Batches as a table takes them.
    fn capabilities(&self, object: &str) -> Capabilities {
        let mut settings = ResolvedSettings::default();
        let path = serde_json::json!("never-opened.db");
        settings.values.insert("path".to_owned(), path);
        let table = BuiltIn.destination("sqlite", &settings, &Surroundings::default());
        table.unwrap().capabilities(object)
    }

    async fn begin(&self, _: RunContext) -> Result<Box<dyn Session>, ConnectorError> {
        Ok(Box::new(Sink))
    }
}

#[async_trait]
impl Session for Sink {
    async fn write(&self, batch: DeliveryBatch) -> Result<Written, WriteError> {
        let accepted = |operation: Result<Operation, ConnectorError>| {
            Ok((operation?.number, Verdict::ACCEPTED))
        };
        let verdicts: Result<Vec<_>, ConnectorError> = batch.operations.map(accepted).collect();
        Ok(Written::Verdicts {
            verdicts: verdicts?,
            requests: 1,
            bytes: 0,
        })
    }

    async fn finish(&self) -> Result<Finished, WriteError> {
        Ok(Finished::default())
    }
}
