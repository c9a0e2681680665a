//! The mapping editor: which value goes to which field, with what each line gives for a real row.

mod answers;
mod draft;
mod edits;
mod lines;
mod sample;
mod save;
mod sources;
mod state;
mod step_form;
mod steps;
mod update;
mod view;
mod view_detail;
mod words;

pub(crate) use state::MappingEditor;
pub(crate) use words::line as line_words;
