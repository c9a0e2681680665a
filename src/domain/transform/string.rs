//! Transforms of text.

use regex::{Regex, RegexBuilder};
use unicode_segmentation::UnicodeSegmentation as _;

use super::arguments::Arguments;
use super::compiled::{Built, Output, TransformError, check_size, text_of};
use super::spec::{Family, Parameter, ParameterKind as Kind, TransformSpec};
use crate::domain::value::{Type, Value};

/// Bytes that a compiled pattern may have.
const MAX_PATTERN_BYTES: usize = 1 << 20;
/// The longest text that padding makes, in characters.
const MAX_PADDING: i64 = 10_000;

const SEPARATOR: Parameter = Parameter::required("separator", Kind::Text, "what stands between");
const PATTERN: Parameter = Parameter::required(
    "pattern",
    Kind::Text,
    "a regular expression (RE2 syntax, no look-around)",
);
const WIDTH: Parameter = Parameter::required(
    "length",
    Kind::Integer,
    "characters that the result has at least",
);
const FILL: Parameter = Parameter::optional("with", Kind::Text, "\" \"", "what fills it up");

pub(super) fn specs() -> Vec<TransformSpec> {
    let spec = Family::String.specs();
    vec![
        spec(
            "trim",
            "cuts white space, or the given characters, from the ends",
            const {
                &[
                    Parameter::optional(
                        "characters",
                        Kind::Text,
                        "",
                        "what to cut instead of white space",
                    ),
                    Parameter::optional(
                        "side",
                        Kind::Choice(&["both", "start", "end"]),
                        "\"both\"",
                        "where to cut",
                    ),
                ]
            },
            ("\"  Ada \"", "{}", "\"Ada\""),
            trim,
        ),
        spec(
            "lower",
            "makes all letters small",
            &[],
            ("\"ADA\"", "{}", "\"ada\""),
            |_| Ok(Built::on_text(|text| Ok(text.to_lowercase()))),
        ),
        spec(
            "upper",
            "makes all letters capital",
            &[],
            ("\"ada\"", "{}", "\"ADA\""),
            |_| Ok(Built::on_text(|text| Ok(text.to_uppercase()))),
        ),
        spec(
            "title",
            "makes the first letter of each word capital and the others small",
            &[],
            ("\"ada LOVELACE-o'neil\"", "{}", "\"Ada Lovelace-O'neil\""),
            |_| Ok(Built::on_text(|text| Ok(title(&text)))),
        ),
        spec(
            "substring",
            "takes a part of the text, counted in characters",
            const {
                &[
                    Parameter::optional(
                        "start",
                        Kind::Integer,
                        "0",
                        "where it begins, from 0; negative counts from the end",
                    ),
                    Parameter::optional(
                        "length",
                        Kind::Integer,
                        "",
                        "how many characters; without it, up to the end",
                    ),
                ]
            },
            ("\"Lovelace\"", "{\"start\": 0, \"length\": 4}", "\"Love\""),
            substring,
        ),
        spec(
            "replace",
            "puts one text for another, everywhere",
            const {
                &[
                    Parameter::required("find", Kind::Text, "the text to find"),
                    Parameter::optional("with", Kind::Text, "\"\"", "the text to put there"),
                ]
            },
            (
                "\"a-b-c\"",
                "{\"find\": \"-\", \"with\": \"_\"}",
                "\"a_b_c\"",
            ),
            replace,
        ),
        spec(
            "regex_extract",
            "takes the first match of a pattern, or one of its groups; null where nothing matches",
            const {
                &[
                    PATTERN,
                    Parameter::optional(
                        "group",
                        Kind::Integer,
                        "",
                        "which group; without it the first, or the whole match where there is none",
                    ),
                ]
            },
            (
                "\"order 4711 of May\"",
                "{\"pattern\": \"order ([0-9]+)\"}",
                "\"4711\"",
            ),
            regex_extract,
        ),
        spec(
            "regex_replace",
            "replaces every match of a pattern; $1 or ${name} stands for a group, $$ for a dollar",
            const {
                &[
                    PATTERN,
                    Parameter::optional("with", Kind::Text, "\"\"", "the text to put there"),
                ]
            },
            (
                "\"2013/12/31\"",
                "{\"pattern\": \"[/.]\", \"with\": \"-\"}",
                "\"2013-12-31\"",
            ),
            regex_replace,
        ),
        spec(
            "pad_left",
            "fills a short text up from the left",
            const { &[WIDTH, FILL] },
            ("\"42\"", "{\"length\": 5, \"with\": \"0\"}", "\"00042\""),
            |arguments| pad(arguments, true),
        ),
        spec(
            "pad_right",
            "fills a short text up from the right",
            const { &[WIDTH, FILL] },
            ("\"42\"", "{\"length\": 4, \"with\": \".\"}", "\"42..\""),
            |arguments| pad(arguments, false),
        ),
        spec(
            "split_part",
            "takes one part of a separated text; null where there is no such part",
            const {
                &[
                    SEPARATOR,
                    Parameter::optional(
                        "index",
                        Kind::Integer,
                        "0",
                        "which part, from 0; negative counts from the end",
                    ),
                ]
            },
            (
                "\"ada@example.com\"",
                "{\"separator\": \"@\", \"index\": 1}",
                "\"example.com\"",
            ),
            split_part,
        ),
        spec(
            "concat",
            "puts texts before and after; null stays null unless null_as_empty",
            const {
                &[
                    Parameter::optional("before", Kind::Text, "\"\"", "the text before"),
                    Parameter::optional("after", Kind::Text, "\"\"", "the text after"),
                    Parameter::optional(
                        "null_as_empty",
                        Kind::Boolean,
                        "false",
                        "takes null for the empty text",
                    ),
                ]
            },
            ("4711", "{\"before\": \"C-\"}", "\"C-4711\""),
            concat,
        ),
        spec(
            "slugify",
            "makes a name for addresses: small Latin letters, digits and hyphens",
            &[],
            ("\"Crème brûlée & Co.\"", "{}", "\"creme-brulee-co\""),
            |_| Ok(Built::on_text(|text| Ok(slug::slugify(text)))),
        ),
    ]
}

