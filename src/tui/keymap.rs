//! The keymap: which keys do what, by the action table and what a person remapped.

use std::collections::BTreeMap;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::{self, Action, Scope};

/// One press: a key with or without ctrl.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Chord {
    code: KeyCode,
    ctrl: bool,
}

impl Chord {
    /// The chord of a key event; nothing where alt or another modifier is held.
    pub(crate) fn of(key: KeyEvent) -> Option<Self> {
        let allowed = KeyModifiers::CONTROL | KeyModifiers::SHIFT;
        if !allowed.contains(key.modifiers) {
            return None;
        }
        let code = match key.code {
            KeyCode::Tab if key.modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
            KeyCode::Char(c) if key.modifiers.contains(KeyModifiers::CONTROL) => {
                KeyCode::Char(c.to_ascii_lowercase())
            }
            code => code,
        };
        Some(Self {
            code,
            ctrl: key.modifiers.contains(KeyModifiers::CONTROL),
        })
    }

    /// Whether a text field would take it as a letter, or to move within the text.
    pub(crate) fn belongs_to_text(self) -> bool {
        let named = matches!(
            self.code,
            KeyCode::Esc | KeyCode::Tab | KeyCode::BackTab | KeyCode::F(_)
        );
        !self.ctrl && !named
    }

    fn parse(text: &str) -> Option<Self> {
        let (ctrl, name) = match text.strip_prefix("ctrl-") {
            Some(name) if !name.is_empty() => (true, name),
            _ => (false, text),
        };
        let code = match name {
            "space" => KeyCode::Char(' '),
            "enter" => KeyCode::Enter,
            "esc" => KeyCode::Esc,
            "tab" => KeyCode::Tab,
            "shift-tab" => KeyCode::BackTab,
            "up" => KeyCode::Up,
            "down" => KeyCode::Down,
            "left" => KeyCode::Left,
            "right" => KeyCode::Right,
            "home" => KeyCode::Home,
            "end" => KeyCode::End,
            "pageup" => KeyCode::PageUp,
            "pagedown" => KeyCode::PageDown,
            "delete" => KeyCode::Delete,
            "backspace" => KeyCode::Backspace,
            _ => Self::parse_code(name)?,
        };
        Some(Self { code, ctrl })
    }

    fn parse_code(name: &str) -> Option<KeyCode> {
        let mut chars = name.chars();
        match (chars.next(), chars.as_str()) {
            (Some(one), "") => Some(KeyCode::Char(one)),
            (Some('f'), number) => number
                .parse()
                .ok()
                .filter(|number| (1..=12).contains(number))
                .map(KeyCode::F),
            _ => None,
        }
    }
}

/// What a sequence of chords leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resolved {
    Action(Action),
    /// The beginning of a longer sequence.
    Prefix,
    Nothing,
}

#[derive(Debug)]
struct Binding {
    scope: Scope,
    chords: Vec<Chord>,
    label: String,
    action: Action,
}

/// Which keys do what.
#[derive(Debug)]
pub(crate) struct Keymap {
    bindings: Vec<Binding>,
}

impl Keymap {
    /// The table's keys, with those of `remapped` (action name to keys) in place of the defaults.
    /// What cannot be understood comes back as text for the person, and its default stays.
    pub(crate) fn new(remapped: &BTreeMap<String, Vec<String>>) -> (Self, Vec<String>) {
        let mut troubles = Vec::new();
        for name in remapped.keys() {
            if !action::all().any(|entry| entry.name == name) {
                troubles.push(format!("keys: there is no action '{name}'"));
            }
        }
        let mut bindings: Vec<Binding> = Vec::new();
        for entry in action::all() {
            let chosen = remapped.get(entry.name);
            let keys: Vec<&str> = match chosen {
                Some(keys) => keys.iter().map(String::as_str).collect(),
                None => entry.keys.to_vec(),
            };
            for key in keys {
                let chords: Option<Vec<Chord>> = key.split_whitespace().map(Chord::parse).collect();
                let Some(chords) = chords.filter(|chords| !chords.is_empty()) else {
                    troubles.push(format!(
                        "keys: '{key}' for {} is no key; write `x`, `ctrl-x`, `space`, `f2` or `g g`",
                        entry.name
                    ));
                    continue;
                };
                let taken = bindings
                    .iter_mut()
                    .find(|other| other.scope == entry.scope && other.chords == chords);
                match taken {
                    Some(other) if chosen.is_some() => {
                        troubles.push(format!("keys: '{key}' now means {}", entry.name));
                        other.action = entry.action;
                    }
                    Some(_) => {}
                    None => bindings.push(Binding {
                        scope: entry.scope,
                        chords,
                        label: key.split_whitespace().collect(),
                        action: entry.action,
                    }),
                }
            }
        }
        (Self { bindings }, troubles)
    }

