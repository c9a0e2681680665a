//! The coercion matrix: what becomes of a value of one type in a column or field of another.
