//! The operations of a delivery batch as a destination reads them.

use crate::domain::plan::Operation;
use crate::domain::value::Value;

use super::contract::ConnectorError;

type ReadAt<T> = Box<dyn Fn(usize) -> Result<T, ConnectorError> + Send>;

/// Operations of one delivery batch, each decoded when it is looked at: one after the other, or at
/// any position as often as is wanted.
pub struct BatchReader {
    read: ReadAt<Operation>,
    /// Where the identifier alone is read with less work.
    read_identifier: Option<ReadAt<Vec<Value>>>,
    next: usize,
    count: usize,
}

impl BatchReader {
    /// Wraps what gives the operation at each of `count` positions.
    pub fn new(
        count: usize,
        read: impl Fn(usize) -> Result<Operation, ConnectorError> + Send + 'static,
    ) -> Self {
        Self {
            read: Box::new(read),
            read_identifier: None,
            next: 0,
            count,
        }
    }

    /// Adds what gives the identifier alone, with less work than the whole operation.
    #[must_use]
    pub fn identifiers(
        mut self,
        read: impl Fn(usize) -> Result<Vec<Value>, ConnectorError> + Send + 'static,
    ) -> Self {
        self.read_identifier = Some(Box::new(read));
        self
    }

    /// Gives the identifier's values of the operation at a position below the number of all.
    ///
    /// # Errors
    /// As [`Self::at`].
    pub fn identifier(&self, position: usize) -> Result<Vec<Value>, ConnectorError> {
        match &self.read_identifier {
            Some(read) => read(position),
            None => Ok(self.at(position)?.identifier),
        }
    }

    /// Gives the operation at a position below the number of all.
    ///
    /// # Errors
    /// [`ConnectorError`] where the plan file cannot be read.
    pub fn at(&self, position: usize) -> Result<Operation, ConnectorError> {
        (self.read)(position)
    }
}

impl Iterator for BatchReader {
    type Item = Result<Operation, ConnectorError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.count {
            return None;
        }
        let at = self.next;
        self.next += 1;
        Some(self.at(at))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.count - self.next;
        (left, Some(left))
    }
}

/// Its length is the number of operations that are still to come.
impl ExactSizeIterator for BatchReader {}
