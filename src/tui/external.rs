//! The person's own editor: a text goes out into a file of its own and comes back.

use std::io::{Read as _, Write as _};
use std::process::{Child, Command};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, kill_current_process_group, waitpid};

/// The longest text that comes back, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// Lets the person edit `text` in `$VISUAL`, `$EDITOR` or `vi`, in a file whose name ends in
/// `suffix` and that only they can read. Waits until the editor is left.
///
/// # Errors
/// What went wrong, in words.
pub(crate) fn edit(suffix: &str, text: &str) -> Result<String, String> {
    let set = |name: &str| {
        std::env::var(name)
            .ok()
            .filter(|value| !value.trim().is_empty())
    };
    let editor = set("VISUAL").or_else(|| set("EDITOR"));
    with_editor(editor.as_deref().unwrap_or("vi"), suffix, text)
}

fn with_editor(editor: &str, suffix: &str, text: &str) -> Result<String, String> {
    let mut file = tempfile::Builder::new()
        .prefix("signalsmith-")
        .suffix(&format!(".{suffix}"))
        .tempfile()
        .map_err(|error| format!("could not make a file to edit: {error}"))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.flush())
        .map_err(|error| format!("could not write the file to edit: {error}"))?;
    // The variable may hold a program with its options, as `code --wait`.
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or("vi");
    let child = Command::new(program)
        .args(words)
        .arg(file.path())
        .spawn()
        .map_err(|error| format!("could not start {program}: {error}; set EDITOR"))?;
    if !await_end(&child).map_err(|error| format!("could not wait for {program}: {error}"))? {
        return Err(format!("{program} failed; the text is as it was"));
    }
    let mut edited = String::new();
    // Editors often put a new file in the place of the old one.
    std::fs::File::open(file.path())
        .and_then(|new| new.take(MAX_BYTES + 1).read_to_string(&mut edited))
        .map_err(|error| format!("could not read the edited text: {error}"))?;
    if edited.len() as u64 > MAX_BYTES {
        return Err("the edited text is longer than 1 MiB".to_owned());
    }
    Ok(edited)
}

/// Waits for the end of the editor and says whether it was a good one. Where a person stops it by
/// ctrl-z, we stop with it, so that their shell gets the terminal.
fn await_end(child: &Child) -> rustix::io::Result<bool> {
    let pid = Pid::from_child(child);
    loop {
        match waitpid(Some(pid), WaitOptions::UNTRACED) {
            Ok(Some((_, status))) if status.stopped() => kill_current_process_group(Signal::STOP)?,
            Ok(Some((_, status))) => return Ok(status.exit_status() == Some(0)),
            Ok(None) | Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_back_as_the_editor_left_it() {
        assert_eq!(with_editor("true", "sql", "select 1").unwrap(), "select 1");
        let edited = with_editor("sed -i s/1/2/", "sql", "select 1").unwrap();
        assert_eq!(edited, "select 2");
    }

    #[test]
    fn an_editor_that_fails_or_is_missing_is_told() {
        assert!(
            with_editor("false", "sql", "x")
                .unwrap_err()
                .contains("as it was")
        );
        let missing = with_editor("/no/such/editor", "sql", "x").unwrap_err();
        assert!(missing.contains("set EDITOR"), "{missing}");
    }
}
