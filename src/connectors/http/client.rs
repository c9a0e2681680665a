//! The client: one origin, guarded addresses, no redirects, deadlines, and a bound on what is read.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderMap;
use url::{Host, Url};

use super::guard::{EgressPolicy, Lookup, PinningResolver, Refusal, SystemLookup};
use crate::connectors::contract::ConnectorError;
use crate::domain::problem::ProblemKind;

/// How every request names us.
pub const USER_AGENT: &str = concat!(
    "SignalSmith/",
    env!("CARGO_PKG_VERSION_MAJOR"),
    ".",
    env!("CARGO_PKG_VERSION_MINOR")
);
/// Decompressed bytes of an answer that are read where a connector names no other bound.
pub const BODY_CAP_BYTES: usize = 8 << 20;
/// Connecting takes no longer than this, whatever the idle deadline.
const LONGEST_CONNECT: Duration = Duration::from_secs(10);
/// The total deadline is this many idle deadlines.
const TOTAL_FACTOR: u32 = 4;

/// What a client is made of.
#[derive(Clone)]
pub struct ClientOptions {
    /// Which addresses may be reached.
    pub policy: Arc<EgressPolicy>,
    /// How names are resolved.
    pub lookup: Arc<dyn Lookup>,
    /// The longest silence while an answer is awaited or read; the whole exchange may take four
    /// times as long.
    pub idle: Duration,
    /// Decompressed bytes of an answer that are read at most.
    pub body_cap_bytes: usize,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            policy: Arc::default(),
            lookup: Arc::new(SystemLookup),
            idle: Duration::from_secs(30),
            body_cap_bytes: BODY_CAP_BYTES,
        }
    }
}

/// One request.
#[derive(Debug, Clone)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The URL, of the client's origin.
    pub url: Url,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it goes out.
    pub body: Vec<u8>,
}

/// How the body of an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyEnd {
    /// As it should.
    Whole,
    /// The connection or the encoding broke, or a deadline passed; with the reason.
    Cut(String),
    /// It went on past the cap.
    PastCap,
}

/// One answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The decompressed body, as far as it was read.
    pub body: Vec<u8>,
    /// How the body ended.
    pub end: BodyEnd,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The guard refused the URL or an address; nothing was sent.
    #[error("{0}")]
    Refused(String),
    /// No connection came about; nothing was sent.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// The peer's certificate is not good for the host; nothing was sent.
    #[error("the certificate is not accepted: {0}")]
    Certificate(String),
    /// The connection was lost, or fell silent, after bytes may have been sent.
    #[error("no answer: {0}")]
    Lost(String),
}

/// A client for one origin (scheme, host, port); a request to another one is refused.
#[derive(Clone)]
pub struct HttpClient {
    client: reqwest::Client,
    base: Url,
    resolver: PinningResolver,
    body_cap_bytes: usize,
}

impl std::fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "HttpClient for {}",
            self.base.origin().ascii_serialization()
        )
    }
}

impl HttpClient {
    /// Makes a client for the origin of `base`.
    ///
    /// # Errors
    /// [`ConnectorError`] of kind `config` where the guard refuses the URL, or where the system has
    /// no certificates to trust.
    pub fn new(base: &Url, options: &ClientOptions) -> Result<Self, ConnectorError> {
        let plain = options.policy.check_url(base).map_err(refused)?;
        let resolver = PinningResolver {
            policy: options.policy.clone(),
            lookup: options.lookup.clone(),
            plain,
        };
        install_provider();
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .retry(reqwest::retry::never())
            .tls_version_min(reqwest::tls::Version::TLS_1_2)
            .dns_resolver(Arc::new(resolver.clone()))
            .connect_timeout(LONGEST_CONNECT.min(options.idle / 2))
            .read_timeout(options.idle)
            .timeout(options.idle * TOTAL_FACTOR)
            .pool_max_idle_per_host(16);
        if base.scheme() == "http" {
            // Without TLS the system's certificates need not be there.
            builder = builder.tls_certs_only([]);
        }
        let client = builder.build().map_err(|error| {
            ConnectorError::new(
                ProblemKind::Config,
                format!("cannot set up the HTTP client: {}", innermost(&error)),
            )
            .hint("install the system's certificate bundle (ca-certificates)")
        })?;
        Ok(Self {
            client,
            base: base.clone(),
            resolver,
            body_cap_bytes: options.body_cap_bytes,
        })
    }

