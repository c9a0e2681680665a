//! The command line: parse, ask the core, print. One file per subcommand.

mod actions;
mod apply;
mod approve;
mod args;
mod context;
mod control;
mod demo;
mod headless;
mod history;
mod init;
mod interface;
mod list;
mod logs;
mod object;
mod output;
mod plan;
mod planted;
mod preview;
mod progress;
mod rows;
mod run;
mod schedule;
mod secret;
mod serve;
mod show;
mod status;
mod stop;
mod successor;
mod test;
mod transforms;
mod undo;
mod visitors;

use std::future::Future;
use std::path::Path;

use clap::Parser as _;

use crate::domain::problem::{Problem, ProblemKind};
use args::{Arguments, CommandLine};
use context::Context;

/// Runs the command line and gives the exit code: 0 done, 1 failed, 2 usage, 3 completed with
/// errors, 4 waiting for approval or deletes held, 5 stopped by a guard.
pub fn run() -> u8 {
    // Nothing that this process makes is open to others.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = u8::from(error.use_stderr()) * 2;
            let _ = error.print();
            return code;
        }
    };
    match dispatch(arguments) {
        Ok(code) => code,
        Err(problem) => {
            output::complain(&problem);
            problem.exit_code()
        }
    }
}

fn dispatch(arguments: Arguments) -> Result<u8, Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Problem::new(ProblemKind::Internal, format!("cannot start: {error}")))?;
    let dir = arguments.dir.as_deref();
    runtime.block_on(async {
        let Some(command) = arguments.command else {
            return interface::open(&context::folder(dir)?, None).await;
        };
        match command {
            CommandLine::Demo { headless, seed } => demo::demo(dir, headless, seed).await,
            CommandLine::Init { name, timezone } => {
                init::init(&context::folder(dir)?, name, &timezone).await
            }
            CommandLine::Serve { take_over } => {
                serve::serve(&context::folder(dir)?, take_over).await
            }
            CommandLine::Open { target } => {
                interface::open(&context::folder(dir)?, Some(&target)).await
            }
            CommandLine::Stop => stop::stop(&context::folder(dir)?).await,
            CommandLine::Schedule { action } => schedule::next(action),
            CommandLine::Transforms { name, json } => transforms::transforms(name.as_deref(), json),
            command => with_core(dir, command).await,
        }
    })
}

async fn with_core(dir: Option<&Path>, command: CommandLine) -> Result<u8, Problem> {
    let folder = context::folder(dir)?;
    let context = Context::open(&folder, false).await?;
    let result = tokio::select! {
        biased;
        problem = headless::told_to_end() => Err(problem),
        result = answer(&context, command) => {
            context.see_off().await;
            result
        }
    };
    context.close();
    result
}

async fn answer(context: &Context, command: CommandLine) -> Result<u8, Problem> {
    match command {
        CommandLine::Check { file, json } => apply::check(context, &file, json).await,
        CommandLine::Status { action, json } => match action {
            Some(action) => status::set_aside(context, action).await,
            None => status::status(context, json),
        },
        CommandLine::List {
            kind,
            sync,
            limit,
            json,
        } => list::list(context, kind, sync, limit, json).await,
        CommandLine::Show { kind, name, json } => show::show(context, kind, &name, json).await,
        CommandLine::Apply {
            file,
            prune,
            dry_run,
            yes,
            confirm,
            json,
        } => {
            let wish = apply::Wish {
                prune,
                dry_run,
                yes,
                confirm,
                json,
            };
            apply::apply(context, &file, wish).await
        }
        CommandLine::Export { sync } => apply::export(context, sync).await,
        CommandLine::Plan {
            sync,
            limit,
            all,
            json,
        } => plan::plan(context, &sync, limit, all, json).await,
        CommandLine::Run(arguments) => run::run(context, arguments).await,
        CommandLine::Approve { target, plan, json } => {
            approve::approve(context, &target, plan, json).await
        }
        CommandLine::Reject { target } => control::reject(context, target).await,
        CommandLine::Cancel { target } => control::cancel(context, target).await,
        CommandLine::Retry {
            run,
            cause,
            key,
            json,
        } => run::retry(context, &run, cause, key, json).await,
        CommandLine::Undo { run, plan, json } => undo::undo(context, &run, plan, json).await,
        CommandLine::Pause { sync } => control::pause(context, sync).await,
        CommandLine::Resume { sync } => control::resume(context, sync).await,
        CommandLine::Forget {
            sync,
            put_back: true,
            ..
        } => control::put_back(context, sync).await,
        CommandLine::Forget { sync, confirm, .. } => control::forget(context, sync, confirm).await,
        CommandLine::Logs {
            target,
            follow,
            json,
        } => logs::logs(context, &target, follow, json).await,
        CommandLine::Rows {
            target,
            verdict,
            cause,
            key,
            ignore,
            heed,
            field,
            unmask,
            json,
        } => match (ignore, heed) {
            (Some(code), _) => rows::ignore(context, &target, (verdict, code, field), true).await,
            (None, Some(code)) => {
                rows::ignore(context, &target, (verdict, code, field), false).await
            }
            (None, None) => {
                let filter = rows::filter(verdict, cause, field, key, unmask);
                rows::rows(context, &target, filter, json).await
            }
        },
        CommandLine::History {
            key,
            sync,
            unmask,
            json,
        } => history::history(context, key, sync, unmask, json).await,
        CommandLine::Preview { model, limit, json } => {
            preview::preview(context, model, limit, json).await
        }
        CommandLine::Test { connection, json } => test::test(context, connection, json).await,
        CommandLine::Secret { action } => secret::secret(context, action).await,
        CommandLine::Object { action } => object::object(context, action).await,
        CommandLine::Demo { .. }
        | CommandLine::Init { .. }
        | CommandLine::Schedule { .. }
        | CommandLine::Open { .. }
        | CommandLine::Serve { .. }
        | CommandLine::Stop
        | CommandLine::Transforms { .. } => Err(Problem::new(
            ProblemKind::Internal,
            "this command needs no core",
        )),
    }
}

/// Ends a long wait where the person presses ctrl-c: gives nothing then.
async fn or_interrupt<T>(work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        _ = tokio::signal::ctrl_c() => None,
    }
}
