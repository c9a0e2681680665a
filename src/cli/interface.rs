//! The interface: joined to the workspace's core, or to one that lives in this process.

use std::path::Path;
use std::sync::Arc;

use crate::config::settings::ProgramSettings;
use crate::domain::problem::{Problem, ProblemKind};
use crate::tui::{self, GlyphSet, Options, ThemeName};

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
    let options = options(folder)?;
    tui::run(Arc::clone(&context.link), options)
        .await
        .map_err(|error| {
            Problem::new(
                ProblemKind::Internal,
                format!("cannot show the interface: {error}"),
            )
            .hint("it needs a terminal; every command works without one: signalsmith --help")
        })?;
    Ok(())
}

/// The environment's options under the workspace's settings.
fn options(folder: &Path) -> Result<Options, Problem> {
    let settings = ProgramSettings::load(folder)?.interface;
    let mut options = Options::of_environment(|name| std::env::var(name).ok());
    if let Some(word) = &settings.theme {
        options.theme = ThemeName::parse(word).ok_or_else(|| {
            let words: Vec<&str> = ThemeName::ALL.iter().map(|theme| theme.word()).collect();
            Problem::new(
                ProblemKind::Config,
                format!("config.toml: there is no theme '{word}'"),
            )
            .hint(format!("the themes are {}", words.join(", ")))
        })?;
    }
    match settings.ascii {
        Some(true) => options.glyphs = GlyphSet::Ascii,
        Some(false) => options.glyphs = GlyphSet::Unicode,
        None => {}
    }
    options.mouse = settings.mouse;
    options.keys = settings.keys;
    if let Some(log_folder) = settings.log_folder {
        options.log_folder = log_folder;
    }
    options.session_path = Some(folder.join("session.json"));
    Ok(options)
}