fn trim(arguments: &Arguments) -> Result<Built, TransformError> {
    let characters: Option<Vec<char>> = arguments
        .optional_text("characters")
        .map(|text| text.chars().collect());
    let side = arguments.text("side");
    Ok(Built::on_text(move |text| {
        let cut = |character: char| match &characters {
            Some(characters) => characters.contains(&character),
            None => character.is_whitespace(),
        };
        let trimmed = match side.as_str() {
            "start" => text.trim_start_matches(cut),
            "end" => text.trim_end_matches(cut),
            _ => text.trim_matches(cut),
        };
        Ok(if trimmed.len() == text.len() {
            text
        } else {
            trimmed.to_owned()
        })
    }))
}

fn title(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for piece in text.split_word_bounds() {
        let mut characters = piece.chars();
        if let Some(first) = characters.next() {
            result.extend(first.to_uppercase());
            result.push_str(&characters.as_str().to_lowercase());
        }
    }
    result
}

fn substring(arguments: &Arguments) -> Result<Built, TransformError> {
    let start = arguments.integer("start").unwrap_or(0);
    let length = arguments
        .count("length", 0..=i64::MAX)?
        .unwrap_or(usize::MAX);
    Ok(Built::on_text(move |text| {
        let from_end = usize::try_from(start.unsigned_abs()).unwrap_or(usize::MAX);
        let skipped = if start < 0 {
            text.chars().count().saturating_sub(from_end)
        } else {
            from_end
        };
        Ok(text.chars().skip(skipped).take(length).collect())
    }))
}

fn replace(arguments: &Arguments) -> Result<Built, TransformError> {
    let find = arguments.text("find");
    let with = arguments.text("with");
    if find.is_empty() {
        return Err(arguments.invalid("find", "it is empty".to_owned()));
    }
    Ok(Built::on_text(move |text| {
        if with.len() > find.len() {
            let growth = text.matches(find.as_str()).count() * (with.len() - find.len());
            check_size(text.len() + growth)?;
        }
        Ok(text.replace(&find, &with))
    }))
}

