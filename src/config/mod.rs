//! Configuration as files: resource files in and out, settings, secrets by reference, paths.

pub mod document;
mod error;
pub mod export;
mod keys;
pub mod paths;
pub mod secrets;
pub mod settings;
mod tree;

pub use document::{ColumnDoc, ConnectionDoc, Document, ModelDoc, SyncDoc, WorkspaceDoc};
pub use error::{ConfigError, NO_LINE};
