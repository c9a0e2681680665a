//! Planning: the table of modes, checked by example and against a naive model of it.

mod cases;
mod history;
mod inputs;
mod kept;
mod oracle;
mod scale;
pub mod world;
