//! `secret set`: keeps a secret encrypted in the workspace.

use std::io::{IsTerminal as _, Read as _, Write as _};

use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers, read};
use crossterm::terminal;

use crate::domain::command::Command;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::secret::SecretText;

use super::args::SecretAction;
use super::context::Context;
use super::output::say;

/// The longest secret, in bytes.
const MAX_BYTES: u64 = 64 << 10;

/// Keeps a secret.
pub(super) async fn secret(context: &Context, action: SecretAction) -> Result<u8, Problem> {
    let SecretAction::Set { connection, key } = action;
    let secret = if std::io::stdin().is_terminal() {
        typed(&key)?
    } else {
        piped()?
    };
    if secret.expose().is_empty() {
        return Err(Problem::new(
            ProblemKind::Usage,
            "the secret is empty; nothing was kept",
        ));
    }
    let command = Command::SetSecret {
        connection: connection.clone(),
        key: key.clone(),
        secret,
    };
    context.ask(command).await?;
    say(format!(
        "the secret {key} of {connection} is kept, encrypted"
    ));
    Ok(0)
}

fn piped() -> Result<SecretText, Problem> {
    let mut text = String::new();
    std::io::stdin()
        .take(MAX_BYTES)
        .read_to_string(&mut text)
        .map_err(|error| unread(&error))?;
    let end = text.trim_end_matches(['\n', '\r']).len();
    text.truncate(end);
    Ok(SecretText::new(text))
}

/// Lets a person type without showing it.
fn typed(key: &str) -> Result<SecretText, Problem> {
    let mut err = std::io::stderr();
    let _ = write!(err, "{}: ", crate::safe_text::safe(key));
    let _ = err.flush();
    terminal::enable_raw_mode().map_err(|error| unread(&error))?;
    let result = keys();
    let _ = terminal::disable_raw_mode();
    let _ = writeln!(err);
    result
}

fn keys() -> Result<SecretText, Problem> {
    let mut text = String::new();
    loop {
        let Event::Key(key) = read().map_err(|error| unread(&error))? else {
            continue;
        };
        if key.kind == KeyEventKind::Release {
            continue;
        }
        match key.code {
            KeyCode::Enter => return Ok(SecretText::new(text)),
            KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                return Err(Problem::new(ProblemKind::Usage, "nothing was kept"));
            }
            KeyCode::Backspace => {
                text.pop();
            }
            KeyCode::Char(character) => text.push(character),
            _ => {}
        }
    }
}

fn unread(error: &std::io::Error) -> Problem {
    Problem::new(
        ProblemKind::Usage,
        format!("cannot read the secret: {error}"),
    )
}
