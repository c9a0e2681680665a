//! Bodies: rows are written straight into the bytes that are signed and sent, and the same rows
//! give the same bytes at every try.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::ser::{Serialize, Serializer};

use super::settings::Form;
use crate::domain::plan::{Operation, OperationKind, RecordShape};
use crate::domain::value::Value;

/// What happened to the rows of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventType {
    /// Rows are there, new or changed.
    Upserted,
    /// Rows are gone.
    Deleted,
}

impl EventType {
    /// The event of an operation.
    pub(super) fn of(kind: OperationKind) -> Self {
        match kind {
            OperationKind::Create | OperationKind::Update => Self::Upserted,
            OperationKind::Delete => Self::Deleted,
        }
    }

    /// The word in the envelope.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Upserted => "row.upserted",
            Self::Deleted => "row.deleted",
        }
    }
}

/// One row of a message, as far as its verdict needs it.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// The operation's number.
    pub(super) number: u64,
    /// The identifier's values.
    pub(super) identifier: Vec<Value>,
}

/// Why a row did not go into a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// The body would grow past its bound.
    Full,
    /// The row alone is past the bound; with its bytes.
    TooLarge(usize),
    /// The value of this field cannot be written as JSON.
    NotJson(String),
}

/// A body that grows row by row.
pub(super) struct BodyWriter {
    form: Form,
    envelope: Option<String>,
    bytes: Vec<u8>,
    rows: Vec<Row>,
    cap: usize,
}

impl BodyWriter {
    /// Starts a body of at most `cap` bytes; `at` is the time of the event, which stays the same
    /// at every try.
    pub(super) fn new(
        form: Form,
        envelope: bool,
        event: EventType,
        at: DateTime<Utc>,
        cap: usize,
    ) -> Self {
        let envelope = envelope.then(|| {
            let at = at.to_rfc3339_opts(SecondsFormat::Secs, true);
            format!(r#"{{"type":"{}","timestamp":"{at}","data":"#, event.word())
        });
        let mut bytes = Vec::new();
        if form == Form::Array {
            bytes.extend_from_slice(envelope.as_deref().unwrap_or_default().as_bytes());
            bytes.push(b'[');
        }
        Self {
            form,
            envelope,
            bytes,
            rows: Vec::new(),
            cap,
        }
    }

    /// Whether no row was taken.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Appends a row: all its fields, or the identifier of one that is deleted.
    ///
    /// # Errors
    /// [`NotTaken`]; the body is then as before.
    pub(super) fn push(
        &mut self,
        operation: &Operation,
        shape: &RecordShape,
    ) -> Result<(), NotTaken> {
        let start = self.bytes.len();
        let result = self.write(operation, shape);
        let row_bytes = self.bytes.len() - start;
        let result = result.and_then(|()| {
            if self.bytes.len() + self.tail().len() <= self.cap {
                Ok(())
            } else if self.rows.is_empty() {
                Err(NotTaken::TooLarge(row_bytes))
            } else {
                Err(NotTaken::Full)
            }
        });
        if result.is_err() {
            self.bytes.truncate(start);
            return result;
        }
        self.rows.push(Row {
            number: operation.number,
            identifier: operation.identifier.clone(),
        });
        Ok(())
    }

    fn write(&mut self, operation: &Operation, shape: &RecordShape) -> Result<(), NotTaken> {
        let start = self.bytes.len();
        if self.form == Form::Array {
            if !self.rows.is_empty() {
                self.bytes.push(b',');
            }
        } else if let Some(envelope) = &self.envelope {
            self.bytes.extend_from_slice(envelope.as_bytes());
        }
        let fields = Fields { operation, shape };
        if let Some(name) = fields.not_json() {
            return Err(NotTaken::NotJson(name.to_owned()));
        }
        serde_json::to_writer(&mut self.bytes, &fields)
            .map_err(|error| NotTaken::NotJson(error.to_string()))?;
        if self.form != Form::Array && self.envelope.is_some() {
            self.bytes.push(b'}');
        }
        if self.form == Form::Ndjson {
            // A JSON document of the source may hold line breaks between its parts.
            let row = self.bytes.get_mut(start..).unwrap_or_default();
            for byte in row.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')) {
                *byte = b' ';
            }
            self.bytes.push(b'\n');
        }
        Ok(())
    }

    fn tail(&self) -> &'static str {
        match (self.form, &self.envelope) {
            (Form::Array, Some(_)) => "]}",
            (Form::Array, None) => "]",
            _ => "",
        }
    }

    /// Ends the body and gives it with its rows.
    pub(super) fn finish(mut self) -> (Vec<u8>, Vec<Row>) {
        self.bytes.extend_from_slice(self.tail().as_bytes());
        (self.bytes, self.rows)
    }
}

/// The media type of a form.
pub(super) fn media_type(form: Form) -> &'static str {
    match form {
        Form::Array | Form::Single => "application/json",
        Form::Ndjson => "application/x-ndjson",
    }
}

struct Fields<'a> {
    operation: &'a Operation,
    shape: &'a RecordShape,
}

impl<'a> Fields<'a> {
    /// Names and values as they are sent.
    fn pairs(&self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let Self { operation, shape } = *self;
        let record = operation.new.iter().flat_map(|record| {
            let fields = shape.fields.iter().zip(&record.0);
            fields.filter_map(|(field, value)| Some((field.name.as_str(), value.as_ref()?)))
        });
        let identifier = operation.new.is_none().then(|| {
            let names = shape
                .identifier
                .iter()
                .filter_map(|at| shape.fields.get(*at));
            names
                .map(|field| field.name.as_str())
                .zip(&operation.identifier)
        });
        record.chain(identifier.into_iter().flatten())
    }

