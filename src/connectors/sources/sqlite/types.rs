//! What a column's declared type means (SQLite itself enforces none; <https://www.sqlite.org/datatype3.html>).

use crate::domain::value::Type;

/// Gives the type for a declaration such as `VARCHAR(40)`, or nothing where it says too little.
pub(super) fn declared(declaration: &str) -> Option<Type> {
    let words = declaration
        .split('(')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_uppercase();
    Some(match words.as_str() {
        "BOOL" | "BOOLEAN" => Type::Boolean,
        "DATE" => Type::Date,
        "TIME" => Type::Time,
        "JSON" => Type::Json,
        "NUMERIC" | "DECIMAL" | "DEC" | "NUMBER" | "MONEY" => Type::Decimal,
        "UUID" | "STRING" | "NVARCHAR" => Type::Text,
        "BYTEA" | "BINARY" | "VARBINARY" => Type::Bytes,
        other if other.starts_with("DATETIME") || other.starts_with("TIMESTAMP") => Type::Timestamp,
        // SQLite's own rules of affinity, in their order.
        other if other.contains("INT") && !other.contains("POINT") => Type::Integer,
        other
            if ["CHAR", "CLOB", "TEXT"]
                .iter()
                .any(|word| other.contains(word)) =>
        {
            Type::Text
        }
        other if other.contains("BLOB") => Type::Bytes,
        other
            if ["REAL", "FLOA", "DOUB"]
                .iter()
                .any(|word| other.contains(word)) =>
        {
            Type::Double
        }
        _ => return None,
    })
}

/// What the cells of a column without a declared type turn out to be.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    integer: bool,
    /// An integer that a double cannot hold exactly.
    wide: bool,
    real: bool,
    text: bool,
    bytes: bool,
}

impl Seen {
    /// Looks at one more cell.
    pub(super) fn look(&mut self, value: rusqlite::types::ValueRef<'_>) {
        use rusqlite::types::ValueRef;
        match value {
            ValueRef::Null => {}
            ValueRef::Integer(number) => {
                self.integer = true;
                self.wide |= number.unsigned_abs() > 1 << 53;
            }
            ValueRef::Real(_) => self.real = true,
            ValueRef::Text(_) => self.text = true,
            ValueRef::Blob(_) => self.bytes = true,
        }
    }

    /// The type that holds all that was seen; text where nothing was.
    pub(super) fn kind(self) -> Type {
        let number = self.integer || self.real;
        match (self.text, self.bytes) {
            (false, true) if !number => Type::Bytes,
            (false, false) if self.real && self.wide => Type::Decimal,
            (false, false) if self.real => Type::Double,
            (false, false) if self.integer => Type::Integer,
            _ => Type::Text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_read_as_people_mean_them() {
        for (declaration, kind) in [
            ("INTEGER", Some(Type::Integer)),
            ("bigint unsigned", Some(Type::Integer)),
            ("VARCHAR(40)", Some(Type::Text)),
            ("double precision", Some(Type::Double)),
            ("DECIMAL(10, 2)", Some(Type::Decimal)),
            ("numeric", Some(Type::Decimal)),
            ("Boolean", Some(Type::Boolean)),
            ("DATE", Some(Type::Date)),
            ("DATETIME", Some(Type::Timestamp)),
            ("TIMESTAMP WITH TIME ZONE", Some(Type::Timestamp)),
            ("JSON", Some(Type::Json)),
            ("BLOB", Some(Type::Bytes)),
            ("", None),
            ("POINT", None),
            ("whatever", None),
        ] {
            assert_eq!(declared(declaration), kind, "{declaration}");
        }
    }
}
