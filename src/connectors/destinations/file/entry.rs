//! The records of a file as they stand in it, read one by one with bounded memory, and written back
//! with everything that no mapping names.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::ByteRecord;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::style::Style;

/// A record longer than this is taken for damage: a line break or a closing quote is missing.
const MAX_RECORD_BYTES: u64 = 64 << 20;
/// What some programs put before a UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One record.
#[derive(Debug)]
pub(super) enum Entry {
    /// A line of JSON.
    Line {
        /// The bytes without their line break, written back where nothing changed.
        raw: Vec<u8>,
        /// The members of the object; nothing where the line is not one, and then it only stays.
        members: Option<Members>,
    },
    /// The cells of a CSV record.
    Cells(ByteRecord),
}

/// The members of a JSON object in their order, values as their own text.
#[derive(Debug, Default)]
pub(super) struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

impl Members {
    /// The last member of this name, as readers of JSON take it.
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, value)| value.get())
    }

    fn set(&mut self, name: &str, token: Box<RawValue>) {
        match self.0.iter_mut().rev().find(|(known, _)| known == name) {
            Some((_, value)) => *value = token,
            None => self.0.push((name.to_owned(), token)),
        }
    }

    fn write(&self) -> io::Result<Vec<u8>> {
        let mut raw = vec![b'{'];
        for (position, (name, value)) in self.0.iter().enumerate() {
            if position > 0 {
                raw.push(b',');
            }
            serde_json::to_writer(&mut raw, name)?;
            raw.push(b':');
            raw.extend_from_slice(value.get().as_bytes());
        }
        raw.push(b'}');
        Ok(raw)
    }
}

impl Entry {
    /// An empty JSON record.
    pub(super) fn line() -> Self {
        Self::Line {
            raw: Vec::new(),
            members: Some(Members::default()),
        }
    }

    /// The token of a field: by name in a JSON line, by position in CSV.
    pub(super) fn token(&self, name: &str, position: usize) -> Option<&str> {
        match self {
            Self::Line { members, .. } => members.as_ref()?.get(name),
            Self::Cells(cells) => std::str::from_utf8(cells.get(position)?).ok(),
        }
    }

    /// Whether the record can be matched and changed at all.
    pub(super) fn is_record(&self) -> bool {
        !matches!(self, Self::Line { members: None, .. })
    }

    /// Sets several fields.
    ///
    /// # Errors
    /// Where a token is not JSON.
    pub(super) fn set<'a>(
        &mut self,
        tokens: impl Iterator<Item = (&'a str, usize, &'a str)>,
    ) -> io::Result<()> {
        match self {
            Self::Line { raw, members } => {
                let members = members.get_or_insert_default();
                for (name, _, token) in tokens {
                    members.set(name, RawValue::from_string(token.to_owned())?);
                }
                *raw = members.write()?;
            }
            Self::Cells(cells) => {
                let mut changed: Vec<Vec<u8>> = cells.iter().map(<[u8]>::to_vec).collect();
                for (_, position, token) in tokens {
                    if changed.len() <= position {
                        changed.resize(position + 1, Vec::new());
                    }
                    if let Some(cell) = changed.get_mut(position) {
                        *cell = token.as_bytes().to_vec();
                    }
                }
                *cells = ByteRecord::from(changed);
            }
        }
        Ok(())
    }
}

/// Reads the records of a file.
pub(super) enum Entries {
    /// JSON lines.
    Lines(BufReader<File>),
    /// CSV, after its header.
    Cells(Box<csv::Reader<Bounded>>, Arc<AtomicU64>),
}

