//! Reads what a destination's database holds.

/// Rows of a database, their cells joined by `|`.
pub fn query(path: &std::path::Path, sql: &str) -> Vec<String> {
    let db = rusqlite::Connection::open(path).unwrap();
    let mut statement = db.prepare(sql).unwrap();
    let width = statement.column_count();
    let rows = statement.query_map([], |row| {
        let cells = (0..width).map(|at| {
            Ok(match row.get::<_, rusqlite::types::Value>(at)? {
                rusqlite::types::Value::Null => "null".to_owned(),
                rusqlite::types::Value::Integer(number) => number.to_string(),
                rusqlite::types::Value::Real(number) => number.to_string(),
                rusqlite::types::Value::Text(text) => text,
                rusqlite::types::Value::Blob(_) => "blob".to_owned(),
            })
        });
        Ok(cells
            .collect::<Result<Vec<String>, rusqlite::Error>>()?
            .join("|"))
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}
