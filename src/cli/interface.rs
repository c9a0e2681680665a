//! The interface: joined to the workspace's core, or to one that lives in this process.

use std::panic::AssertUnwindSafe;
use std::path::Path;

use futures_util::FutureExt as _;

use crate::config::settings::ProgramSettings;
use crate::domain::command::{Command, Reply};
use crate::domain::id::RunId;
use crate::domain::problem::{Problem, ProblemKind};
use crate::tui::{self, GlyphSet, Leave, Opening, Options, ThemeName, stop_here};

use super::context::{Context, no_such, unexpected};
use super::output::{remark, say};
use super::{headless, planted, successor};

/// Opens the interface over a workspace until it is left, and does with the core in this process what
/// the person wants.
pub(super) async fn open(folder: &Path, target: Option<&str>) -> Result<u8, Problem> {
    let mut context = Context::open(folder, true).await?;
    let mut opening = match target {
        Some(target) => match found(&context, target).await {
            Ok(opening) => Some(opening),
            Err(problem) => {
                context.close();
                return Err(problem);
            }
        },
        None => None,
    };
    loop {
        let shown = show(&context, folder, context.is_host(), opening.take());
        let left = AssertUnwindSafe(shown).catch_unwind().await;
        match left {
            Ok(Ok(Leave::KeepRunning)) => return leave_running(context, folder).await,
            Ok(Ok(Leave::Suspend)) => {
                hand_over(context, folder).await?;
                stop_here().map_err(|error| cannot_show(&error))?;
                context = Context::open(folder, true).await?;
            }
            Ok(Ok(Leave::Hangup)) if context.is_host() => {
                headless::let_go_of_terminal();
                return go_on_headless(context).await;
            }
            Err(_) if context.is_host() => {
                remark(format!(
                    "the interface broke off; its core goes on in this process, {}: `signalsmith` elsewhere shows it, ctrl-c or `signalsmith stop` stops it",
                    std::process::id()
                ));
                headless::let_go_of_terminal();
                return go_on_headless(context).await;
            }
            Ok(result) => {
                if matches!(result, Ok(Leave::StopRuns)) {
                    remark("stopping the runs: batches in flight are awaited");
                }
                context.close();
                return result.map(|_| 0);
            }
            Err(_) => {
                let text = "the interface broke off";
                return Err(Problem::new(ProblemKind::Internal, text).hint(
                    "the core is another process's and goes on: signalsmith shows it again",
                ));
            }
        }
    }
}

/// What is meant by a run's id or a sync, so that it is missed before the screen is taken.
async fn found(context: &Context, target: &str) -> Result<Opening, Problem> {
    if let Ok(run) = RunId::parse(target) {
        return match context.ask(Command::ShowRun { run }).await? {
            Reply::Run(run) => Ok(Opening::Run(run)),
            other => Err(unexpected(&other)),
        };
    }
    let view = context.view();
    let mut syncs = view.syncs.iter();
    let sync = syncs.find(|sync| sync.id().as_str() == target || sync.name() == target);
    match sync {
        Some(sync) => Ok(Opening::Sync(sync.id().clone())),
        None => {
            let names = view.syncs.iter().map(|sync| sync.name());
            Err(no_such("sync", target, names))
        }
    }
}

/// Keeps the core of this process when its terminal is gone or its interface broke off.
async fn go_on_headless(context: Context) -> Result<u8, Problem> {
    let signals = headless::Signals::listen()?;
    signals.stay().await;
    context.close();
    Ok(0)
}

async fn leave_running(context: Context, folder: &Path) -> Result<u8, Problem> {
    if let Some(process) = hand_over(context, folder).await? {
        say(format!(
            "runs go on in process {process}: `signalsmith` shows them, `signalsmith stop` stops it"
        ));
    }
    Ok(0)
}

async fn hand_over(context: Context, folder: &Path) -> Result<Option<u32>, Problem> {
    remark("handing over what is under way: batches in flight are awaited");
    successor::hand_over(context, folder).await
}

/// Shows the interface until the person leaves; `leave_running` offers to leave runs under way.
pub(super) async fn show(
    context: &Context,
    folder: &Path,
    leave_running: bool,
    opening: Option<Opening>,
) -> Result<Leave, Problem> {
    let mut options = options(folder)?;
    options.leave_running = leave_running;
    options.opening = opening;
    let shown = tui::run(planted::link(&context.link), options).await;
    shown.map_err(|error| cannot_show(&error))
}

fn cannot_show(error: &dyn std::fmt::Display) -> Problem {
    let text = format!("cannot show the interface: {error}");
    Problem::new(ProblemKind::Internal, text)
        .hint("it needs a terminal; every command works without one: signalsmith --help")
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
