//! `preview`: the first rows of a model.

use crate::domain::command::{Command, Reply};
use crate::domain::problem::Problem;

use super::args::Json;
use super::context::{Context, unexpected};
use super::output::{self, Table, say};
use super::plan::plain;

/// Prints the first rows of a model.
pub(super) async fn preview(
    context: &Context,
    model: String,
    limit: u32,
    form: Json,
) -> Result<u8, Problem> {
    let table = match context
        .ask(Command::Preview {
            model: model.clone(),
            limit,
        })
        .await?
    {
        Reply::Table(table) => table,
        other => return Err(unexpected(&other)),
    };
    if form.json {
        output::json(&table)?;
        return Ok(0);
    }
    let names: Vec<&str> = table
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let mut printed = Table::new(&names);
    printed.row(
        table
            .columns
            .iter()
            .map(|column| column.kind.word().to_owned())
            .collect(),
    );
    for row in &table.rows {
        printed.row(row.iter().map(plain).collect());
    }
    printed.print();
    match (table.rows.len(), table.more) {
        (0, _) => say(format!("{model} gives no rows: check its query")),
        (count, true) => say(format!("the first {count} rows; there are more")),
        (count, false) => say(format!("{count} rows, which is all")),
    }
    Ok(0)
}
