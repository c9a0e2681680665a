//! The core's door for other processes: the same commands and the same view over HTTP.

mod live;
pub mod socket;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::routing::{get, post};
use axum::{Json, Router};

use crate::domain::command::{Command, Reply};
use crate::domain::problem::Problem;
use crate::link::Link;
use crate::link::wire::{COMMAND_PATH, LIVE_PATH};

/// The largest command that is taken, in bytes: a resource file can be long.
const MAX_COMMAND_BYTES: usize = 64 << 20;

/// Makes the router over a link.
pub fn router(link: Arc<dyn Link>) -> Router {
    Router::new()
        .route(COMMAND_PATH, post(command))
        .route(LIVE_PATH, get(live::stream))
        .layer(DefaultBodyLimit::max(MAX_COMMAND_BYTES))
        .with_state(link)
}

/// Takes a command and answers when the core has; a problem is an answer too.
async fn command(
    State(link): State<Arc<dyn Link>>,
    Json(command): Json<Command>,
) -> Json<Result<Reply, Problem>> {
    Json(link.send(command).await)
}
