//! Local stand-ins for destinations: what the demo writes to, and what tests use as peers.

pub mod webhook_receiver;
