//! The outside world: the contract of sources and destinations, and the registry of those we have.

mod batch_reader;
pub mod contract;
pub mod destinations;
pub mod http;
pub mod registry;
pub mod settings;
pub mod sources;

pub use batch_reader::BatchReader;
pub use contract::{
    CatalogTable, Chunk, ConnectorError, DeliveryBatch, DestinationConnector, Finished, Listing,
    Query, RowStream, RunContext, Session, SourceConnector, StepSink, WriteError, Written,
};
