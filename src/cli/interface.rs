//! The interface: joined to the workspace's core, or to one that lives in this process.

use std::path::Path;
use std::sync::Arc;

use crate::config::settings::ProgramSettings;
use crate::domain::problem::{Problem, ProblemKind};
use crate::tui;

use super::context::Context;

/// Opens the interface over a workspace.
pub(super) async fn open(folder: &Path) -> Result<u8, Problem> {
    let context = Context::open(folder, true).await?;
    let result = show(&context, folder).await;
    context.close();
    result.map(|()| 0)
}

/// Shows the interface until the person leaves.
pub(super) async fn show(context: &Context, folder: &Path) -> Result<(), Problem> {
    let settings = ProgramSettings::load(folder)?.interface;
    let options = tui::Options::from_environment(
        settings.theme.as_deref(),
        settings.ascii,
        settings.mouse,
        Some(folder.join("session.json")),
    )
    .map_err(|text| Problem::new(ProblemKind::Config, text))?;
    tui::run(Arc::clone(&context.link), options).await.map_err(|error| {
        Problem::new(ProblemKind::Internal, format!("cannot show the interface: {error}"))
            .hint("it needs a terminal; every command works without one: signalsmith --help")
    })?;
    Ok(())
}
