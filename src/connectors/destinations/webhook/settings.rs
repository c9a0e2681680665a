//! The settings of a webhook: the schema of the form, and what they are read into.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::results::{Pointers, ResultsPolicy};
use super::template::Template;
use crate::connectors::contract::ConnectorError;
use crate::connectors::http::{EgressPolicy, Signer};
use crate::connectors::settings::{ResolvedSettings, Setting, SettingKind};
use crate::domain::problem::ProblemKind;

const fn setting(key: &'static str, kind: SettingKind, help: &'static str) -> Setting {
    Setting {
        key,
        kind,
        required: false,
        endpoint: false,
        help,
    }
}

const fn endpoint(key: &'static str, required: bool, help: &'static str) -> Setting {
    Setting {
        key,
        kind: SettingKind::Text,
        required,
        endpoint: true,
        help,
    }
}

/// Every setting, in the order of the form.
#[rustfmt::skip]
pub(super) const SETTINGS: &[Setting] = &[
    endpoint("url", true, "where rows are sent, https"),
    setting("method", SettingKind::Choice(&["POST", "PUT"]), "the method; default POST"),
    setting("body_form", SettingKind::Choice(&["array", "single", "ndjson"]), "array: one JSON document per batch; single: one request per row; ndjson: one line per row; default array"),
    setting("envelope", SettingKind::Boolean, "wrap rows as {\"type\", \"timestamp\", \"data\"}; default true, false for ndjson"),
    setting("batch_size", SettingKind::Integer, "rows in one batch at most, 1 to 10000; default 100"),
    setting("batch_bytes", SettingKind::Integer, "bytes of one body at most, 1024 to 33554432; default 1048576"),
    setting("headers", SettingKind::Map, "further headers that hold no secret"),
    setting("bearer_token", SettingKind::Secret, "sent as Authorization: Bearer"),
    setting("secret_header", SettingKind::Text, "the name of a header whose value is secret, such as X-Api-Key"),
    setting("secret_header_value", SettingKind::Secret, "its value"),
    setting("signing_secret", SettingKind::Secret, "signs each request by Standard Webhooks: whsec_ (HMAC) or whsk_ (ed25519)"),
    setting("signing_secret_old", SettingKind::Secret, "the secret before, which signs too until the receiver has changed over"),
    setting("idempotency_header", SettingKind::Text, "the header that repeats the webhook-id; default Idempotency-Key, empty for none"),
    setting("timeout_s", SettingKind::Integer, "the longest silence in seconds, 1 to 600; one exchange takes at most four times as long; default 30"),
    setting("concurrency", SettingKind::Integer, "batches under way at once, 1 to 64; default 4"),
    setting("requests_per_second", SettingKind::Integer, "requests a second at most; default no limit"),
    setting("allow_networks", SettingKind::List, "networks that are not public and may be reached, also by plain http and on any port, such as 127.0.0.0/8"),
    setting("allow_private_network", SettingKind::Boolean, "the same for this host and all private networks; default false"),
    setting("results", SettingKind::Choice(&["auto", "required", "ignored"]), "whether answers hold a verdict per row: auto uses it where it is there; default auto"),
    setting("results_pointer", SettingKind::Text, "JSON pointer to the list of verdicts; default /results"),
    setting("result_id_pointer", SettingKind::Text, "JSON pointer within a verdict to the row's identifier; default /id, empty to match by position"),
    setting("result_status_pointer", SettingKind::Text, "JSON pointer within a verdict to ok or error; default /status"),
    setting("result_message_pointer", SettingKind::Text, "JSON pointer within a verdict to the message; default /message"),
    setting("delete_url", SettingKind::Text, "path to which DELETE is sent for each deleted row, such as /contacts/{id}; default none: deletes go as row.deleted"),
];

/// How rows stand in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One JSON document per batch.
    Array,
    /// One request per row.
    Single,
    /// One line per row.
    Ndjson,
}

