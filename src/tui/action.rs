//! The action table: one record for each thing that a person can do, from which keymap, footer,
//! help and palette are made. What all screens share stands here; what one screen adds stands in
//! its own folder.

use super::screens::syncs::Act as SyncsAct;
use super::screens::{self, PageAct};

/// Something that a person can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    Run,
    RunMenu,
    TogglePause,
    Cancel,
    Held,
    /// What a run of the selected sync would do.
    Plan,
    /// What was written for a key.
    History,
    Enter,
    Back,
    Find,
    Filter,
    Order,
    Mark,
    MarkAll,
    PreviousTab,
    NextTab,
    NextPane,
    PreviousPane,
    ToggleLog,
    LogFollow,
    LogWrap,
    LogNextHit,
    LogPreviousHit,
    LogSave,
    Up,
    Down,
    Left,
    Right,
    First,
    Last,
    HalfUp,
    HalfDown,
    Copy,
    CopyCommand,
    Save,
    Preview,
    OpenEditor,
    Palette,
    Help,
    /// Goes to the screen with this number.
    Go(u8),
    ToggleMouse,
    Redraw,
    Suspend,
    Quit,
    /// What only one screen has.
    Page(PageAct),
}

/// Where an action is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    /// On the Syncs screen, in each of its panes.
    Syncs,
    /// In the log pane.
    Log,
    /// On the pane of some screen that has this title.
    Page(&'static str),
    /// On every screen.
    Everywhere,
}

impl Scope {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Syncs => "Syncs",
            Self::Log => "Run log",
            Self::Page(title) => title,
            Self::Everywhere => "Everywhere",
        }
    }
}

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Entry {
    pub action: Action,
    /// The name by which the configuration remaps it.
    pub name: &'static str,
    /// Its keys by default; chords of a sequence are set apart by a blank.
    pub keys: &'static [&'static str],
    /// What it does, for help and palette.
    pub title: &'static str,
    /// What it does in a word, for the footer; empty where the footer leaves it out.
    pub short: &'static str,
    pub scope: Scope,
    /// Whether it stays in the footer of the smallest layout.
    pub vital: bool,
    /// Whether its keys are heard in a text field too, which owns all others.
    pub in_text: bool,
}

/// One line of the table.
pub(crate) const fn entry(
    action: Action,
    name: &'static str,
    keys: &'static [&'static str],
    title: &'static str,
    short: &'static str,
    scope: Scope,
) -> Entry {
    Entry {
        action,
        name,
        keys,
        title,
        short,
        scope,
        vital: false,
        in_text: false,
    }
}

/// Keeps the entry in the footer of the smallest layout.
pub(crate) const fn vital(mut entry: Entry) -> Entry {
    entry.vital = true;
    entry
}

/// Lets the entry's keys be heard in text fields, where they print nothing.
pub(crate) const fn in_text(mut entry: Entry) -> Entry {
    entry.in_text = true;
    entry
}

use Action as A;
use Scope::{Everywhere, Log, Syncs};

const fn syncs(act: SyncsAct) -> Action {
    Action::Page(PageAct::Syncs(act))
}

