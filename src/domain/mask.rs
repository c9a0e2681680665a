//! Masks personal values where people look at what became of rows.
//!
//! Rows, histories and logs are looked at by people who mend a sync, not by those who may know the
//! persons in it. A plan is not masked: whoever approves it must read it. Keys stay too, for by its
//! key a row is found, retried and compared with the source; an e-mail address is masked even
//! there when it stands in a log.
//!
//! The rule: an e-mail address anywhere keeps the first letter of each half (`a•••@e•••`); a number
//! that begins with `+` and has at least seven digits keeps its last two; and in a field whose name
//! speaks of a person ([`is_personal`]) a telephone number keeps its last two digits and any other
//! text or number its first character. A field `name` counts where another field of the record
//! speaks of a person: a thing has a name too.

use std::borrow::Cow;

use serde_json::Value as Json;

/// Stands for what is not shown.
const HIDDEN: &str = "•••";
/// Digits from which a number may be a telephone's.
const PHONE_DIGITS: usize = 7;
/// Words in the name of a field that holds something personal, without case and separators.
const WORDS: &[&str] = &[
    "email",
    "phone",
    "mobile",
    "fax",
    "firstname",
    "lastname",
    "middlename",
    "surname",
    "givenname",
    "familyname",
    "fullname",
    "maidenname",
    "nickname",
    "street",
    "address",
    "birthday",
    "birthdate",
    "dateofbirth",
    "ssn",
    "passport",
    "iban",
];
/// Whole names of such fields.
const NAMES: &[&str] = &["dob", "tel", "mail", "born"];

/// Whether a field's name says that it holds something personal.
pub fn is_personal(field: &str) -> bool {
    let plain = plain(field);
    NAMES.contains(&plain.as_str()) || WORDS.iter().any(|word| plain.contains(word))
}

/// Whether a field is just a name: of a person, or of a thing.
fn is_name(field: &str) -> bool {
    plain(field) == "name"
}

fn plain(field: &str) -> String {
    let letters = field.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Masks the value of a field; documents are masked key by key.
pub fn value(field: &str, value: &Json) -> Json {
    match value {
        Json::String(text) if is_personal(field) => personal(text).into(),
        Json::String(plain) => text(plain).into_owned().into(),
        Json::Number(number) if is_personal(field) => personal(&number.to_string()).into(),
        Json::Array(items) => items.iter().map(|item| self::value(field, item)).collect(),
        Json::Object(keys) => {
            let of_person = keys.keys().any(|key| is_personal(key));
            let mask = |(key, item): (&String, &Json)| {
                let masked = match item {
                    _ if is_personal(field) => self::value(field, item),
                    Json::String(name) if of_person && is_name(key) => personal(name).into(),
                    _ => self::value(key, item),
                };
                (key.clone(), masked)
            };
            Json::Object(keys.iter().map(mask).collect())
        }
        other => other.clone(),
    }
}

/// Masks each field of a record.
pub fn record(record: &Json) -> Json {
    value("", record)
}

/// Masks the reason of a row: what it quotes, where the field is personal, and what looks personal
/// anywhere.
pub fn reason(field: Option<&str>, reason: &str) -> String {
    if !field.is_some_and(|field| is_personal(field) || is_name(field)) {
        return text(reason).into_owned();
    }
    let parts: Vec<Cow<'_, str>> = reason
        .split('`')
        .enumerate()
        .map(|(at, part)| {
            if at % 2 == 1 {
                personal(part).into()
            } else {
                text(part)
            }
        })
        .collect();
    parts.join("`")
}

/// Masks e-mail addresses and international telephone numbers in running text.
pub fn text(text: &str) -> Cow<'_, str> {
    if !text.contains(['@', '+']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (token, after) = split(rest);
        match (email(token), phone_at(rest)) {
            (Some(masked), _) => {
                out.push_str(&masked);
                rest = after;
            }
            (None, Some((masked, after))) => {
                out.push_str(&masked);
                rest = after;
            }
            (None, None) => {
                out.push_str(token);
                rest = after;
            }
        }
    }
    Cow::Owned(out)
}

/// Cuts the first word, or the first character that separates words, off a text.
fn split(text: &str) -> (&str, &str) {
    let separates = |c: char| c.is_whitespace() || "<>\"'`,;:()[]{}|=".contains(c);
    let end = match text.find(separates) {
        Some(0) => text.chars().next().map_or(0, char::len_utf8),
        Some(end) => end,
        None => text.len(),
    };
    text.split_at(end)
}