/// The settings, read.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) url: Url,
    pub(super) method: Method,
    pub(super) form: Form,
    pub(super) envelope: bool,
    pub(super) batch_rows: u32,
    pub(super) batch_bytes: usize,
    /// The headers of every request but those that change with it; secret ones are marked.
    pub(super) headers: HeaderMap,
    pub(super) signer: Option<Signer>,
    pub(super) idempotency_header: Option<HeaderName>,
    pub(super) idle: Duration,
    pub(super) concurrency: u32,
    pub(super) requests_per_second: Option<u32>,
    pub(super) policy: EgressPolicy,
    pub(super) results: ResultsPolicy,
    pub(super) pointers: Pointers,
    pub(super) delete: Option<Template>,
    /// What must never be shown.
    pub(super) secrets: Vec<SecretString>,
}

impl Config {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`ConnectorError`] of kind `config` that names the first setting that does not fit.
    pub(super) fn read(settings: &ResolvedSettings) -> Result<Self, ConnectorError> {
        let url = settings.required_text("url")?;
        let url = Url::parse(url).map_err(|error| {
            wrong(format!("cannot read the setting url: {error}"))
                .hint("write it like https://hooks.example.com/rows")
        })?;
        let method = match settings.text("method")?.unwrap_or("POST") {
            "POST" => Method::POST,
            "PUT" => Method::PUT,
            _ => return Err(wrong("the setting method must be POST or PUT")),
        };
        let form = match settings.text("body_form")?.unwrap_or("array") {
            "array" => Form::Array,
            "single" => Form::Single,
            "ndjson" => Form::Ndjson,
            _ => {
                return Err(wrong(
                    "the setting body_form must be array, single or ndjson",
                ));
            }
        };
        let results = match settings.text("results")?.unwrap_or("auto") {
            "auto" => ResultsPolicy::Auto,
            "required" => ResultsPolicy::Required,
            "ignored" => ResultsPolicy::Ignored,
            _ => {
                return Err(wrong(
                    "the setting results must be auto, required or ignored",
                ));
            }
        };
        let rate = match settings.integer("requests_per_second")? {
            None => None,
            Some(_) => Some(within(settings, "requests_per_second", 1..=10_000, 0)?),
        };
        let delete = settings
            .text("delete_url")?
            .filter(|text| !text.is_empty())
            .map(|text| Template::read(text, &url))
            .transpose()?;
        Ok(Self {
            method,
            form,
            envelope: settings
                .boolean("envelope")?
                .unwrap_or(form != Form::Ndjson),
            batch_rows: within(settings, "batch_size", 1..=10_000, 100)?,
            batch_bytes: usize::try_from(within(
                settings,
                "batch_bytes",
                1024..=32 << 20,
                1 << 20,
            )?)
            .unwrap_or(1 << 20),
            headers: headers(settings)?,
            signer: signer(settings)?,
            idempotency_header: idempotency_header(settings)?,
            idle: Duration::from_secs(within(settings, "timeout_s", 1..=600, 30)?.into()),
            concurrency: within(settings, "concurrency", 1..=64, 4)?,
            requests_per_second: rate,
            policy: EgressPolicy::new(
                &settings.list("allow_networks")?,
                settings.boolean("allow_private_network")?.unwrap_or(false),
            )?,
            results,
            pointers: pointers(settings)?,
            delete,
            secrets: settings.secrets.values().cloned().collect(),
            url,
        })
    }

    /// Whether a body tells a delete from an upsert, or a delete has a URL of its own.
    pub(super) fn tells_deletes(&self) -> bool {
        self.envelope || self.delete.is_some()
    }
}

fn wrong(text: impl Into<String>) -> ConnectorError {
    ConnectorError::new(ProblemKind::Config, text)
}

fn within(
    settings: &ResolvedSettings,
    key: &str,
    range: std::ops::RangeInclusive<u32>,
    default: u32,
) -> Result<u32, ConnectorError> {
    let Some(number) = settings.integer(key)? else {
        return Ok(default);
    };
    u32::try_from(number)
        .ok()
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            wrong(format!(
                "the setting {key} is {number}, where {} to {} can be set",
                range.start(),
                range.end()
            ))
        })
}