fn pattern(arguments: &Arguments) -> Result<Regex, TransformError> {
    RegexBuilder::new(&arguments.text("pattern"))
        .size_limit(MAX_PATTERN_BYTES)
        .dfa_size_limit(MAX_PATTERN_BYTES)
        .build()
        .map_err(|error| arguments.invalid("pattern", one_line(&error.to_string())))
}

/// The last line of a many-line message says what is wrong.
fn one_line(message: &str) -> String {
    message
        .lines()
        .next_back()
        .unwrap_or_default()
        .trim_start_matches("error: ")
        .to_owned()
}

fn regex_extract(arguments: &Arguments) -> Result<Built, TransformError> {
    let regex = pattern(arguments)?;
    let groups = regex.captures_len();
    let group = match arguments.count("group", 0..=i64::MAX)? {
        Some(group) if group >= groups => {
            return Err(
                arguments.invalid("group", format!("the pattern has {} groups", groups - 1))
            );
        }
        Some(group) => group,
        None => usize::from(groups > 1),
    };
    Ok(Built::new(Output::Fixed(Type::Text), move |value| {
        let text = text_of(value)?;
        let found = regex.captures(&text).and_then(|found| found.get(group));
        Ok(found.map_or(Value::Null, |found| Value::text(found.as_str())))
    }))
}

fn regex_replace(arguments: &Arguments) -> Result<Built, TransformError> {
    let regex = pattern(arguments)?;
    let with = arguments.text("with");
    let groups_put = with.matches('$').count();
    Ok(Built::on_text(move |text| {
        let mut result = String::with_capacity(text.len());
        let mut rest = 0;
        for found in regex.captures_iter(&text) {
            let Some(whole) = found.get(0) else { continue };
            result.push_str(text.get(rest..whole.start()).unwrap_or_default());
            // A group is at most the whole match, so this bounds the expansion before it is made.
            check_size(result.len() + with.len() + groups_put * whole.len())?;
            found.expand(&with, &mut result);
            rest = whole.end();
        }
        result.push_str(text.get(rest..).unwrap_or_default());
        Ok(result)
    }))
}

fn pad(arguments: &Arguments, left: bool) -> Result<Built, TransformError> {
    let width = arguments.count("length", 0..=MAX_PADDING)?.unwrap_or(0);
    let fill = arguments.text("with");
    if fill.is_empty() {
        return Err(arguments.invalid("with", "it is empty".to_owned()));
    }
    Ok(Built::on_text(move |text| {
        let missing = width.saturating_sub(text.chars().count());
        if missing == 0 {
            return Ok(text);
        }
        let padding = fill.chars().cycle().take(missing).collect::<String>();
        Ok(if left {
            padding + &text
        } else {
            text + &padding
        })
    }))
}

fn split_part(arguments: &Arguments) -> Result<Built, TransformError> {
    let separator = arguments.text("separator");
    let index = arguments.integer("index").unwrap_or(0);
    if separator.is_empty() {
        return Err(arguments.invalid("separator", "it is empty".to_owned()));
    }
    Ok(Built::new(Output::Fixed(Type::Text), move |value| {
        let text = text_of(value)?;
        let part = if index < 0 {
            let back = usize::try_from((index + 1).unsigned_abs()).unwrap_or(usize::MAX);
            text.rsplit(separator.as_str()).nth(back)
        } else {
            text.split(separator.as_str())
                .nth(usize::try_from(index).unwrap_or(usize::MAX))
        };
        Ok(part.map_or(Value::Null, Value::text))
    }))
}

fn concat(arguments: &Arguments) -> Result<Built, TransformError> {
    let before = arguments.text("before");
    let after = arguments.text("after");
    let built = Built::on_text(move |text| Ok(format!("{before}{text}{after}")));
    Ok(if arguments.flag("null_as_empty") {
        built.with_nulls()
    } else {
        built
    })
}

#[cfg(test)]
mod tests;