    /// What `chords` do where `scopes` hold, the first scope first.
    pub(crate) fn resolve(&self, scopes: &[Scope], chords: &[Chord]) -> Resolved {
        for scope in scopes {
            let here = self.bindings.iter().filter(|b| b.scope == *scope);
            let mut prefix = false;
            for binding in here {
                if binding.chords == chords {
                    return Resolved::Action(binding.action);
                }
                prefix |= binding.chords.starts_with(chords);
            }
            if prefix {
                return Resolved::Prefix;
            }
        }
        Resolved::Nothing
    }

    /// The key of `action` as people write it: `ctrl-u`, `gg`; nothing where it has none.
    pub(crate) fn label(&self, action: Action) -> Option<&str> {
        self.bindings
            .iter()
            .find(|binding| binding.action == action)
            .map(|binding| binding.label.as_str())
    }

    /// The key of `action` that is heard in a text field.
    pub(crate) fn label_in_text(&self, action: Action) -> Option<&str> {
        let mut own = self.bindings.iter().filter(|b| b.action == action);
        own.find(|binding| matches!(binding.chords.as_slice(), [one] if !one.belongs_to_text()))
            .map(|binding| binding.label.as_str())
    }

    /// All keys of `action`.
    pub(crate) fn labels(&self, action: Action) -> String {
        let all: Vec<&str> = self
            .bindings
            .iter()
            .filter(|binding| binding.action == action)
            .map(|binding| binding.label.as_str())
            .collect();
        all.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chord(text: &str) -> Chord {
        Chord::parse(text).unwrap()
    }

    #[test]
    fn a_sequence_is_a_prefix_until_it_is_whole() {
        let (map, troubles) = Keymap::new(&BTreeMap::new());
        assert!(troubles.is_empty());
        let scopes = [Scope::Everywhere];
        assert_eq!(map.resolve(&scopes, &[chord("g")]), Resolved::Prefix);
        assert_eq!(
            map.resolve(&scopes, &[chord("g"), chord("g")]),
            Resolved::Action(Action::First)
        );
        assert_eq!(
            map.resolve(&scopes, &[chord("g"), chord("x")]),
            Resolved::Nothing
        );
    }

    #[test]
    fn the_log_pane_comes_before_everywhere() {
        let (map, _) = Keymap::new(&BTreeMap::new());
        let scopes = [Scope::Log, Scope::Syncs, Scope::Everywhere];
        assert_eq!(
            map.resolve(&scopes, &[chord("G")]),
            Resolved::Action(Action::LogFollow)
        );
    }

    #[test]
    fn a_remapped_key_replaces_the_default_and_nonsense_is_told() {
        let keys = BTreeMap::from([
            ("run".to_owned(), vec!["ctrl-r".to_owned()]),
            ("pause".to_owned(), vec!["hyper-x".to_owned()]),
            ("fly".to_owned(), vec!["x".to_owned()]),
        ]);
        let (map, troubles) = Keymap::new(&keys);
        let scopes = [Scope::Syncs];
        assert_eq!(map.resolve(&scopes, &[chord("r")]), Resolved::Nothing);
        assert_eq!(
            map.resolve(&scopes, &[chord("ctrl-r")]),
            Resolved::Action(Action::Run)
        );
        assert_eq!(troubles.len(), 2, "{troubles:?}");
    }
}
