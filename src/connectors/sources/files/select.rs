//! The plain queries that are read from the file itself: `select a, b as c from flights`.

/// A query over one file without any expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Select {
    /// The wanted columns with the names that they get; nothing for `*`.
    pub(super) columns: Option<Vec<(String, String)>>,
    /// The table.
    pub(super) table: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A name without quotes, in which words such as `from` are looked for.
    Bare(String),
    /// A name in double quotes.
    Quoted(String),
    Comma,
    Star,
    End,
}

/// Words that may not stand bare where a name is expected: what follows is more than a plain query,
/// or no query at all.
const RESERVED: [&str; 33] = [
    "all",
    "and",
    "as",
    "between",
    "by",
    "case",
    "cast",
    "current_date",
    "current_time",
    "current_timestamp",
    "distinct",
    "exists",
    "false",
    "from",
    "group",
    "having",
    "in",
    "is",
    "join",
    "limit",
    "not",
    "null",
    "on",
    "or",
    "order",
    "select",
    "set",
    "true",
    "union",
    "using",
    "values",
    "when",
    "where",
];

impl Select {
    /// Reads a plain query; nothing where it is more than that.
    pub(super) fn parse(sql: &str) -> Option<Self> {
        let tokens = tokens(sql)?;
        let mut rest = tokens.as_slice();
        word(&mut rest, "select")?;
        let columns = if rest.first() == Some(&Token::Star) {
            rest = rest.get(1..)?;
            None
        } else {
            Some(columns(&mut rest)?)
        };
        word(&mut rest, "from")?;
        let table = name(&mut rest)?;
        if rest.first() == Some(&Token::End) {
            rest = rest.get(1..)?;
        }
        rest.is_empty().then_some(Self { columns, table })
    }
}

fn columns(rest: &mut &[Token]) -> Option<Vec<(String, String)>> {
    let mut columns = Vec::new();
    loop {
        let column = name(rest)?;
        let called = if word(rest, "as").is_some() {
            Some(name(rest)?)
        } else {
            None
        };
        columns.push((column.clone(), called.unwrap_or_default()));
        if rest.first() != Some(&Token::Comma) {
            return Some(columns);
        }
        *rest = rest.get(1..)?;
    }
}

fn word(rest: &mut &[Token], wanted: &str) -> Option<()> {
    match rest.split_first()? {
        (Token::Bare(word), tail) if word.eq_ignore_ascii_case(wanted) => {
            *rest = tail;
            Some(())
        }
        _ => None,
    }
}

fn name(rest: &mut &[Token]) -> Option<String> {
    let (token, tail) = rest.split_first()?;
    let name = match token {
        Token::Bare(word)
            if RESERVED
                .iter()
                .any(|known| known.eq_ignore_ascii_case(word)) =>
        {
            return None;
        }
        Token::Bare(name) | Token::Quoted(name) => name.clone(),
        _ => return None,
    };
    *rest = tail;
    Some(name)
}

fn tokens(sql: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = sql.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            ',' => (Token::Comma, 1),
            '*' => (Token::Star, 1),
            ';' => (Token::End, 1),
            '"' => quoted(rest)?,
            '_' | 'a'..='z' | 'A'..='Z' => bare(rest),
            _ => return None,
        };
        tokens.push(token);
        rest = rest.get(length..)?.trim_start();
    }
    Some(tokens)
}

fn bare(text: &str) -> (Token, usize) {
    let end = text
        .find(|c: char| !(c == '_' || c.is_ascii_alphanumeric()))
        .unwrap_or(text.len());
    (
        Token::Bare(text.get(..end).unwrap_or_default().to_owned()),
        end,
    )
}

fn quoted(text: &str) -> Option<(Token, usize)> {
    let mut name = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character != '"' {
            name.push(character);
        } else if characters.next_if(|(_, next)| *next == '"').is_some() {
            name.push('"');
        } else {
            return Some((Token::Quoted(name), at + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_queries_are_told_from_others() {
        assert_eq!(
            Select::parse(" SELECT *\nFROM flights ;"),
            Some(Select {
                columns: None,
                table: "flights".into()
            })
        );
        assert_eq!(
            Select::parse(r#"select a, "b ""c" as d from "my file""#),
            Some(Select {
                columns: Some(vec![
                    ("a".into(), String::new()),
                    ("b \"c".into(), "d".into())
                ]),
                table: "my file".into()
            })
        );
        for sql in [
            "",
            "select",
            "select from t",
            "select a b from t",
            "select * from t where a = 1",
            "select * from t limit 1",
            "select distinct a from t",
            "select count(*) from t",
            "select 'a' from t",
            "select null from t",
            "select current_date from t",
            "select *, a from t",
            "select * from t, u",
            "select * from t; select * from u",
            "select * from \"t",
            "select t.a from t",
            "select a from t -- comment",
            "with t as (select 1) select * from t",
        ] {
            assert_eq!(Select::parse(sql), None, "{sql}");
        }
    }
}