/// What all screens share and what Syncs has, in the order of footer and help.
#[rustfmt::skip] // It is read as a table.
static TABLE: &[Entry] = &[
    entry(A::LogFollow, "log_follow", &["G", "end"], "Follow the newest line", "follow", Log),
    entry(A::LogNextHit, "log_next_hit", &["n"], "Next hit of the search", "next hit", Log),
    entry(A::LogPreviousHit, "log_previous_hit", &["N"], "Previous hit of the search", "", Log),
    entry(A::LogWrap, "log_wrap", &["w"], "Wrap long lines, or cut them", "wrap", Log),
    entry(A::LogSave, "log_save", &["s"], "Save the lines shown to a file", "save", Log),
    vital(entry(A::Enter, "enter", &["enter"], "Open what is selected", "open", Everywhere)),
    vital(in_text(entry(A::Back, "back", &["esc"], "One step out", "back", Everywhere))),
    vital(entry(A::Run, "run", &["r"], "Run now", "run", Syncs)),
    entry(A::Plan, "plan", &["p"], "See what a run would do, entry by entry", "plan", Syncs),
    vital(entry(A::TogglePause, "pause", &["P"], "Pause the schedule, or resume it", "pause", Syncs)),
    vital(entry(A::Cancel, "cancel", &["c"], "Cancel the run", "cancel", Syncs)),
    vital(entry(A::Held, "held", &["A"], "See and approve what waits", "approve", Syncs)),
    entry(syncs(SyncsAct::Mapping), "sync_mapping", &["m"], "Edit the mapping", "mapping", Syncs),
    entry(syncs(SyncsAct::Edit), "sync_edit", &["e"], "Edit the settings: name, object, mode, guards, tags", "edit", Syncs),
    entry(syncs(SyncsAct::Schedule), "sync_schedule", &["s"], "Edit the schedule", "schedule", Syncs),
    entry(syncs(SyncsAct::New), "sync_new", &["n"], "Make a sync", "new", Syncs),
    entry(A::RunMenu, "run_menu", &["R"], "Run in another way: try, full, from now", "run…", Syncs),
    entry(syncs(SyncsAct::Clone), "sync_clone", &["N"], "Make a sync like this one", "", Syncs),
    entry(syncs(SyncsAct::Delete), "sync_delete", &["D"], "Delete the sync", "", Syncs),
    entry(syncs(SyncsAct::PutBack), "sync_put_back", &[], "Put back an earlier state", "", Syncs),
    entry(A::Find, "find", &["/"], "Find by name, or text in the log", "find", Everywhere),
    entry(A::Filter, "filter", &["f"], "Show only what matches", "filter", Everywhere),
    entry(A::Order, "order", &["o"], "Order by something else", "order", Everywhere),
    entry(A::Mark, "mark", &["space"], "Mark, to act on several at once", "", Everywhere),
    entry(A::MarkAll, "mark_all", &["*"], "Mark all that are shown, or none", "", Everywhere),
    entry(A::ToggleLog, "log", &["L"], "Show or hide the run log", "log", Syncs),
    entry(A::PreviousTab, "previous_tab", &["<"], "Previous tab", "", Everywhere),
    entry(A::NextTab, "next_tab", &[">"], "Next tab", "next tab", Everywhere),
    in_text(entry(A::NextPane, "next_pane", &["tab"], "Next pane", "", Everywhere)),
    in_text(entry(A::PreviousPane, "previous_pane", &["shift-tab"], "Previous pane", "", Everywhere)),
    entry(A::Up, "up", &["up", "k"], "Up", "", Everywhere),
    entry(A::Down, "down", &["down", "j"], "Down", "", Everywhere),
    entry(A::Left, "left", &["left", "h"], "To the list, or back along long lines", "", Everywhere),
    entry(A::Right, "right", &["right", "l"], "To the detail, or along long lines", "", Everywhere),
    entry(A::First, "first", &["g g", "home"], "To the first", "", Everywhere),
    entry(A::Last, "last", &["G", "end"], "To the last", "", Everywhere),
    entry(A::HalfUp, "half_page_up", &["ctrl-u", "pageup"], "Half a page up", "", Everywhere),
    entry(A::HalfDown, "half_page_down", &["ctrl-d", "pagedown"], "Half a page down", "", Everywhere),
    entry(A::Copy, "copy", &["y"], "Copy what is focused", "", Everywhere),
    entry(A::CopyCommand, "copy_command", &["Y"], "Copy as a command line", "", Everywhere),
    vital(in_text(entry(A::Save, "save", &["ctrl-s"], "Save what is being edited", "save", Everywhere))),
    in_text(entry(A::Preview, "preview", &["ctrl-t"], "Try what is being edited", "preview", Everywhere)),
    in_text(entry(A::OpenEditor, "editor", &["ctrl-o"], "Edit the text in $EDITOR", "$EDITOR", Everywhere)),
    entry(A::Go(1), "screen_1", &["1"], "Screen: Overview", "", Everywhere),
    entry(A::Go(2), "screen_2", &["2"], "Screen: Syncs", "", Everywhere),
    entry(A::Go(3), "screen_3", &["3"], "Screen: Runs", "", Everywhere),
    entry(A::Go(4), "screen_4", &["4"], "Screen: Models", "", Everywhere),
    entry(A::Go(5), "screen_5", &["5"], "Screen: Sources", "", Everywhere),
    entry(A::Go(6), "screen_6", &["6"], "Screen: Destinations", "", Everywhere),
    entry(A::Go(7), "screen_7", &["7"], "Screen: Audit", "", Everywhere),
    entry(A::History, "history", &["H"], "History of a key over all syncs", "", Everywhere),
    entry(A::ToggleMouse, "mouse", &[], "Turn the mouse on or off", "", Everywhere),
    entry(A::Redraw, "redraw", &["ctrl-l"], "Redraw the screen", "", Everywhere),
    in_text(entry(A::Suspend, "suspend", &["ctrl-z"], "Back to the shell; `fg` returns", "", Everywhere)),
    entry(A::Palette, "palette", &[":", "ctrl-p"], "All commands, and syncs by name", "command", Everywhere),
    in_text(entry(A::Help, "help", &["?", "f1"], "Keys and words", "help", Everywhere)),
    entry(A::Quit, "quit", &["q", "ctrl-c"], "Leave", "leave", Everywhere),
];

/// Every entry: those of the screens' own actions, then what all share.
pub(crate) fn all() -> impl Iterator<Item = &'static Entry> {
    screens::ACTIONS
        .iter()
        .flat_map(|entries| entries.iter())
        .chain(TABLE)
        // A number without a screen is no key.
        .filter(|entry| match entry.action {
            Action::Go(number) => screens::tab(number).is_some(),
            _ => true,
        })
}

/// The record of `action`.
pub(crate) fn of(action: Action) -> Option<&'static Entry> {
    all().find(|entry| entry.action == action)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_every_action_has_one_line() {
        let names: HashSet<_> = all().map(|entry| entry.name).collect();
        let actions: HashSet<_> = all().map(|entry| entry.action).collect();
        assert_eq!(names.len(), all().count());
        assert_eq!(actions.len(), all().count());
    }

    #[test]
    fn no_key_of_one_scope_does_two_things() {
        let mut seen = HashSet::new();
        for entry in all() {
            for key in entry.keys {
                assert!(seen.insert((entry.scope, *key)), "{key} twice");
            }
        }
    }
}
