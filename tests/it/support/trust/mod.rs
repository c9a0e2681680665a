//! Proof that a destination can trust us, in the shape of Jepsen: a recorder that is the
//! destination, a world that is killed again and again, and a checker that reads what was recorded.

#![allow(
    dead_code,
    reason = "two test binaries share this, each with a part of it"
)]

pub mod checker;
pub mod history;
pub mod recorder;
pub mod requests;
pub mod world;
