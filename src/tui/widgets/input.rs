//! What stands in a field of a form: text, number, choice, toggle, texts, or a secret.

use crossterm::event::{KeyCode, KeyEvent};
use serde_json::{Value as Json, json};

use super::field::Field;

/// What stands in a field.
#[derive(Debug)]
pub(crate) enum Input {
    /// One line.
    Text(Field),
    /// A whole number.
    Number(Field),
    /// One of these words.
    Choice {
        words: Vec<String>,
        at: Option<usize>,
    },
    /// True or false.
    Toggle(bool),
    /// Texts, or texts by name.
    Items(Items),
    /// A secret, typed or referred to.
    Secret(Secret),
}

impl Input {
    /// The value for the settings; nothing where the field is empty.
    ///
    /// # Errors
    /// Why what stands there is none.
    pub(crate) fn value(&self) -> Result<Option<Json>, String> {
        Ok(match self {
            Self::Text(field) => filled(field).map(Json::from),
            Self::Number(field) => match filled(field) {
                None => None,
                Some(text) => match text.replace([',', '_'], "").parse::<u64>() {
                    Ok(number) => Some(number.into()),
                    Err(_) => return Err(format!("'{text}' is no whole number")),
                },
            },
            Self::Choice { words, at } => at.and_then(|at| words.get(at)).map(|word| json!(word)),
            Self::Toggle(on) => Some((*on).into()),
            Self::Items(items) => items.value()?,
            Self::Secret(secret) => secret.reference()?,
        })
    }

    /// Whether enter has a meaning within it.
    pub(crate) fn takes_enter(&self) -> bool {
        matches!(self, Self::Items(items) if !items.field.text().trim().is_empty())
    }

    /// Takes a key; says whether the value changed.
    pub(super) fn key(&mut self, key: KeyEvent) -> bool {
        match self {
            Self::Text(field) | Self::Number(field) => field.key(key),
            Self::Choice { words, at } => choose(words, at, key.code),
            Self::Toggle(on) => {
                let now = match key.code {
                    KeyCode::Char('y' | 't') => true,
                    KeyCode::Char('n' | 'f') => false,
                    KeyCode::Char(' ') | KeyCode::Left | KeyCode::Right => !*on,
                    _ => *on,
                };
                let changed = now != *on;
                *on = now;
                changed
            }
            Self::Items(items) => items.key(key),
            Self::Secret(secret) => secret.key(key),
        }
    }

    pub(super) fn paste(&mut self, text: &str) -> bool {
        match self {
            Self::Text(field) | Self::Number(field) => field.paste(text),
            Self::Items(items) => items.field.paste(text),
            // A secret that was copied often carries the line break of its file.
            Self::Secret(secret) => secret.field.paste(text.trim_end_matches(['\n', '\r'])),
            Self::Choice { .. } | Self::Toggle(_) => return false,
        }
        true
    }
}

fn filled(field: &Field) -> Option<&str> {
    let text = field.text().trim();
    (!text.is_empty()).then_some(text)
}

/// Turns to the next word, the one before, or the next that begins with a letter.
fn choose(words: &[String], at: &mut Option<usize>, code: KeyCode) -> bool {
    let len = words.len();
    if len == 0 {
        return false;
    }
    let next = match (code, *at) {
        (KeyCode::Right | KeyCode::Char(' '), Some(now)) => (now + 1) % len,
        (KeyCode::Left, Some(now)) => (now + len - 1) % len,
        (KeyCode::Right | KeyCode::Left | KeyCode::Char(' '), None) => 0,
        (KeyCode::Char(c), now) => {
            let from = now.map_or(0, |now| now + 1);
            let begins = |place: &usize| {
                words
                    .get(*place)
                    .is_some_and(|word| word.to_lowercase().starts_with(c.to_ascii_lowercase()))
            };
            match (from..from + len).map(|place| place % len).find(begins) {
                Some(found) => found,
                None => return false,
            }
        }
        _ => return false,
    };
    let changed = *at != Some(next);
    *at = Some(next);
    changed
}

/// Texts, one after another, or `name = value` ones.
#[derive(Debug)]
pub(crate) struct Items {
    pub values: Vec<String>,
    pub field: Field,
    named: bool,
}

