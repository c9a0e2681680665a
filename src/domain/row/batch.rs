//! Batches of rows from a source: the encodings of all cells, row by row, end to end.
//!
//! What is hashed and spooled of a row are mostly all of its cells, and these are one piece here.

use std::ops::Range;

use super::cell::{Cell, Damaged, decode};

/// A batch of rows from a source: at most 8,192 rows or about 4 MiB.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    columns: usize,
    bytes: Vec<u8>,
    /// Where each cell ends.
    ends: Vec<u32>,
}

impl Batch {
    /// Rows after which a source hands a batch on.
    pub const MAX_ROWS: usize = 8_192;
    /// Encoded bytes after which a source hands a batch on.
    pub const MAX_BYTES: usize = 4 << 20;

    /// Makes an empty batch of `columns` columns.
    pub fn new(columns: usize) -> Self {
        Self {
            columns,
            ..Self::default()
        }
    }

    /// Makes an empty batch with room for about as much as this one holds.
    #[must_use]
    pub fn empty_like(&self) -> Self {
        Self {
            columns: self.columns,
            bytes: Vec::with_capacity(self.bytes.len() + self.bytes.len() / 16),
            ends: Vec::with_capacity(self.ends.len()),
        }
    }

    /// Appends the next cell by letting `write` append its encoding. A row is one cell for each
    /// column, in their order.
    #[inline]
    pub fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.ends
            .push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Number of whole rows.
    pub fn rows(&self) -> usize {
        self.ends.len().checked_div(self.columns).unwrap_or(0)
    }

    /// Encoded bytes held.
    #[inline]
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Whether it is time to hand the batch on.
    pub fn is_full(&self) -> bool {
        self.rows() >= Self::MAX_ROWS || self.bytes() >= Self::MAX_BYTES
    }

    /// The encoding of one cell; empty where there is none.
    #[inline]
    pub fn cell(&self, row: usize, column: usize) -> &[u8] {
        self.cells(row, column..column + 1)
    }

    /// The encodings of neighbouring cells of one row, end to end; empty where there are none.
    #[inline]
    pub fn cells(&self, row: usize, columns: Range<usize>) -> &[u8] {
        if columns.is_empty() || columns.end > self.columns {
            return &[];
        }
        let first = row * self.columns + columns.start;
        let last = row * self.columns + columns.end - 1;
        let start = match first.checked_sub(1) {
            Some(before) => self.ends.get(before).copied(),
            None => Some(0),
        };
        match (start, self.ends.get(last)) {
            (Some(start), Some(end)) => self
                .bytes
                .get(start as usize..*end as usize)
                .unwrap_or_default(),
            _ => &[],
        }
    }

    /// Has the processor fetch these rows at once. Rows that another thread has written come from
    /// its cache, and one by one each would be waited for.
    pub fn fetch(&self, rows: Range<usize>) {
        const LINE: usize = 64;
        let end_of = |row: usize| match (row * self.columns).checked_sub(1) {
            Some(last) => self.ends.get(last).map_or(0, |end| *end as usize),
            None => 0,
        };
        let bytes = self.bytes.get(end_of(rows.start)..end_of(rows.end));
        let lines = bytes.unwrap_or_default().iter().step_by(LINE);
        std::hint::black_box(lines.fold(0, |all, byte| all ^ byte));
    }

    /// Decodes one cell.
    ///
    /// # Errors
    /// [`Damaged`] where there is none.
    pub fn value(&self, row: usize, column: usize) -> Result<Cell, Damaged> {
        decode(&mut self.cell(row, column))
    }
}
