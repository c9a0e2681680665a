//! Models of a resource file: their columns are described by the source and pinned.

use std::collections::HashSet;

use tokio_util::sync::CancellationToken;

use crate::config::{ConfigError, Document, ModelDoc};
use crate::domain::id::ModelId;
use crate::domain::model::{Column, Model, Role};
use crate::domain::problem::Problem;
use crate::store::CatalogChange;

use super::super::{connect, names};
use super::connections::parsed;
use super::{Draft, at_line, changes, claimed, known_as};

impl Draft<'_> {
    /// Takes the file's models into the draft.
    pub(super) async fn models(&mut self, document: &Document) -> Result<(), Problem> {
        let claimed = claimed(document.models.iter().map(|doc| &doc.id));
        for doc in &document.models {
            let new = self.model(doc, &claimed).await?;
            let old = self
                .catalog
                .models
                .iter()
                .find(|model| model.id == new.id)
                .cloned();
            let change = changes::between("model", &new.name, old.as_ref(), Some(&new));
            if old
                .as_ref()
                .is_some_and(|old| old.primary_key != new.primary_key)
            {
                self.rekeyed.push(new.clone());
            }
            if change.action != "unchanged" {
                self.touched.insert(new.id.to_string());
                self.catalog.models.retain(|model| model.id != new.id);
                self.catalog.models.push(new.clone());
                self.changes.push(CatalogChange::PutModel(new));
            }
            self.shown.push(change);
        }
        Ok(())
    }

    async fn model(&self, doc: &ModelDoc, claimed: &HashSet<&str>) -> Result<Model, Problem> {
        let old = known_as(
            (doc.id.as_deref(), &doc.name),
            &self.catalog.models,
            |model| (model.id.as_str(), &model.name),
            claimed,
        );
        let source = names::source(&self.catalog, &doc.source)
            .map_err(|problem| at_line(doc.line, problem))?;
        let source_changed = self.touched.contains(source.id.as_str());
        let mut model = Model {
            id: match (old, &doc.id) {
                (Some(old), _) => old.id.clone(),
                (None, Some(id)) => parsed(doc.line, ModelId::parse(id))?,
                (None, None) => ModelId::from_bits(self.core.random()),
            },
            name: doc.name.clone(),
            source: source.id.clone(),
            sql: doc.sql.clone(),
            columns: Vec::new(),
            primary_key: doc.primary_key.clone(),
            revision: old.map_or(1, |old| old.revision + 1),
        };
        let pinned =
            old.filter(|old| !source_changed && old.sql == model.sql && old.source == model.source);
        model.columns = match pinned {
            // The pinned types stand: data that came since does not change them.
            Some(old) if declared_as(&old.columns, doc) => old.columns.clone(),
            _ => {
                let connector = connect::source(self.core, source).await?;
                let cancel = CancellationToken::new();
                let columns = connector
                    .describe(&model.sql, &cancel)
                    .await
                    .map_err(|error| {
                        let problem = Problem::from(error);
                        let text = format!("the model {}: {}", doc.name, problem.text);
                        at_line(doc.line, Problem { text, ..problem })
                    })?;
                declare(columns, doc)?
            }
        };
        for column in &mut model.columns {
            // A column of which the file says nothing is an attribute.
            column.role = role(doc, &column.name);
        }
        for key in &doc.primary_key {
            find(&model.columns, key, doc)?;
        }
        Ok(model)
    }
}

fn role(doc: &ModelDoc, name: &str) -> Role {
    let wanted = doc.columns.iter().find(|column| column.name == name);
    wanted.map_or(Role::Attribute, |column| column.role)
}

/// Whether exactly the columns that the file declares were declared when the types were pinned.
fn declared_as(columns: &[Column], doc: &ModelDoc) -> bool {
    let known = doc
        .columns
        .iter()
        .all(|wanted| columns.iter().any(|c| c.name == wanted.name));
    known
        && columns.iter().all(|column| {
            let wanted = doc.columns.iter().find(|wanted| wanted.name == column.name);
            match wanted.and_then(|wanted| wanted.kind) {
                Some(kind) => column.declared && column.kind == kind,
                None => !column.declared,
            }
        })
}

fn declare(mut columns: Vec<Column>, doc: &ModelDoc) -> Result<Vec<Column>, Problem> {
    for wanted in &doc.columns {
        find(&columns, &wanted.name, doc)?;
    }
    for column in &mut columns {
        let wanted = doc.columns.iter().find(|wanted| wanted.name == column.name);
        if let Some(kind) = wanted.and_then(|wanted| wanted.kind) {
            column.kind = kind;
            column.declared = true;
        }
    }
    Ok(columns)
}

fn find(columns: &[Column], name: &str, doc: &ModelDoc) -> Result<(), Problem> {
    if columns.iter().any(|column| column.name == name) {
        return Ok(());
    }
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let text = format!(
        "the query of the model {} gives no column '{name}'",
        doc.name
    );
    Err(ConfigError::new(doc.line, text)
        .hint(format!("it gives {}", names.join(", ")))
        .into())
}