    /// The first field whose value JSON cannot hold. A double that is no number would become null
    /// without a word, which means clear.
    fn not_json(&self) -> Option<&'a str> {
        let mut pairs = self.pairs();
        let found = pairs.find(|(_, value)| match value {
            Value::Double(number) => !number.get().is_finite(),
            Value::Json(text) => {
                serde_json::from_str::<&serde_json::value::RawValue>(text).is_err()
            }
            _ => false,
        });
        found.map(|(name, _)| name)
    }
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.pairs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::plan::{Cause, Record, ShapeField};
    use crate::domain::row::{Fingerprint, Key};
    use crate::domain::value::Type;

    fn shape() -> RecordShape {
        let field = |name: &str, kind| ShapeField {
            name: name.to_owned(),
            kind,
            on_create: false,
            if_empty: false,
        };
        RecordShape {
            fields: vec![
                field("id", Type::Integer),
                field("n", Type::Decimal),
                field("t", Type::Text),
            ],
            identifier: vec![0],
        }
    }

    fn operation(number: u64, kind: OperationKind, text: Option<&str>) -> Operation {
        let id = Value::Integer(i64::try_from(number).unwrap());
        let new = Record(vec![
            Some(id.clone()),
            Some(Value::Decimal("1.50".parse().unwrap())),
            text.map(Value::text),
        ]);
        Operation {
            number,
            kind,
            key: Key::of(std::slice::from_ref(&id)),
            key_hash: Fingerprint([0; 16]),
            identifier: vec![id],
            destination_id: None,
            old: None,
            new: (kind != OperationKind::Delete).then_some(new),
            input_hash: Fingerprint([0; 16]),
            output_hash: Fingerprint([0; 16]),
            cause: Cause::Changed,
        }
    }

    fn body(form: Form, envelope: bool, event: EventType) -> String {
        let at = "2025-11-24T16:00:00.5Z".parse().unwrap();
        let kind = match event {
            EventType::Upserted => OperationKind::Update,
            EventType::Deleted => OperationKind::Delete,
        };
        let mut writer = BodyWriter::new(form, envelope, event, at, 1 << 20);
        for (number, text) in [(1, Some("ë\n")), (2, None)] {
            if form != Form::Single || writer.is_empty() {
                writer
                    .push(&operation(number, kind, text), &shape())
                    .unwrap();
            }
        }
        String::from_utf8(writer.finish().0).unwrap()
    }

    #[test]
    fn every_form_is_written_as_documented() {
        let head = r#"{"type":"row.upserted","timestamp":"2025-11-24T16:00:00Z","data":"#;
        let first = r#"{"id":1,"n":1.50,"t":"ë\n"}"#;
        let second = r#"{"id":2,"n":1.50}"#;
        let up = EventType::Upserted;
        assert_eq!(
            body(Form::Array, true, up),
            format!("{head}[{first},{second}]}}")
        );
        assert_eq!(body(Form::Array, false, up), format!("[{first},{second}]"));
        assert_eq!(body(Form::Single, true, up), format!("{head}{first}}}"));
        assert_eq!(body(Form::Single, false, up), first);
        assert_eq!(
            body(Form::Ndjson, false, up),
            format!("{first}\n{second}\n")
        );
        assert_eq!(
            body(Form::Ndjson, true, up),
            format!("{head}{first}}}\n{head}{second}}}\n")
        );
    }

    #[test]
    fn a_delete_carries_the_identifier_only() {
        assert_eq!(
            body(Form::Array, true, EventType::Deleted),
            r#"{"type":"row.deleted","timestamp":"2025-11-24T16:00:00Z","data":[{"id":1},{"id":2}]}"#
        );
    }

    #[test]
    fn a_document_of_several_lines_stays_one_line_and_a_broken_one_is_left_out() {
        let at = DateTime::UNIX_EPOCH;
        let mut writer = BodyWriter::new(Form::Ndjson, false, EventType::Upserted, at, 1024);
        let mut row = operation(1, OperationKind::Create, None);
        let document = |text: &str| Some(Value::Json(text.to_owned()));
        row.new.as_mut().unwrap().0[2] = document("{\r\n\"a\\n\":\n1}");
        writer.push(&row, &shape()).unwrap();
        row.new.as_mut().unwrap().0[2] = document("{broken");
        assert_eq!(
            writer.push(&row, &shape()),
            Err(NotTaken::NotJson("t".to_owned()))
        );
        let (bytes, rows) = writer.finish();
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(text, "{\"id\":1,\"n\":1.50,\"t\":{  \"a\\n\": 1}}\n");
        assert_eq!(rows.len(), 1);
    }

    #[test]
    fn a_body_never_passes_its_bound_and_stays_whole() {
        let at = DateTime::UNIX_EPOCH;
        let mut writer = BodyWriter::new(Form::Array, false, EventType::Upserted, at, 60);
        let long = "x".repeat(80);
        let large = operation(1, OperationKind::Create, Some(&long));
        assert!(matches!(
            writer.push(&large, &shape()),
            Err(NotTaken::TooLarge(_))
        ));
        writer
            .push(&operation(2, OperationKind::Create, Some("a")), &shape())
            .unwrap();
        let third = operation(3, OperationKind::Create, Some("this does not fit"));
        assert_eq!(writer.push(&third, &shape()), Err(NotTaken::Full));
        let (bytes, rows) = writer.finish();
        assert_eq!(bytes, br#"[{"id":2,"n":1.50,"t":"a"}]"#);
        assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [2]);
    }
}
