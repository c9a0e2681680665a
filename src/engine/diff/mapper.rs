//! What comparing needs of a mapping.

use crate::domain::model::Model;
use crate::domain::plan::{InvalidReason, Record, RecordShape};
use crate::domain::row::Cell;
use crate::domain::value::Value;

/// A compiled mapping. The cells that it is given are those of [`Self::inputs`], in that order.
pub trait RowMapper: Send + Sync {
    /// The fields of the records.
    fn shape(&self) -> &RecordShape;

    /// Positions of the model's columns that it reads, ascending.
    fn inputs(&self) -> &[usize];

    /// Whether the identifier is the untransformed primary key.
    fn identifier_is_key(&self, model: &Model) -> bool;

    /// Makes a record.
    ///
    /// # Errors
    /// [`InvalidReason`] where the row cannot be sent.
    fn apply(&self, cells: &[Cell]) -> Result<Record, InvalidReason>;

    /// The identifier of a record.
    fn identifier(&self, record: &Record) -> Vec<Value>;

    /// The identifier of a row that [`Self::apply`] refused, where that much can be told: nothing
    /// is deleted under an identifier to which an invalid row maps.
    fn identifier_of(&self, cells: &[Cell]) -> Option<Vec<Value>>;

    /// Appends what two versions of a record are compared by.
    fn comparison_bytes(&self, record: &Record, out: &mut Vec<u8>);

    /// Differs wherever the same cells could give another record.
    fn signature(&self) -> Vec<u8>;
}