fn email(word: &str) -> Option<String> {
    let (local, domain) = word.rsplit_once('@')?;
    let (first, host) = (local.chars().next()?, domain.chars().next()?);
    Some(format!("{first}{HIDDEN}@{host}{HIDDEN}"))
}

/// A telephone number with a plus sign at the start of a text, masked, and what follows it.
fn phone_at(text: &str) -> Option<(String, &str)> {
    let body = text.strip_prefix('+')?;
    let end = body
        .find(|c: char| !is_phone_character(c))
        .unwrap_or(body.len());
    let number = body
        .get(..end)?
        .trim_end_matches(|c: char| !c.is_ascii_digit());
    let masked = phone(number)?;
    Some((masked, body.get(number.len()..)?))
}

fn is_phone_character(c: char) -> bool {
    c.is_ascii_digit() || " ()./-+".contains(c)
}

fn phone(text: &str) -> Option<String> {
    let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    let plain = text.chars().all(is_phone_character) && digits.len() >= PHONE_DIGITS;
    let last = digits.get(digits.len().saturating_sub(2)..)?;
    plain.then(|| format!("{HIDDEN}{}", String::from_iter(last)))
}

fn personal(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    email(text).or_else(|| phone(text)).unwrap_or_else(|| {
        let first: String = text.chars().take(1).collect();
        format!("{first}{HIDDEN}")
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn personal_values_lose_what_tells_the_person() {
        for (field, given, shown) in [
            ("Email", json!("ada@example.com"), json!("a•••@e•••")),
            (
                "note",
                json!("write to ada@example.com, now"),
                json!("write to a•••@e•••, now"),
            ),
            (
                "note",
                json!("call +49 30 1234567 today"),
                json!("call •••67 today"),
            ),
            ("phone", json!("030/1234567"), json!("•••67")),
            ("mobile_phone", json!(491_511_234_567_i64), json!("•••67")),
            ("LastName", json!("Lovelace"), json!("L•••")),
            (
                "address",
                json!({"city": "Berlin", "zip": 10115}),
                json!({"city": "B•••", "zip": "1•••"}),
            ),
            (
                "person",
                json!({"first_name": "Ada", "age": 36}),
                json!({"first_name": "A•••", "age": 36}),
            ),
            (
                "",
                json!({"email": "ada@example.com", "name": "Ada", "code": "x"}),
                json!({"email": "a•••@e•••", "name": "A•••", "code": "x"}),
            ),
            ("tags", json!(["vip", "x@y.z"]), json!(["vip", "x•••@y•••"])),
            ("dob", json!(""), json!("")),
            ("Email", Json::Null, Json::Null),
        ] {
            assert_eq!(value(field, &given), shown, "{field} {given}");
        }
    }

    #[test]
    fn what_is_not_personal_stays() {
        for (field, given) in [
            ("ltv", json!(12.5)),
            ("at", json!("2026-11-24T22:40:00+00:00")),
            ("sku", json!("00123456789")),
            ("plan_name", json!("pro")),
            ("", json!({"code": "61J", "name": "Lansdowne Airport"})),
            ("note", json!("1 + 1 @ home")),
            ("paid", json!(true)),
        ] {
            assert_eq!(value(field, &given), given, "{field}");
        }
    }

    #[test]
    fn a_reason_hides_what_it_quotes_of_a_personal_field() {
        let given = "`Lovelace` is over 3 characters";
        assert_eq!(
            reason(Some("LastName"), given),
            "`L•••` is over 3 characters"
        );
        assert_eq!(reason(Some("Region"), given), given);
        assert_eq!(reason(None, "bad: ada@example.com"), "bad: a•••@e•••");
    }

    proptest! {
        #[test]
        fn no_address_survives(before in "[a-z ]{0,8}", local in "[a-z]{2,8}", host in "[a-z]{2,8}") {
            let given = format!("{before} {local}@{host}.org!");
            let shown = text(&given).into_owned();
            let half = format!("{local}@");
            prop_assert!(!shown.contains(&half), "{}", shown);
        }

        #[test]
        fn masking_is_stable(given in any::<String>()) {
            let once = text(&given).into_owned();
            prop_assert_eq!(text(&once).into_owned(), once.clone());
            let _ = personal(&given);
        }
    }
}
