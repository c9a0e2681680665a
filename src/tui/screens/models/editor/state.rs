//! What the model editor remembers: the draft, its panes, and what was asked about it.

use super::columns::{ColumnDraftRow, Columns};
use super::rows::Rows;
use crate::domain::command::Table as PreviewTable;
use crate::domain::edit::{ColumnDraft, ModelDraft};
use crate::domain::explore::{CatalogTable, KeyCheck};
use crate::domain::model::{Model, Role as ColumnRole};
use crate::link::WorkspaceView;
use crate::tui::edits::Saving;
use crate::tui::requests::Waiting;
use crate::tui::widgets::editor::Editor;
use crate::tui::widgets::form::{Form, FormField, choice, text};

/// The panes of the editor, in the order of tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Pane {
    /// Name and source.
    Head,
    #[default]
    Sql,
    Columns,
    Rows,
}

impl Pane {
    pub(super) const ALL: [Self; 4] = [Self::Head, Self::Sql, Self::Columns, Self::Rows];

    pub(super) fn next(self, forward: bool) -> Self {
        let here = Self::ALL.iter().position(|pane| *pane == self).unwrap_or(0);
        let step = if forward { 1 } else { Self::ALL.len() - 1 };
        let next = Self::ALL.get((here + step) % Self::ALL.len());
        next.copied().unwrap_or_default()
    }
}

/// Rows that were read to look at, of which query, and how long it took.
#[derive(Debug)]
pub(super) struct Preview {
    pub table: PreviewTable,
    pub sql: String,
    pub ms: u64,
}

/// The editor of a model.
#[derive(Debug)]
pub(crate) struct ModelEditor {
    /// The model that is edited; nothing for a new one.
    pub(super) id: Option<String>,
    pub(super) revision: Option<u64>,
    /// How it was when it was opened or saved.
    pub(super) before: ModelDraft,
    pub(super) pane: Pane,
    pub(super) head: Form,
    pub(super) sql: Editor,
    pub(super) columns: Columns,
    pub(super) rows: Rows,
    pub(super) preview: Waiting<Preview>,
    /// When the preview was asked for, and of which query.
    pub(super) asked: Option<(u64, String)>,
    /// Whether columns tell every row from every other, and which columns those were.
    pub(super) check: Waiting<KeyCheck>,
    pub(super) checked: Vec<String>,
    pub(super) catalog: Waiting<Vec<CatalogTable>>,
    /// The source whose catalog that is.
    pub(super) catalog_of: String,
    pub(super) saving: Saving,
    /// What kept it from being saved, until something is changed.
    pub(super) trouble: Option<(String, String)>,
}

impl ModelEditor {
    /// An empty one; where there is one source, it is chosen already.
    pub(crate) fn fresh(world: &WorkspaceView) -> Self {
        let source = match world.sources.as_slice() {
            [only] => only.name.clone(),
            _ => String::new(),
        };
        let draft = ModelDraft {
            id: None,
            revision: None,
            name: String::new(),
            source,
            sql: String::new(),
            primary_key: Vec::new(),
            columns: Vec::new(),
        };
        let mut editor = Self::with(world, draft, Columns::default());
        editor.pane = Pane::Head;
        editor
    }

    /// The editor of a model.
    pub(crate) fn of(world: &WorkspaceView, model: &Model) -> Self {
        let source = super::super::state::source_name(world, model).to_owned();
        let rows = model.columns.iter().map(|column| ColumnDraftRow {
            name: column.name.clone(),
            kind: column.kind,
            declared: column.declared,
            role: column.role,
        });
        let columns = Columns::new(rows.collect(), model.primary_key.clone());
        let draft = ModelDraft {
            id: Some(model.id.to_string()),
            revision: Some(model.revision),
            name: model.name.clone(),
            source,
            sql: model.sql.clone(),
            primary_key: model.primary_key.clone(),
            columns: drafts(&columns),
        };
        Self::with(world, draft, columns)
    }

    /// A new one that begins as a copy of `model`.
    pub(crate) fn copy_of(world: &WorkspaceView, model: &Model, name: &str) -> Self {
        let mut editor = Self::of(world, model);
        editor.id = None;
        editor.revision = None;
        // It differs from what is saved, which is nothing.
        editor.before = Self::fresh(world).before;
        editor.head = head(world, name, Some(&editor.source()));
        editor
    }

    fn with(world: &WorkspaceView, draft: ModelDraft, columns: Columns) -> Self {
        let chosen = Some(draft.source.as_str()).filter(|name| !name.is_empty());
        let head = head(world, &draft.name, chosen);
        let sql = Editor::new(draft.sql.trim_end());
        let before = ModelDraft {
            sql: sql.text(),
            ..draft
        };
        Self {
            id: before.id.clone(),
            revision: before.revision,
            pane: Pane::default(),
            head,
            sql,
            columns,
            rows: Rows::default(),
            preview: Waiting::Not,
            asked: None,
            check: Waiting::Not,
            checked: Vec::new(),
            catalog: Waiting::Not,
            catalog_of: String::new(),
            saving: Saving::Not,
            trouble: None,
            before,
        }
    }

    /// The name as it is typed now.
    pub(super) fn name(&self) -> String {
        self.head.text("name")
    }

    pub(super) fn source(&self) -> String {
        self.head.text("source")
    }

    /// What would be saved.
    pub(super) fn draft(&self) -> ModelDraft {
        ModelDraft {
            id: self.id.clone(),
            revision: self.revision,
            name: self.name(),
            source: self.source(),
            sql: self.sql.text(),
            primary_key: self.columns.key.clone(),
            columns: drafts(&self.columns),
        }
    }

    /// Whether the columns that are shown are those of another query than the one that stands
    /// there now.
    pub(super) fn columns_are_old(&self) -> bool {
        let read = self.preview.here().map(|preview| preview.sql.as_str());
        let known = read.unwrap_or(&self.before.sql);
        !self.columns.rows.is_empty() && known != self.sql.text()
    }
}

/// The form of name and source.
fn head(world: &WorkspaceView, name: &str, source: Option<&str>) -> Form {
    let sources: Vec<String> = world.sources.iter().map(|s| s.name.clone()).collect();
    Form::new(vec![
        FormField::new("name", "Name", "", text(name)).required(),
        FormField::new("source", "Source", "", choice(&sources, source)).required(),
    ])
}

/// The columns of which a person has said something.
fn drafts(columns: &Columns) -> Vec<ColumnDraft> {
    columns
        .rows
        .iter()
        .filter(|row| row.declared || row.role == ColumnRole::Identifier)
        .map(|row| ColumnDraft {
            name: row.name.clone(),
            kind: row.declared.then_some(row.kind),
            role: row.role,
        })
        .collect()
}
