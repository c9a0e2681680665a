//! The modes in words: what each does at a destination, and what an object cannot do and why.

use crate::domain::destination::{Capabilities, Deletion};
use crate::domain::mode::Mode;

/// What a mode does at a destination, in two or three sentences that stand under one another.
pub(crate) fn lines(mode: Mode, destination: &str, deletion: Option<Deletion>) -> Vec<String> {
    match mode {
        Mode::Upsert => vec![
            "creates new records, updates changed ones. Never deletes.".to_owned(),
            format!("Safest, most common. What leaves the model stays in {destination}."),
        ],
        Mode::Mirror => {
            let mut lines = vec![
                format!("as upsert, and deletes from {destination} what leaves the model."),
                "Only records that this sync sent. First run deletes nothing.".to_owned(),
            ];
            lines.extend(deletion.and_then(deleted).map(str::to_owned));
            lines
        }
        Mode::Append => {
            vec!["adds each key once. Never updates, never deletes. For events.".to_owned()]
        }
        Mode::Update => vec![
            "updates records that are there. Never creates, never deletes.".to_owned(),
            "A row without a record there is rejected as unmatched.".to_owned(),
        ],
        Mode::Insert => {
            vec!["creates records that are not there. Never updates, never deletes.".to_owned()]
        }
    }
}

/// What deletion means there.
fn deleted(deletion: Deletion) -> Option<&'static str> {
    match deletion {
        Deletion::None => None,
        Deletion::Gone => Some("Deleted records are gone."),
        Deletion::RecycleBin => Some("Deleted records go to the recycle bin."),
        Deletion::Archive => Some("Deleted records are archived."),
        Deletion::Told => Some("The receiver is told of deletes, and does what it does."),
    }
}

/// Why a mode cannot be chosen for an object; nothing where it can.
pub(crate) fn refused(mode: Mode, capabilities: &Capabilities) -> Option<&str> {
    if capabilities.modes.contains(&mode) {
        return None;
    }
    let known = capabilities.refused_modes.iter();
    let mut known = known.filter(|(refused, _)| *refused == mode);
    let why = known.next().map(|(_, why)| why.as_str());
    Some(why.unwrap_or("this object does not support it"))
}
