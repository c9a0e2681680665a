//! Planning: the table of modes, checked by example and against a naive model of it.

mod cases;
mod history;
mod oracle;
mod scale;
pub mod world;
