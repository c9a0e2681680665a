//! The shared HTTP client with its guards: what every connector that speaks HTTP builds on.

mod address;
pub mod answer;
pub mod client;
pub mod guard;
pub mod redact;
pub mod retry_after;
pub mod sign;

pub use answer::{Asked, Outcome, Scope};
pub use client::{Answer, BodyEnd, ClientOptions, HttpClient, HttpError, HttpRequest};
pub use guard::{EgressPolicy, Lookup, Refusal, SystemLookup};
pub use redact::Redactor;
pub use sign::{Signer, SigningError};
