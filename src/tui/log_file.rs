//! Saves a run's log, or the lines of it with some text, to a file, page by page.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use crate::domain::command::{Command, LogPlace, PlacedLine, Reply};
use crate::domain::event::LogLine;
use crate::domain::id::RunId;
use crate::link::Link;
use crate::safe_text::safe;

use super::requests::misfit;

/// Lines that are asked for at once.
const PAGE: u32 = 5_000;

/// A log that is to be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedLog {
    /// The file's name.
    pub name: String,
    /// The run.
    pub run: RunId,
    /// Only lines with this text, whatever the case.
    pub text: Option<String>,
}

/// Writes a log to a file that was not there before, for its owner alone; gives the path, or why not.
pub(crate) async fn save(
    link: Arc<dyn Link>,
    folder: PathBuf,
    log: SavedLog,
) -> Result<PathBuf, String> {
    let path = folder.join(&log.name);
    let cannot = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .map_err(|error| cannot(&error))?;
    let mut from = 0;
    loop {
        let command = Command::LogPage {
            run: log.run.clone(),
            from: LogPlace::After(from),
            limit: PAGE,
            text: log.text.clone(),
        };
        let page = match link.send(command).await {
            Ok(Reply::LogPage(page)) => page,
            Ok(_) => return Err(cannot(&misfit().text)),
            Err(problem) => return Err(cannot(&problem.text)),
        };
        let moved = page.end > from;
        from = page.end;
        let write = move || write(&mut file, &page.lines).map(|()| file);
        file = tokio::task::spawn_blocking(write)
            .await
            .map_err(|error| cannot(&error))?
            .map_err(|error| cannot(&error))?;
        if !moved {
            return Ok(path);
        }
    }
}

fn write(file: &mut File, lines: &[PlacedLine]) -> std::io::Result<()> {
    let text: String = lines.iter().map(|line| as_text(&line.line)).collect();
    file.write_all(text.as_bytes())
}

/// A line as it stands in a saved file; nothing in it moves a cursor.
fn as_text(line: &LogLine) -> String {
    let at = line.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    format!("{at} {} {}\n", safe(&line.word), safe(&line.text))
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use tokio::sync::{broadcast, watch};

    use super::*;
    use crate::domain::command::LogPage;
    use crate::domain::event::Event;
    use crate::domain::problem::Problem;
    use crate::link::{Connection, WorkspaceView};

    /// A core whose log has so many lines, each in one byte of its file.
    struct Lines(u64);

    #[async_trait]
    impl Link for Lines {
        async fn send(&self, command: Command) -> Result<Reply, Problem> {
            let Command::LogPage {
                from: LogPlace::After(from),
                limit,
                text: None,
                ..
            } = command
            else {
                return Ok(Reply::Done);
            };
            let end = (from + u64::from(limit)).min(self.0);
            let line = |place| PlacedLine {
                place,
                line: LogLine {
                    at: chrono::DateTime::UNIX_EPOCH,
                    word: "writing".into(),
                    text: format!("line {place}\u{1b}[2J"),
                },
            };
            Ok(Reply::LogPage(LogPage {
                start: from,
                end,
                size: self.0,
                lines: (from..end).map(line).collect(),
            }))
        }

        fn view(&self) -> watch::Receiver<Arc<WorkspaceView>> {
            watch::channel(Arc::default()).1
        }

        fn events(&self) -> broadcast::Receiver<Event> {
            broadcast::channel(1).1
        }

        fn connection(&self) -> watch::Receiver<Connection> {
            watch::channel(Connection::Local).1
        }
    }

    #[tokio::test]
    async fn a_log_of_many_pages_is_saved_whole_and_harmless_and_never_over_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let log = SavedLog {
            name: "run.log".into(),
            run: RunId::from_bits(1),
            text: None,
        };
        let to = || folder.path().to_owned();
        let path = save(Arc::new(Lines(12_345)), to(), log.clone())
            .await
            .unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        assert_eq!(text.lines().count(), 12_345);
        assert!(text.lines().last().unwrap().contains("line 12344"));
        assert!(!text.contains('\u{1b}'));
        let refused = save(Arc::new(Lines(1)), to(), log).await.unwrap_err();
        assert!(refused.contains("run.log"), "{refused}");
    }
}
