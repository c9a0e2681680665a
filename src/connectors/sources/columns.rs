//! The columns of a result: their names checked, the wanted ones found.

use std::collections::HashSet;

use crate::connectors::contract::ConnectorError;
use crate::domain::model::Column;
use crate::domain::near::nearest;
use crate::domain::problem::ProblemKind;

/// Refuses names that a model cannot use.
pub(super) fn check_names<'a>(
    names: impl IntoIterator<Item = &'a str>,
) -> Result<(), ConnectorError> {
    let mut seen = HashSet::new();
    for (position, name) in names.into_iter().enumerate() {
        if name.trim().is_empty() {
            return Err(ConnectorError::new(
                ProblemKind::Config,
                format!("column {} of the query has no name", position + 1),
            )
            .hint("give it one with: as name"));
        }
        if !seen.insert(name) {
            return Err(ConnectorError::new(
                ProblemKind::Config,
                format!("the query gives two columns called {name}"),
            )
            .hint("name the columns one by one, with: as other_name"));
        }
    }
    Ok(())
}

/// Finds the position of each wanted column among `names`.
pub(super) fn locate(names: &[&str], wanted: &[Column]) -> Result<Vec<usize>, ConnectorError> {
    wanted
        .iter()
        .map(|column| {
            names
                .iter()
                .position(|name| *name == column.name)
                .ok_or_else(|| vanished(&column.name, names))
        })
        .collect()
}

fn vanished(name: &str, names: &[&str]) -> ConnectorError {
    ConnectorError::new(
        ProblemKind::Config,
        format!("the column {name} vanished from the query's result"),
    )
    .hint(match nearest(name, names.iter().copied()) {
        Some(other) => format!("did you mean {other}? else save the model again"),
        None => format!(
            "the query now gives {}; mend it, or save the model again",
            names.join(", ")
        ),
    })
}
