//! Logs of a scripted core: pages of lines that stand in a file of which every line takes 100 bytes.

use signalsmith::domain::command::{Command, LogPage, LogPlace, PlacedLine, Reply};
use signalsmith::domain::event::LogLine;
use signalsmith::domain::problem::Problem;

/// Bytes of a line.
pub const LINE: u64 = 100;

/// What a core answers to a command, where its script gives whole logs.
pub fn answer(
    command: &Command,
    given: Result<Reply, Problem>,
    arrived: &[LogLine],
) -> Result<Reply, Problem> {
    match (command, given) {
        (
            Command::LogPage {
                from, limit, text, ..
            },
            Ok(Reply::Log(mut lines)),
        ) => {
            lines.extend_from_slice(arrived);
            Ok(Reply::LogPage(page(&lines, *from, *limit, text.as_deref())))
        }
        (_, given) => given,
    }
}

/// A page of a log of these lines.
pub fn page(lines: &[LogLine], from: LogPlace, limit: u32, text: Option<&str>) -> LogPage {
    let size = lines.len() as u64 * LINE;
    let line = |place: u64| {
        let line = lines[(place / LINE) as usize].clone();
        (text.is_none_or(|text| line.has(text))).then_some(PlacedLine { place, line })
    };
    let limit = limit as usize;
    let (mut start, mut end, mut found) = match from {
        LogPlace::End => (size, size, Vec::new()),
        LogPlace::Before(byte) => (byte.min(size), byte.min(size), Vec::new()),
        LogPlace::After(byte) => (byte.min(size), byte.min(size), Vec::new()),
    };
    if matches!(from, LogPlace::After(_)) {
        while end < size && found.len() < limit {
            found.extend(line(end));
            end += LINE;
        }
    } else {
        while start > 0 && found.len() < limit {
            start -= LINE;
            found.extend(line(start));
        }
        found.reverse();
    }
    LogPage {
        start,
        end,
        size,
        lines: found,
    }
}
