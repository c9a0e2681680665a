//! The editor of a model: name and source, the query, its columns, and the rows it gives.

mod answers;
mod columns;
mod rows;
mod state;
mod update;
mod view;

pub(crate) use state::ModelEditor;
