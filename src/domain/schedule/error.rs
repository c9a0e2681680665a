//! What can be wrong with a schedule, said so that a person can put it right.

use crate::domain::problem::{Problem, ProblemKind};
use std::fmt;

/// The longest piece of a person's text that an error repeats, in characters.
const SHOWN_CHARS: usize = 40;

/// A piece of a person's text, quoted and cut to a length that fits a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quoted(String);

impl Quoted {
    /// Takes at most 40 characters of `text`.
    pub fn new(text: &str) -> Self {
        let mut shown: String = text.chars().take(SHOWN_CHARS).collect();
        if text.chars().nth(SHOWN_CHARS).is_some() {
            shown.push('…');
        }
        Self(shown)
    }
}

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0)
    }
}

/// Why a schedule cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Nothing was written.
    #[error("the schedule is empty")]
    Empty,
    /// The text is longer than any schedule.
    #[error("the schedule has more than {max} characters")]
    TooLong {
        /// The most that is read.
        max: usize,
    },
    /// Neither five nor six fields.
    #[error(
        "a cron expression has five fields (minute, hour, day of month, month, day of week) or six with seconds first, not {found}"
    )]
    FieldCount {
        /// How many there are.
        found: usize,
    },
    /// One field cannot be read.
    #[error("{field}: {found} {fault}; allowed: {allowed}")]
    Field {
        /// The field's name.
        field: &'static str,
        /// The part of the field at fault.
        found: Quoted,
        /// What is wrong with it.
        fault: String,
        /// What the field takes.
        allowed: &'static str,
        /// What was probably meant.
        suggestion: Option<String>,
    },
    /// An `@name` that does not exist.
    #[error(
        "there is no schedule {found}; allowed: @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually"
    )]
    Name {
        /// What was written.
        found: Quoted,
        /// What was probably meant.
        suggestion: Option<String>,
    },
    /// Words that are not understood.
    #[error("{found} is not understood in a schedule")]
    Words {
        /// The first word at fault.
        found: Quoted,
        /// What was probably meant.
        suggestion: Option<String>,
    },
    /// Words that lack the time of day.
    #[error("the schedule names days but no time")]
    NoTime,
    /// A time of day that cannot be read.
    #[error("{found} is not a time of day")]
    Time {
        /// What was written.
        found: Quoted,
    },
    /// Times with different minutes, which one cron expression cannot hold.
    #[error("the times of one schedule must share their minutes")]
    MixedMinutes,
    /// `every n minutes` or `hours` where n does not divide the hour or the day.
    #[error(
        "every {step} {unit} does not come out even in {whole}, so that wall-clock times would jump"
    )]
    Uneven {
        /// The step.
        step: u32,
        /// `minutes` or `hours`.
        unit: &'static str,
        /// `an hour` or `a day`.
        whole: &'static str,
    },
    /// No slot within five years.
    #[error("{expression} never comes: no such day within five years")]
    Impossible {
        /// What was written.
        expression: Quoted,
    },
    /// Not an IANA time zone.
    #[error("there is no time zone {found}")]
    Zone {
        /// What was written.
        found: Quoted,
        /// What was probably meant.
        suggestion: Option<String>,
    },
    /// An interval of no minutes.
    #[error("an interval is at least 1 minute")]
    NoInterval,
    /// Runs after other syncs, but names none.
    #[error("a schedule of type after names at least one sync")]
    NoSyncs,
    /// Names one sync twice.
    #[error("a schedule of type after names {sync} twice")]
    SyncTwice {
        /// The sync.
        sync: Quoted,
    },
}

impl From<ScheduleError> for Problem {
    fn from(error: ScheduleError) -> Self {
        Self::new(ProblemKind::Config, error.to_string()).hint(error.hint())
    }
}

impl ScheduleError {
    /// What to do now.
    pub fn hint(&self) -> String {
        let suggestion = match self {
            Self::Field { suggestion, .. }
            | Self::Name { suggestion, .. }
            | Self::Words { suggestion, .. }
            | Self::Zone { suggestion, .. } => suggestion.as_deref(),
            _ => None,
        };
        if let Some(meant) = suggestion {
            return format!("did you mean `{meant}`?");
        }
        match self {
            Self::Zone { .. } => "use an IANA name such as Europe/Berlin or UTC".to_owned(),
            Self::NoTime | Self::Time { .. } => {
                "write the time as 9:00, 09:00 or 9:00pm".to_owned()
            }
            Self::MixedMinutes => "write 9:00,17:00, or two syncs".to_owned(),
            Self::Uneven { step, unit, .. } => {
                format!("use an interval of {step} {unit}, which counts elapsed time")
            }
            Self::Impossible { .. } => "choose a day that exists in its month".to_owned(),
            Self::NoInterval => "offered are 15, 30, 60, 360, 720 and 1440 minutes".to_owned(),
            Self::NoSyncs | Self::SyncTwice { .. } => "name each sync once".to_owned(),
            _ => {
                "examples: `0 9 * * 1-5`, `@hourly`, `weekdays 9:00`, `mon,thu 7:30`, `daily 06:15`"
                    .to_owned()
            }
        }
    }
}

/// Finds the candidate that a mistyped word was probably meant to be: at most two slips away.
pub(super) fn closest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // A longer word is no slip of anything here, and the comparison is quadratic.
    if word.len() > SHOWN_CHARS {
        return None;
    }
    let word = word.to_lowercase();
    let slips = if word.chars().count() <= 3 { 1 } else { 2 };
    candidates
        .into_iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&word, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, _)| *distance <= slips)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