impl Entries {
    /// Starts to read; for CSV with the names in the header, if there is one.
    ///
    /// # Errors
    /// Where the file cannot be read or its header is no text.
    pub(super) fn new(file: File, style: &Style) -> io::Result<(Self, Option<Vec<String>>)> {
        if *style == Style::Jsonl {
            return Ok((Self::Lines(BufReader::new(file)), None));
        }
        let left = Arc::new(AtomicU64::new(MAX_RECORD_BYTES));
        let input = Bounded {
            file,
            left: Arc::clone(&left),
        };
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(input);
        let mut header = ByteRecord::new();
        let names = if reader.read_byte_record(&mut header)? {
            let names = header.iter().map(|name| String::from_utf8(name.to_vec()));
            let names = names.collect::<Result<Vec<_>, _>>().map_err(|_| {
                io::Error::new(io::ErrorKind::InvalidData, "its header is not UTF-8")
            })?;
            Some(names)
        } else {
            None
        };
        Ok((Self::Cells(Box::new(reader), left), names))
    }

    /// The next record.
    ///
    /// # Errors
    /// Where the file cannot be read or a record is longer than 64 MiB.
    pub(super) fn next(&mut self) -> io::Result<Option<Entry>> {
        match self {
            Self::Lines(input) => next_line(input),
            Self::Cells(reader, left) => {
                left.store(MAX_RECORD_BYTES, Ordering::Relaxed);
                let mut cells = ByteRecord::new();
                let more = reader.read_byte_record(&mut cells)?;
                Ok(more.then_some(Entry::Cells(cells)))
            }
        }
    }
}

fn next_line(input: &mut BufReader<File>) -> io::Result<Option<Entry>> {
    let mut raw = Vec::new();
    input
        .by_ref()
        .take(MAX_RECORD_BYTES)
        .read_until(b'\n', &mut raw)?;
    if raw.is_empty() {
        return Ok(None);
    }
    if raw.last() == Some(&b'\n') {
        raw.pop();
    } else if raw.len() as u64 >= MAX_RECORD_BYTES {
        return Err(too_long());
    }
    let text = raw.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&raw);
    let members = serde_json::from_slice(text).ok();
    Ok(Some(Entry::Line { raw, members }))
}

fn too_long() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "a record is longer than 64 MiB: a line break or a closing quote is missing",
    )
}

/// A file that gives only so many bytes for one record.
pub(super) struct Bounded {
    file: File,
    left: Arc<AtomicU64>,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            return Err(too_long());
        }
        let read = self.file.read(buffer)?;
        self.left
            .store(left.saturating_sub(read as u64), Ordering::Relaxed);
        Ok(read)
    }
}

/// Writes records in a file's style.
pub(super) enum Output<W: Write> {
    /// JSON lines.
    Lines(W),
    /// CSV.
    Cells(Box<csv::Writer<W>>),
}

impl<W: Write> Output<W> {
    /// Starts to write to `out`.
    pub(super) fn new(out: W, style: &Style) -> Self {
        if *style == Style::Jsonl {
            Self::Lines(out)
        } else {
            let writer = csv::WriterBuilder::new().flexible(true).from_writer(out);
            Self::Cells(Box::new(writer))
        }
    }

    /// Writes the header line, which JSON lines have none of.
    ///
    /// # Errors
    /// Where `out` cannot be written.
    pub(super) fn header(&mut self, names: &[String]) -> io::Result<()> {
        match self {
            Self::Lines(_) => Ok(()),
            Self::Cells(writer) => Ok(writer.write_record(names)?),
        }
    }

    /// Writes one record.
    ///
    /// # Errors
    /// Where `out` cannot be written.
    pub(super) fn entry(&mut self, entry: &Entry) -> io::Result<()> {
        match (self, entry) {
            (Self::Lines(out), Entry::Line { raw, .. }) => {
                out.write_all(raw)?;
                out.write_all(b"\n")
            }
            (Self::Cells(writer), Entry::Cells(cells)) => Ok(writer.write_byte_record(cells)?),
            _ => Err(io::Error::other("a record of another style")),
        }
    }

    /// Ends and gives `out` back.
    ///
    /// # Errors
    /// Where `out` cannot be written.
    pub(super) fn end(self) -> io::Result<W> {
        match self {
            Self::Lines(out) => Ok(out),
            Self::Cells(writer) => writer
                .into_inner()
                .map_err(|error| io::Error::other(error.to_string())),
        }
    }
}