impl Items {
    pub(super) fn new(values: Vec<String>, named: bool) -> Self {
        Self {
            values,
            field: Field::default(),
            named,
        }
    }

    /// Enter takes the typed text into the list; backspace in an empty field takes the last one
    /// out of it, to be edited.
    fn key(&mut self, key: KeyEvent) -> bool {
        match key.code {
            KeyCode::Enter => {
                let text = self.field.text().trim().to_owned();
                if text.is_empty() {
                    return false;
                }
                self.values.push(text);
                self.field.clear();
                true
            }
            KeyCode::Backspace if self.field.text().is_empty() => match self.values.pop() {
                Some(last) => {
                    self.field = Field::new(&last);
                    true
                }
                None => false,
            },
            _ => self.field.key(key),
        }
    }

    fn value(&self) -> Result<Option<Json>, String> {
        let typed = self.field.text().trim();
        let typed = (!typed.is_empty()).then_some(typed);
        let all = self.values.iter().map(String::as_str).chain(typed);
        if !self.named {
            let all: Vec<&str> = all.collect();
            return Ok((!all.is_empty()).then(|| json!(all)));
        }
        let mut map = serde_json::Map::new();
        for item in all {
            let Some((name, value)) = item.split_once('=') else {
                return Err(format!("'{item}' is not of the form name = value"));
            };
            map.insert(name.trim().to_owned(), value.trim().into());
        }
        Ok((!map.is_empty()).then_some(Json::Object(map)))
    }
}

/// Where a secret comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Typed here and kept encrypted.
    Typed,
    /// An environment variable of the core.
    Env,
    /// A file.
    File,
    /// The output of a command.
    Command,
}

impl Way {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Typed => "typed",
            Self::Env => "env",
            Self::File => "file",
            Self::Command => "command",
        }
    }
}

/// A secret: nothing of it is shown, and what is kept stays unless something is typed.
#[derive(Debug)]
pub(crate) struct Secret {
    /// The reference under which it is kept now.
    kept: Option<Json>,
    /// Whether what is kept must not be used: it was given for another place.
    lost: bool,
    /// Whether a person took it away.
    removed: bool,
    pub way: Way,
    pub field: Field,
}

impl Secret {
    pub(super) fn new(kept: Option<Json>) -> Self {
        let mut secret = Self {
            kept: None,
            lost: false,
            removed: false,
            way: Way::Typed,
            field: Field::default(),
        };
        let reference = kept.as_ref().and_then(Json::as_object);
        // A reference is no secret and can be edited; what is stored is neither shown nor edited.
        if let Some((word, value)) = reference.and_then(|map| map.iter().next()) {
            let (way, text) = match (word.as_str(), value) {
                ("env", Json::String(name)) => (Way::Env, name.clone()),
                ("file", Json::String(path)) => (Way::File, path.clone()),
                ("command", Json::Array(words)) => {
                    let words: Vec<&str> = words.iter().filter_map(Json::as_str).collect();
                    (Way::Command, words.join(" "))
                }
                _ => (Way::Typed, String::new()),
            };
            secret.way = way;
            secret.field = Field::new(&text);
        }
        secret.kept = kept;
        secret
    }

    fn is_stored(&self) -> bool {
        let stored = self.kept.as_ref().and_then(|kept| kept.get("stored"));
        stored.is_some()
    }

    /// Whether the core keeps a typed secret that stays where nothing is typed.
    pub(crate) fn is_kept(&self) -> bool {
        self.is_stored() && !self.lost && !self.removed
    }

    /// Whether a person took away what was kept.
    pub(crate) fn is_removed(&self) -> bool {
        self.is_stored() && self.removed
    }

    /// Says whether what is kept was given for another place.
    pub(crate) fn set_lost(&mut self, lost: bool) {
        self.lost = lost;
    }

    /// Whether what was kept must be given again and was not.
    pub(crate) fn is_missed(&self) -> bool {
        let given = !self.field.text().is_empty();
        self.is_stored() && self.lost && !self.removed && !given
    }