/// Headers that the connector sets itself, or that frame the message.
const RESERVED: [&str; 10] = [
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "connection",
    "te",
    "upgrade",
    "user-agent",
    "accept-encoding",
    "trailer",
];

fn header_name(text: &str) -> Result<HeaderName, ConnectorError> {
    let name = HeaderName::try_from(text)
        .map_err(|_| wrong(format!("'{text}' cannot be the name of a header")))?;
    if RESERVED.contains(&name.as_str()) || name.as_str().starts_with("webhook-") {
        return Err(wrong(format!(
            "the header {name} is set by the webhook itself"
        )));
    }
    Ok(name)
}

/// Line breaks in a value, which could smuggle further headers, are refused by the type.
fn headers(settings: &ResolvedSettings) -> Result<HeaderMap, ConnectorError> {
    let mut headers = HeaderMap::new();
    for (name, value) in settings.map("headers")? {
        let value = HeaderValue::try_from(value).map_err(|_| {
            wrong(format!(
                "the value of the header {name} holds a control character"
            ))
        })?;
        headers.insert(header_name(&name)?, value);
    }
    if let Some(token) = settings.secret("bearer_token") {
        let value = format!("Bearer {}", token.expose_secret().trim());
        headers.insert(AUTHORIZATION, secret_value("bearer_token", &value)?);
    }
    let name = settings
        .text("secret_header")?
        .filter(|name| !name.is_empty());
    match (name, settings.secret("secret_header_value")) {
        (Some(name), Some(value)) => {
            let value = secret_value("secret_header_value", value.expose_secret().trim())?;
            headers.insert(header_name(name)?, value);
        }
        (None, None) => {}
        _ => {
            return Err(wrong(
                "secret_header and secret_header_value are set together or not at all",
            ));
        }
    }
    Ok(headers)
}

fn secret_value(key: &str, text: &str) -> Result<HeaderValue, ConnectorError> {
    let mut value = HeaderValue::try_from(text)
        .map_err(|_| wrong(format!("the secret {key} holds a control character")))?;
    value.set_sensitive(true);
    Ok(value)
}

fn signer(settings: &ResolvedSettings) -> Result<Option<Signer>, ConnectorError> {
    let new = settings.secret("signing_secret");
    let old = settings.secret("signing_secret_old");
    if new.is_none() && old.is_some() {
        return Err(wrong("signing_secret_old is set without signing_secret")
            .hint("give the only secret as signing_secret"));
    }
    let secrets: Vec<&SecretString> = new.into_iter().chain(old).collect();
    if secrets.is_empty() {
        return Ok(None);
    }
    Signer::new(&secrets).map(Some).map_err(|error| {
        wrong(error.to_string()).hint("the receiver shows it; it begins with whsec_ or whsk_")
    })
}

fn idempotency_header(settings: &ResolvedSettings) -> Result<Option<HeaderName>, ConnectorError> {
    match settings.text("idempotency_header")? {
        Some("") => Ok(None),
        Some(name) => header_name(name).map(Some),
        None => Ok(Some(HeaderName::from_static("idempotency-key"))),
    }
}

fn pointers(settings: &ResolvedSettings) -> Result<Pointers, ConnectorError> {
    let pointer = |key: &str, default: &str| {
        let text = settings.text(key)?.unwrap_or(default);
        if text.is_empty() || text.starts_with('/') {
            Ok(text.to_owned())
        } else {
            Err(
                wrong(format!("the setting {key} is no JSON pointer: '{text}'"))
                    .hint("write it like /data/results; the empty text is the whole document"),
            )
        }
    };
    Ok(Pointers {
        results: pointer("results_pointer", "/results")?,
        id: Some(pointer("result_id_pointer", "/id")?).filter(|text| !text.is_empty()),
        status: pointer("result_status_pointer", "/status")?,
        message: pointer("result_message_pointer", "/message")?,
    })
}
