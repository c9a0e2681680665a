//! Columnar batches of rows from a source.

use super::cell::{Cell, Damaged, decode};

/// One column of a batch: the encodings of its cells, end to end.
#[derive(Debug, Clone, Default)]
pub struct ColumnCells {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl ColumnCells {
    /// Appends one cell by letting `write` append its encoding.
    pub fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.ends
            .push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
    }

    /// The encoding of the cell in `row`; empty past the end.
    pub fn cell(&self, row: usize) -> &[u8] {
        let start = match row.checked_sub(1) {
            Some(before) => self.ends.get(before).copied(),
            None => Some(0),
        };
        match (start, self.ends.get(row)) {
            (Some(start), Some(end)) => self
                .bytes
                .get(start as usize..*end as usize)
                .unwrap_or_default(),
            _ => &[],
        }
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

/// A columnar batch of rows from a source: at most 8,192 rows or about 4 MiB.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    columns: Vec<ColumnCells>,
}

impl Batch {
    /// Rows after which a source hands a batch on.
    pub const MAX_ROWS: usize = 8_192;
    /// Encoded bytes after which a source hands a batch on.
    pub const MAX_BYTES: usize = 4 << 20;

    /// Makes an empty batch of `columns` columns.
    pub fn new(columns: usize) -> Self {
        Self {
            columns: vec![ColumnCells::default(); columns],
        }
    }

    /// The column at `position`, to append one cell to. A row is one cell pushed to each column.
    pub fn column_mut(&mut self, position: usize) -> Option<&mut ColumnCells> {
        self.columns.get_mut(position)
    }

    /// All columns, to append one cell to each.
    pub fn columns_mut(&mut self) -> &mut [ColumnCells] {
        &mut self.columns
    }

    /// The columns.
    pub fn columns(&self) -> &[ColumnCells] {
        &self.columns
    }

    /// Number of whole rows.
    pub fn rows(&self) -> usize {
        self.columns
            .iter()
            .map(|column| column.ends.len())
            .min()
            .unwrap_or(0)
    }

    /// Encoded bytes held.
    pub fn bytes(&self) -> usize {
        self.columns.iter().map(|column| column.bytes.len()).sum()
    }

    /// Whether it is time to hand the batch on.
    pub fn is_full(&self) -> bool {
        self.rows() >= Self::MAX_ROWS || self.bytes() >= Self::MAX_BYTES
    }

    /// The encoding of one cell; empty where there is none.
    pub fn cell(&self, row: usize, column: usize) -> &[u8] {
        self.columns
            .get(column)
            .map_or(&[], |cells| cells.cell(row))
    }

    /// Decodes one cell.
    ///
    /// # Errors
    /// [`Damaged`] where there is none.
    pub fn value(&self, row: usize, column: usize) -> Result<Cell, Damaged> {
        decode(&mut self.cell(row, column))
    }

    /// Empties the batch and keeps its memory.
    pub fn clear(&mut self) {
        self.columns.iter_mut().for_each(ColumnCells::clear);
    }
}
