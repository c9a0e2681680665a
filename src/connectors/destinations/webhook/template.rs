//! The URL template of a delete: placeholders in path and query, never in scheme, host or port.

use url::Url;

use crate::connectors::contract::ConnectorError;
use crate::domain::plan::RecordShape;
use crate::domain::problem::ProblemKind;
use crate::domain::value::Value;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Field(String),
}

/// A path with an optional query whose placeholders are fields of the identifier.
#[derive(Debug, Clone)]
pub(super) struct Template {
    base: Url,
    parts: Vec<Part>,
}

/// Says why a row's URL cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct NoUrl(String);

impl Template {
    /// Reads a template: a path like `/contacts/{id}`, or the same after the origin of `base`.
    ///
    /// # Errors
    /// [`ConnectorError`] of kind `config` for another origin, no placeholder, or a broken one.
    pub(super) fn read(text: &str, base: &Url) -> Result<Self, ConnectorError> {
        let wrong = |why: &str| {
            ConnectorError::new(
                ProblemKind::Config,
                format!("cannot use the setting delete_url: {why}"),
            )
            .hint("write it like /contacts/{id}")
        };
        let origin = base.origin().ascii_serialization();
        let path = text.strip_prefix(origin.as_str()).unwrap_or(text);
        if !path.starts_with('/') || path.starts_with("//") || path.contains(['\\', '#']) {
            return Err(wrong("it must be a path on the host of url"));
        }
        if path.contains(|letter: char| letter.is_control() || letter.is_whitespace()) {
            return Err(wrong("it holds a space or a control character"));
        }
        let mut parts = Vec::new();
        let mut rest = path;
        while let Some((literal, after)) = rest.split_once('{') {
            let (field, tail) = after
                .split_once('}')
                .filter(|(field, _)| !field.is_empty() && !field.contains('{'))
                .ok_or_else(|| wrong("a placeholder is not closed or has no name"))?;
            parts.push(Part::Literal(literal.to_owned()));
            parts.push(Part::Field(field.to_owned()));
            rest = tail;
        }
        if rest.contains('}') {
            return Err(wrong("a brace is closed that was not opened"));
        }
        if parts.is_empty() {
            return Err(wrong(
                "it has no placeholder, so every delete would go to one URL",
            ));
        }
        parts.push(Part::Literal(rest.to_owned()));
        let mut base = base.clone();
        base.set_query(None);
        base.set_fragment(None);
        Ok(Self { base, parts })
    }

    /// Checks that every placeholder is a field of the identifier, since a delete has no others.
    ///
    /// # Errors
    /// [`ConnectorError`] of kind `config` that names the first other one.
    pub(super) fn check(&self, shape: &RecordShape) -> Result<(), ConnectorError> {
        let names = shape.identifier_names();
        for part in &self.parts {
            if let Part::Field(field) = part
                && !names.contains(&field.as_str())
            {
                return Err(ConnectorError::new(
                    ProblemKind::Config,
                    format!("delete_url needs {{{field}}}, which is no field of the identifier"),
                )
                .hint(format!("the identifier is {}", names.join(", "))));
            }
        }
        Ok(())
    }

    /// The URL for one identifier, each value percent-encoded.
    ///
    /// # Errors
    /// [`NoUrl`] where a value is null or empty, or is a dot segment, which URLs fold away even
    /// when encoded: the request would go to the collection above.
    pub(super) fn url(&self, names: &[&str], identifier: &[Value]) -> Result<Url, NoUrl> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Field(field) => {
                    let value = names
                        .iter()
                        .zip(identifier)
                        .find(|(name, _)| *name == field)
                        .map(|(_, value)| value.to_plain())
                        .unwrap_or_default();
                    if value.is_empty() {
                        return Err(NoUrl(format!("the field {field} is empty")));
                    }
                    encode(&value, &mut text);
                }
            }
        }
        let (path, query) = match text.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (text.as_str(), None),
        };
        let folds = |segment: &str| {
            let segment = segment.to_ascii_lowercase().replace("%2e", ".");
            segment == "." || segment == ".."
        };
        if path.split('/').any(folds) {
            return Err(NoUrl("the identifier is a dot segment".to_owned()));
        }
        let mut url = self.base.clone();
        url.set_path(path);
        url.set_query(query);
        Ok(url)
    }
}

/// Percent-encodes all but RFC 3986's unreserved characters.
fn encode(value: &str, out: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base() -> Url {
        "https://a.example/hook?x=1".parse().unwrap()
    }

    fn url(template: &str, value: &str) -> Option<String> {
        let template = Template::read(template, &base()).unwrap();
        let url = template.url(&["id"], &[Value::text(value)]).ok()?;
        Some(url.to_string())
    }

    #[test]
    fn values_are_percent_encoded() {
        assert_eq!(
            url("/c/{id}", "a/b?c#d e").unwrap(),
            "https://a.example/c/a%2Fb%3Fc%23d%20e"
        );
        assert_eq!(
            url("https://a.example/c?k={id}&f=1", "ë&f=2").unwrap(),
            "https://a.example/c?k=%C3%AB%26f%3D2&f=1"
        );
        assert_eq!(
            url("/c/{id}/x", "ada@a.b").unwrap(),
            "https://a.example/c/ada%40a.b/x"
        );
    }

    #[test]
    fn an_identifier_that_would_climb_has_no_url() {
        for value in ["", ".", ".."] {
            assert_eq!(url("/c/{id}", value), None, "{value}");
        }
        assert_eq!(
            url("/c/{id}", "...").as_deref(),
            Some("https://a.example/c/...")
        );
        assert_eq!(
            url("/c/{id}", "%2e%2e").as_deref(),
            Some("https://a.example/c/%252e%252e")
        );
    }

    #[test]
    fn a_template_supplies_no_host_and_has_a_placeholder() {
        for bad in [
            "https://b.example/{id}",
            "https://a.example:8443/{id}",
            "https://a.example.evil/{id}",
            "//b.example/{id}",
            "{id}",
            "https://{id}/x",
            "/all",
            "/c/{id",
            "/c/{}",
            "/c/id}",
            "/c/{a{b}}",
            "/c d/{id}",
            "/\\b.example/{id}",
        ] {
            assert!(Template::read(bad, &base()).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_identifier_stays_one_segment_of_the_same_host(value in any::<String>()) {
            let template = Template::read("/c/{id}", &base()).unwrap();
            if let Ok(url) = template.url(&["id"], &[Value::text(value)]) {
                prop_assert_eq!(url.origin(), base().origin());
                prop_assert_eq!(url.path_segments().unwrap().count(), 2);
                prop_assert!(url.path().starts_with("/c/") && url.path().len() > 3);
                prop_assert!(url.query().is_none());
            }
        }
    }
}
