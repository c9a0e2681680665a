//! A form's state: fields of several kinds, what is typed into them, and what is wrong with it.

use crossterm::event::{KeyCode, KeyEvent};
use serde_json::Value as Json;

use super::field::Field;
use super::input::{Input, Items, Secret};

/// A field of a form.
#[derive(Debug)]
pub(crate) struct FormField {
    pub key: String,
    pub label: String,
    pub help: String,
    pub required: bool,
    pub input: Input,
    /// What is wrong with what stands in it.
    pub problem: Option<String>,
}

impl FormField {
    pub(crate) fn new(key: &str, label: &str, help: &str, input: Input) -> Self {
        Self {
            key: key.to_owned(),
            label: label.to_owned(),
            help: help.to_owned(),
            required: false,
            input,
            problem: None,
        }
    }

    pub(crate) fn required(mut self) -> Self {
        self.required = true;
        self
    }
}

/// A form.
#[derive(Debug, Default)]
pub(crate) struct Form {
    pub fields: Vec<FormField>,
    pub cursor: usize,
    /// Whether anything was changed by a person.
    pub touched: bool,
}

impl Form {
    pub(crate) fn new(fields: Vec<FormField>) -> Self {
        Self {
            fields,
            cursor: 0,
            touched: false,
        }
    }

    pub(crate) fn focused(&self) -> Option<&FormField> {
        self.fields.get(self.cursor)
    }

    pub(crate) fn field(&self, key: &str) -> Option<&FormField> {
        self.fields.iter().find(|field| field.key == key)
    }

    pub(crate) fn field_mut(&mut self, key: &str) -> Option<&mut FormField> {
        self.fields.iter_mut().find(|field| field.key == key)
    }

    /// The text of a field, without blanks around it.
    pub(crate) fn text(&self, key: &str) -> String {
        match self.field(key).map(|field| field.input.value()) {
            Some(Ok(Some(Json::String(text)))) => text,
            _ => String::new(),
        }
    }

    /// Goes to the next field, or the one before; false at the end.
    pub(crate) fn step(&mut self, forward: bool) -> bool {
        let last = self.fields.len().saturating_sub(1);
        let next = match forward {
            true => (self.cursor + 1).min(last),
            false => self.cursor.saturating_sub(1),
        };
        let moved = next != self.cursor;
        self.cursor = next;
        moved
    }

    /// Takes a key; says whether a value changed.
    pub(crate) fn key(&mut self, key: KeyEvent) -> bool {
        let Some(field) = self.fields.get_mut(self.cursor) else {
            return false;
        };
        match key.code {
            KeyCode::Up => {
                self.step(false);
                return false;
            }
            KeyCode::Down => {
                self.step(true);
                return false;
            }
            KeyCode::Enter if !field.input.takes_enter() => {
                self.step(true);
                return false;
            }
            _ => {}
        }
        let changed = field.input.key(key);
        if changed {
            field.problem = None;
            self.touched = true;
        }
        changed
    }

    pub(crate) fn paste(&mut self, text: &str) {
        if let Some(field) = self.fields.get_mut(self.cursor)
            && field.input.paste(text)
        {
            field.problem = None;
            self.touched = true;
        }
    }

    /// Lets the focused secret come from elsewhere; false where no secret has the focus.
    pub(crate) fn turn_secret(&mut self) -> bool {
        match self
            .fields
            .get_mut(self.cursor)
            .map(|field| &mut field.input)
        {
            Some(Input::Secret(secret)) => {
                secret.turn();
                self.touched = true;
                true
            }
            _ => false,
        }
    }

    /// Looks at every field; the cursor goes to the first in which something is wrong.
    pub(crate) fn check(&mut self) -> bool {
        for field in &mut self.fields {
            field.problem = match field.input.value() {
                Err(why) => Some(why),
                Ok(None) if field.required => Some(format!("{} is needed", field.label)),
                Ok(_) => None,
            };
        }
        self.seek_problem()
    }

    /// Puts the cursor on the first field in which something is wrong; true where there is none.
    pub(crate) fn seek_problem(&mut self) -> bool {
        let wrong = self.fields.iter().position(|field| field.problem.is_some());
        self.cursor = wrong.unwrap_or(self.cursor);
        wrong.is_none()
    }

    /// Puts a problem that came from elsewhere under the field that its text names, where it
    /// names one.
    pub(crate) fn blame(&mut self, text: &str) -> bool {
        let named = self.fields.iter_mut().find(|field| {
            let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
            words.any(|word| word == field.key)
        });
        match named {
            Some(field) => {
                field.problem = Some(text.to_owned());
                self.seek_problem();
                true
            }
            None => false,
        }
    }
}

/// A field for text.
pub(crate) fn text(value: &str) -> Input {
    Input::Text(Field::new(value))
}

/// A field for one of some words.
pub(crate) fn choice(words: &[String], value: Option<&str>) -> Input {
    Input::Choice {
        at: value.and_then(|value| words.iter().position(|word| word == value)),
        words: words.to_vec(),
    }
}

/// A field for texts, or for texts by name.
pub(crate) fn items(values: Vec<String>, named: bool) -> Input {
    Input::Items(Items::new(values, named))
}

/// A field for a secret; `kept` says how it is kept now.
pub(crate) fn secret(kept: Option<Json>) -> Input {
    Input::Secret(Secret::new(kept))
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyModifiers;

    use super::*;

    fn press(form: &mut Form, code: KeyCode) -> bool {
        form.key(KeyEvent::new(code, KeyModifiers::NONE))
    }

    fn form() -> Form {
        Form::new(vec![
            FormField::new("name", "Name", "", text("")).required(),
            FormField::new("port", "Port", "", Input::Number(Field::default())),
            FormField::new("tls", "TLS", "", Input::Toggle(false)),
        ])
    }

    #[test]
    fn what_is_needed_or_wrong_is_told_at_its_field() {
        let mut form = form();
        press(&mut form, KeyCode::Down);
        press(&mut form, KeyCode::Char('x'));
        assert!(!form.check());
        assert_eq!(form.cursor, 0);
        assert_eq!(form.fields[0].problem.as_deref(), Some("Name is needed"));
        let port = form.fields[1].problem.as_deref();
        assert_eq!(port, Some("'x' is no whole number"));
        press(&mut form, KeyCode::Char('a'));
        assert_eq!(form.fields[0].problem, None);
        assert!(form.touched);
    }

    #[test]
    fn enter_and_arrows_walk_and_stop_at_the_ends() {
        let mut form = form();
        for _ in 0..5 {
            press(&mut form, KeyCode::Enter);
        }
        assert_eq!(form.cursor, 2);
        assert!(press(&mut form, KeyCode::Char(' ')));
        assert_eq!(form.fields[2].input.value(), Ok(Some(true.into())));
        for _ in 0..5 {
            press(&mut form, KeyCode::Up);
        }
        assert_eq!(form.cursor, 0);
    }

    #[test]
    fn a_problem_from_elsewhere_stands_under_the_field_that_it_names() {
        let mut form = form();
        assert!(form.blame("crm needs the key port"));
        assert_eq!(form.cursor, 1);
        assert!(!form.blame("the disk is full"));
    }
}