    /// The host and, where it is not the usual one, the port: what texts may name of a URL, whose
    /// path and query can hold secrets.
    pub fn place(&self) -> String {
        let host = self.base.host_str().unwrap_or_default();
        match self.base.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// Sends one request and reads its answer. Makes no second try and follows nothing.
    ///
    /// # Errors
    /// [`HttpError`] where there is no answer; an answer of any status is no error.
    pub async fn send(&self, request: HttpRequest) -> Result<Answer, HttpError> {
        if request.url.origin() != self.base.origin() {
            return Err(HttpError::Refused(
                "the request is not for the host that was set up".to_owned(),
            ));
        }
        self.resolver
            .policy
            .check_url(&request.url)
            .map_err(|refusal| HttpError::Refused(refusal.to_string()))?;
        let mut response = self
            .client
            .request(request.method, request.url)
            .headers(request.headers)
            .body(request.body)
            .send()
            .await
            .map_err(|error| failure(&error))?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        let end = loop {
            match response.chunk().await {
                Ok(None) => break BodyEnd::Whole,
                Err(error) => break BodyEnd::Cut(innermost(&error)),
                Ok(Some(chunk)) => {
                    let room = self.body_cap_bytes.saturating_sub(body.len());
                    body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
                    if chunk.len() > room {
                        break BodyEnd::PastCap;
                    }
                }
            }
        };
        Ok(Answer {
            status,
            headers,
            body,
            end,
        })
    }

    /// Resolves the host and gives its checked addresses with the port.
    ///
    /// # Errors
    /// [`HttpError::Refused`] or [`HttpError::Connect`].
    pub async fn addresses(&self) -> Result<Vec<SocketAddr>, HttpError> {
        let port = self.base.port_or_known_default().unwrap_or(443);
        let addresses = match self.base.host() {
            Some(Host::Ipv4(address)) => vec![address.into()],
            Some(Host::Ipv6(address)) => vec![address.into()],
            Some(Host::Domain(name)) => {
                let found = self.resolver.checked(name).await;
                found.map_err(|error| match error.downcast_ref::<Refusal>() {
                    Some(refusal) => HttpError::Refused(refusal.to_string()),
                    None => HttpError::Connect(error.to_string()),
                })?
            }
            None => Vec::new(),
        };
        Ok(addresses
            .into_iter()
            .map(|address| SocketAddr::new(address, port))
            .collect())
    }
}

fn refused(refusal: Refusal) -> ConnectorError {
    ConnectorError::new(
        ProblemKind::Config,
        format!("cannot use the URL: {refusal}"),
    )
    .hint("allow_networks opens a network for this destination, for example [\"127.0.0.0/8\"]")
}

/// rustls wants one provider per process; who comes second finds it there.
fn install_provider() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // It fails only where another thread was faster, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

fn failure(error: &reqwest::Error) -> HttpError {
    if let Some(refusal) = find::<Refusal>(error) {
        return HttpError::Refused(refusal.to_string());
    }
    if let Some(rustls::Error::InvalidCertificate(reason)) = find::<rustls::Error>(error) {
        return HttpError::Certificate(reason.to_string());
    }
    if error.is_builder() {
        return HttpError::Refused(innermost(error));
    }
    if error.is_connect() {
        return HttpError::Connect(innermost(error));
    }
    HttpError::Lost(innermost(error))
}

/// Looks for an error of one type in the chain; an `io::Error` hides what it wraps from `source`.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(current) = next {
        if let Some(found) = current.downcast_ref::<E>() {
            return Some(found);
        }
        next = match current
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner),
            None => current.source(),
        };
    }
    None
}

/// The last text of the chain: the outer ones name the URL, which may hold secrets.
fn innermost(error: &reqwest::Error) -> String {
    let mut text = if error.is_timeout() {
        "the deadline has passed".to_owned()
    } else {
        "the request failed".to_owned()
    };
    let mut next = error.source();
    while let Some(current) = next {
        text = current.to_string();
        next = current.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_io_error_wraps_is_found() {
        let inner = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
        let outer = io::Error::other(io::Error::other(inner));
        assert!(find::<rustls::Error>(&outer).is_some());
        assert!(find::<Refusal>(&outer).is_none());
    }

    #[tokio::test]
    async fn a_request_to_another_origin_is_refused() {
        let base = "https://a.example/hook".parse().unwrap();
        let client = HttpClient::new(&base, &ClientOptions::default()).unwrap();
        for other in [
            "https://b.example/",
            "http://a.example/",
            "https://a.example:8443/",
        ] {
            let request = HttpRequest {
                method: Method::POST,
                url: other.parse().unwrap(),
                headers: HeaderMap::new(),
                body: Vec::new(),
            };
            assert!(
                matches!(client.send(request).await, Err(HttpError::Refused(_))),
                "{other}"
            );
        }
    }

    #[test]
    fn texts_name_the_host_only() {
        let base = "https://a.example:8443/secret/path?token=x"
            .parse()
            .unwrap();
        let client = HttpClient::new(&base, &ClientOptions::default()).unwrap();
        assert_eq!(client.place(), "a.example:8443");
        assert!(!format!("{client:?}").contains("secret"));
    }
}
