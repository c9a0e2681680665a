//! Plain queries, read from the files themselves straight into batches.

use csv::ByteRecord;

use super::csv_file::CsvFile;
use super::infer::Guess;
use super::options::Options;
use super::select::Select;
use super::tables::{Table, Tables};
use crate::connectors::contract::{ConnectorError, Query};
use crate::connectors::sources::cells::{Room, put_misfit, put_text};
use crate::connectors::sources::columns::{check_names, locate};
use crate::connectors::sources::stream::{Ended, Sink, Stop};
use crate::domain::model::{Column, Role};
use crate::domain::near::nearest;
use crate::domain::problem::ProblemKind;
use crate::domain::row::encode;
use crate::domain::value::{Type, Value};

/// Gives the columns of a plain query with types inferred over all rows.
pub(super) fn columns(
    options: &Options,
    tables: &Tables,
    select: &Select,
    stop: &Stop,
) -> Result<Vec<Column>, ConnectorError> {
    let table = tables.get(&select.table)?;
    let chosen = choose(table, select)?;
    let guesses = infer(options, table, u64::MAX, stop)?;
    Ok(chosen
        .into_iter()
        .map(|(position, name)| {
            let kind = guesses.get(position).map_or(Type::Text, Guess::kind);
            column(name, kind)
        })
        .collect())
}

/// A column whose type was inferred.
pub(super) fn column(name: String, kind: Type) -> Column {
    Column {
        name,
        kind,
        role: Role::default(),
        declared: false,
        database_type: None,
    }
}

/// Looks at the first `most` rows of a table for the types of all its columns.
pub(super) fn infer(
    options: &Options,
    table: &Table,
    most: u64,
    stop: &Stop,
) -> Result<Vec<Guess>, ConnectorError> {
    let mut guesses = vec![Guess::default(); table.columns.len()];
    let mut looked_at = 0;
    each_record(options, table, stop, |record| {
        for (guess, field) in guesses.iter_mut().zip(record) {
            if !options.is_null(field) {
                guess.look(field);
            }
        }
        looked_at += 1;
        Ok(looked_at < most)
    })?;
    Ok(guesses)
}

/// Gives every record of a table to `take` until it wants no more; the answer is whether it got all.
pub(super) fn each_record(
    options: &Options,
    table: &Table,
    stop: &Stop,
    mut take: impl FnMut(&ByteRecord) -> Result<bool, ConnectorError>,
) -> Result<bool, ConnectorError> {
    let mut record = ByteRecord::new();
    for found in &table.files {
        let mut file = CsvFile::open(options, found, stop)?;
        if file.columns() != table.columns {
            return Err(ConnectorError::new(
                ProblemKind::Source,
                format!("cannot trust {}: its header changed", found.path.display()),
            )
            .hint("run again"));
        }
        while file.next(&mut record)? {
            if !take(&record)? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Puts the rows of a plain query into `sink`.
pub(super) fn rows(
    options: &Options,
    tables: &Tables,
    select: &Select,
    query: &Query,
    sink: &mut Sink,
) -> Result<Ended, ConnectorError> {
    let table = tables.get(&select.table)?;
    let chosen = choose(table, select)?;
    let names: Vec<&str> = chosen.iter().map(|(_, name)| name.as_str()).collect();
    let plan: Vec<(usize, Type)> = locate(&names, &query.columns)?
        .into_iter()
        .filter_map(|position| chosen.get(position))
        .map(|(position, _)| *position)
        .zip(query.columns.iter().map(|column| column.kind))
        .collect();
    let width = table.columns.len();
    sink.ready();
    if !sink.wants_more() {
        return Ok(Ended::Early);
    }
    let stop = sink.stop();
    let whole = each_record(options, table, &stop, |record| {
        if record.len() == width {
            put_row(options, record, &plan, sink);
        } else {
            put_ragged_row(options, record, &plan, width, sink);
        }
        sink.end_row()?;
        Ok(sink.wants_more())
    })?;
    Ok(if whole { Ended::Whole } else { Ended::Early })
}

fn put_row(options: &Options, record: &ByteRecord, plan: &[(usize, Type)], sink: &mut Sink) {
    let mut room = Room::new();
    // Mostly the whole record is text, and one look at it is less than one at each field.
    let whole = std::str::from_utf8(record.as_slice()).ok();
    for (position, kind) in plan {
        let field = record.get(*position).unwrap_or_default();
        let place = record.range(*position);
        let text = whole.zip(place).and_then(|(whole, place)| whole.get(place));
        sink.cell(|out| put(options, (field, text), *kind, &mut room, out));
    }
}

/// Puts a row with too few or too many fields. The cells past its end and always the last one are
/// misfits, so that the row is invalid but its key, where it can be read, is known.
fn put_ragged_row(
    options: &Options,
    record: &ByteRecord,
    plan: &[(usize, Type)],
    width: usize,
    sink: &mut Sink,
) {
    let why = format!("row has {} fields, not {width}", record.len());
    let last = plan.iter().map(|(position, _)| *position).max();
    let mut room = Room::new();
    for (position, kind) in plan {
        let field = record.get(*position).filter(|_| Some(*position) != last);
        sink.cell(|out| match field {
            Some(field) => put(options, (field, None), *kind, &mut room, out),
            None => put_misfit(&why, out),
        });
    }
}

/// Appends a field; where it is known to be text, `text` is it.
fn put(
    options: &Options,
    (field, text): (&[u8], Option<&str>),
    kind: Type,
    room: &mut Room,
    out: &mut Vec<u8>,
) {
    if options.is_null(field) {
        return encode(&Value::Null, out);
    }
    if !room.take(field.len(), out) {
        return;
    }
    match text.map_or_else(|| std::str::from_utf8(field), Ok) {
        Ok(text) => put_text(text, kind, out),
        Err(_) => put_misfit(&String::from_utf8_lossy(field), out),
    }
}

/// The positions of the query's columns in the file, with the names that they get.
fn choose(table: &Table, select: &Select) -> Result<Vec<(usize, String)>, ConnectorError> {
    let chosen: Vec<(usize, String)> = match &select.columns {
        None => table.columns.iter().cloned().enumerate().collect(),
        Some(columns) => columns
            .iter()
            .map(|(name, called)| {
                let (position, own) = find(table, name)?;
                let called = if called.is_empty() { own } else { called };
                Ok((position, called.clone()))
            })
            .collect::<Result<_, ConnectorError>>()?,
    };
    check_names(chosen.iter().map(|(_, name)| name.as_str()))?;
    Ok(chosen)
}

fn find<'a>(table: &'a Table, name: &str) -> Result<(usize, &'a String), ConnectorError> {
    let refuse = |why: &str, hint: String| {
        Err(ConnectorError::new(
            ProblemKind::Config,
            format!("{} has {why} called {name}", table.name),
        )
        .hint(hint))
    };
    let mut fitting = table
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.eq_ignore_ascii_case(name));
    match (fitting.next(), fitting.next()) {
        (Some(found), None) => Ok(found),
        (Some(_), Some(_)) => refuse("several columns", "rename one in the file".into()),
        (None, _) => match nearest(name, table.columns.iter().map(String::as_str)) {
            Some(other) => refuse("no column", format!("did you mean {other}?")),
            None => refuse("no column", format!("it has {}", table.columns.join(", "))),
        },
    }
}