    /// Backspace in an empty field takes away what is kept; what is typed comes in its place.
    fn key(&mut self, key: KeyEvent) -> bool {
        let empty = self.field.text().is_empty();
        if key.code == KeyCode::Backspace && empty && self.way == Way::Typed && self.is_stored() {
            let changed = !self.removed;
            self.removed = true;
            return changed;
        }
        self.field.key(key)
    }

    pub(super) fn turn(&mut self) {
        self.way = match self.way {
            Way::Typed => Way::Env,
            Way::Env => Way::File,
            Way::File => Way::Command,
            Way::Command => Way::Typed,
        };
        // What was typed as a secret must not come into sight as a name.
        self.field.clear();
    }

    /// What was typed to be kept.
    pub(crate) fn typed(&self) -> Option<&str> {
        let text = self.field.text();
        (self.way == Way::Typed && !text.is_empty()).then_some(text)
    }

    /// The reference that stands in the settings.
    fn reference(&self) -> Result<Option<Json>, String> {
        let text = self.field.text().trim();
        Ok(match (self.way, text) {
            (Way::Typed, "") => self.kept.clone().filter(|_| self.is_kept()),
            (Way::Typed, _) => Some(json!({ "stored": true })),
            (_, "") => None,
            (Way::Env, name) => Some(json!({ "env": name })),
            (Way::File, path) => Some(json!({ "file": path })),
            (Way::Command, words) => {
                let words: Vec<&str> = words.split_whitespace().collect();
                Some(json!({ "command": words }))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyModifiers;

    use super::*;

    fn press(input: &mut Input, code: KeyCode) -> bool {
        input.key(KeyEvent::new(code, KeyModifiers::NONE))
    }

    #[test]
    fn a_choice_turns_and_jumps_by_letter() {
        let words: Vec<String> = ["csv", "json", "parquet"].map(String::from).to_vec();
        let mut input = Input::Choice { words, at: None };
        assert_eq!(input.value(), Ok(None));
        press(&mut input, KeyCode::Right);
        assert_eq!(input.value(), Ok(Some("csv".into())));
        press(&mut input, KeyCode::Left);
        assert_eq!(input.value(), Ok(Some("parquet".into())));
        press(&mut input, KeyCode::Char('j'));
        assert_eq!(input.value(), Ok(Some("json".into())));
        assert!(!press(&mut input, KeyCode::Char('x')));
    }

    #[test]
    fn texts_by_name_need_a_name() {
        let mut input = Input::Items(Items::new(vec!["a = 1".into()], true));
        assert_eq!(input.value(), Ok(Some(json!({ "a": "1" }))));
        input.paste("b");
        assert!(input.value().is_err());
        input.paste(" = x=y");
        assert!(input.takes_enter());
        press(&mut input, KeyCode::Enter);
        assert_eq!(input.value(), Ok(Some(json!({ "a": "1", "b": "x=y" }))));
        press(&mut input, KeyCode::Backspace);
        press(&mut input, KeyCode::Backspace);
        assert_eq!(input.value(), Ok(Some(json!({ "a": "1", "b": "x=" }))));
    }

    #[test]
    fn a_kept_secret_stays_until_something_is_typed() {
        let mut secret = Secret::new(Some(json!({ "stored": true })));
        assert_eq!(secret.reference(), Ok(Some(json!({ "stored": true }))));
        assert_eq!(secret.typed(), None);
        secret.set_lost(true);
        assert_eq!(secret.reference(), Ok(None));
        assert!(secret.is_missed());
        secret.field.paste("hunter2");
        assert_eq!(secret.typed(), Some("hunter2"));
        secret.turn();
        assert_eq!((secret.way, secret.field.text()), (Way::Env, ""));
        secret.field.paste("TOKEN");
        assert_eq!(secret.reference(), Ok(Some(json!({ "env": "TOKEN" }))));
        assert_eq!(secret.typed(), None);
    }

    #[test]
    fn a_kept_secret_can_be_taken_away() {
        let mut input = Input::Secret(Secret::new(Some(json!({ "stored": true }))));
        assert!(press(&mut input, KeyCode::Backspace));
        assert_eq!(input.value(), Ok(None));
        press(&mut input, KeyCode::Char('x'));
        assert_eq!(input.value(), Ok(Some(json!({ "stored": true }))));
    }
}
