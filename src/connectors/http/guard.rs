//! The guard against requests to addresses that only this host or its network should reach (SSRF).
//!
//! Both halves are needed: a literal in a URL never meets a resolver, so URLs are checked before
//! they are used; and a name may resolve to anything at each look-up, so the resolver checks every
//! address and hands on only those that it has checked. Contract: `webhook_http.md`, section 2.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::address;
use crate::connectors::contract::ConnectorError;
use crate::domain::problem::ProblemKind;

/// Ports that need no opening.
const PORTS: [u16; 2] = [443, 8443];
/// What `allow_private_network` opens: this host and private networks, not link-local ones, where
/// cloud metadata lives, and not carriers' networks.
const PRIVATE: [&str; 6] = [
    "127.0.0.0/8",
    "::1/128",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "fc00::/7",
];

/// Says why a URL or an address is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(String);

/// Which addresses a connection may reach beyond public ones over HTTPS.
#[derive(Debug, Clone, Default)]
pub struct EgressPolicy {
    listed: Vec<IpNet>,
    private: Vec<IpNet>,
}

impl EgressPolicy {
    /// Reads the settings `allow_networks` (in CIDR form, or single addresses) and
    /// `allow_private_network`.
    ///
    /// # Errors
    /// [`ConnectorError`] of kind `config` where a text is not a network.
    pub fn new(
        allow_networks: &[String],
        allow_private_network: bool,
    ) -> Result<Self, ConnectorError> {
        let listed = allow_networks
            .iter()
            .map(|text| {
                text.parse::<IpNet>()
                    .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
                    .map_err(|_| {
                        ConnectorError::new(
                            ProblemKind::Config,
                            format!("cannot read '{text}' in allow_networks as a network"),
                        )
                        .hint("write it like 127.0.0.0/8 or fd00::/8")
                    })
            })
            .collect::<Result<_, _>>()?;
        let private = if allow_private_network {
            PRIVATE
                .iter()
                .filter_map(|text| text.parse().ok())
                .collect()
        } else {
            Vec::new()
        };
        Ok(Self { listed, private })
    }

    /// The opened networks in words, or nothing where none is.
    pub fn opened(&self) -> Option<String> {
        let networks: Vec<String> = self
            .listed
            .iter()
            .chain(&self.private)
            .map(ToString::to_string)
            .collect();
        (!networks.is_empty()).then(|| networks.join(", "))
    }

    fn opens(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let listed = self.listed.iter().any(|network| network.contains(&address));
        listed
            || (!address::metadata(address)
                && self
                    .private
                    .iter()
                    .any(|network| network.contains(&address)))
    }

    /// Checks one address; `plain` says that the URL is not HTTPS on a usual port, which only an
    /// opened network may be met by.
    ///
    /// # Errors
    /// [`Refusal`] with the kind of address.
    pub fn check_address(&self, address: IpAddr, plain: bool) -> Result<(), Refusal> {
        if self.opens(address) {
            return Ok(());
        }
        if let Some(what) = address::forbidden(address) {
            return Err(Refusal(format!("the address {address} is {what}")));
        }
        if plain {
            return Err(Refusal(format!(
                "only https on port 443 or 8443 may be used to reach {address}"
            )));
        }
        Ok(())
    }

    /// Checks a URL before any look-up, and says whether it is plain (see
    /// [`Self::check_address`]).
    ///
    /// # Errors
    /// [`Refusal`] for another scheme, user information, a literal of a forbidden address in any of
    /// its spellings, or a plain URL where no network is opened.
    pub fn check_url(&self, url: &Url) -> Result<bool, Refusal> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refusal(format!("the scheme {} is not https", url.scheme())));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal(
                "a URL may not carry a user name or a password".to_owned(),
            ));
        }
        let port = url.port_or_known_default().unwrap_or(0);
        let plain = url.scheme() != "https" || !PORTS.contains(&port);
        match url.host() {
            Some(Host::Ipv4(address)) => self.check_address(address.into(), plain)?,
            Some(Host::Ipv6(address)) => self.check_address(address.into(), plain)?,
            Some(Host::Domain(name)) if name.trim_matches('.').is_empty() => {
                return Err(Refusal("the URL names no host".to_owned()));
            }
            Some(Host::Domain(name)) => {
                if is_localhost(name) {
                    let v4 = self.check_address(Ipv4Addr::LOCALHOST.into(), plain);
                    v4.or_else(|_| self.check_address(Ipv6Addr::LOCALHOST.into(), plain))?;
                }
                if plain && self.opened().is_none() {
                    return Err(Refusal(
                        "only https on port 443 or 8443 is used where no network is opened"
                            .to_owned(),
                    ));
                }
            }
            None => return Err(Refusal("the URL names no host".to_owned())),
        }
        Ok(plain)
    }
}

/// Names that mean this host whatever a resolver says (RFC 6761, section 6.3).
fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost" || name.ends_with(".localhost")
}

/// Finds the addresses of a name.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// Gives every address of `host`.
    ///
    /// # Errors
    /// The resolver's own error.
    async fn lookup(&self, host: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// The operating system's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, host: &str) -> std::io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((host, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// The resolver of a client: what it returns is what is connected to, without a second look-up.
#[derive(Clone)]
pub(super) struct PinningResolver {
    pub(super) policy: Arc<EgressPolicy>,
    pub(super) lookup: Arc<dyn Lookup>,
    pub(super) plain: bool,
}

impl PinningResolver {
    /// Gives the addresses of `host` if every one of them may be reached.
    pub(super) async fn checked(
        &self,
        host: &str,
    ) -> Result<Vec<IpAddr>, Box<dyn std::error::Error + Send + Sync>> {
        let addresses = self.lookup.lookup(host).await?;
        for address in &addresses {
            self.policy.check_address(*address, self.plain)?;
        }
        if addresses.is_empty() {
            return Err(std::io::Error::other("the name has no address").into());
        }
        Ok(addresses)
    }
}

impl Resolve for PinningResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let addresses = resolver.checked(name.as_str()).await?;
            let sockets = addresses.into_iter().map(|ip| SocketAddr::new(ip, 0));
            Ok::<Addrs, _>(Box::new(sockets))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(Vec<IpAddr>);

    #[async_trait]
    impl Lookup for Fixed {
        async fn lookup(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
            Ok(self.0.clone())
        }
    }

    fn policy(networks: &[&str], private: bool) -> EgressPolicy {
        let networks: Vec<String> = networks.iter().map(|text| (*text).to_owned()).collect();
        EgressPolicy::new(&networks, private).unwrap()
    }

    fn resolver(addresses: &[&str], plain: bool) -> PinningResolver {
        let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
        PinningResolver {
            policy: Arc::new(policy(&["10.1.0.0/16"], false)),
            lookup: Arc::new(Fixed(addresses)),
            plain,
        }
    }

    #[tokio::test]
    async fn one_forbidden_address_among_many_refuses_the_name() {
        assert!(
            resolver(&["8.8.8.8", "127.0.0.1"], false)
                .checked("a.example")
                .await
                .is_err()
        );
        assert!(
            resolver(&["8.8.8.8", "::ffff:10.0.0.1"], false)
                .checked("a.example")
                .await
                .is_err()
        );
        assert_eq!(
            resolver(&["8.8.8.8", "10.1.2.3"], false)
                .checked("a.example")
                .await
                .unwrap()
                .len(),
            2
        );
        assert!(resolver(&[], false).checked("a.example").await.is_err());
    }

    #[tokio::test]
    async fn plain_http_reaches_opened_networks_only() {
        assert!(
            resolver(&["8.8.8.8"], true)
                .checked("a.example")
                .await
                .is_err()
        );
        assert!(
            resolver(&["10.1.2.3"], true)
                .checked("a.example")
                .await
                .is_ok()
        );
    }

    #[test]
    fn the_shorthand_opens_private_networks_but_no_metadata() {
        let policy = policy(&[], true);
        for good in [
            "127.0.0.1",
            "::1",
            "10.2.3.4",
            "192.168.1.1",
            "::ffff:127.0.0.1",
        ] {
            assert_eq!(
                policy.check_address(good.parse().unwrap(), true),
                Ok(()),
                "{good}"
            );
        }
        for bad in [
            "169.254.169.254",
            "fd00:ec2::254",
            "100.100.100.200",
            "0.0.0.0",
            "fe80::1",
        ] {
            assert!(
                policy.check_address(bad.parse().unwrap(), false).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_url_is_https_on_a_usual_port_without_a_user() {
        let closed = EgressPolicy::default();
        for good in [
            "https://a.example/x",
            "https://a.example:8443",
            "https://8.8.8.8",
        ] {
            assert_eq!(
                closed.check_url(&good.parse().unwrap()),
                Ok(false),
                "{good}"
            );
        }
        for bad in [
            "http://a.example",
            "https://a.example:22",
            "https://user@a.example",
            "https://user:word@a.example",
            "ftp://a.example",
            "file:///etc/passwd",
            "unix:/run/core.sock",
            "https://.",
        ] {
            assert!(closed.check_url(&bad.parse().unwrap()).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_not_a_network_is_refused() {
        assert!(EgressPolicy::new(&["localhost".to_owned()], false).is_err());
        assert!(EgressPolicy::new(&["10.0.0.0/33".to_owned()], false).is_err());
        assert!(EgressPolicy::new(&["10.0.0.1".to_owned()], false).is_ok());
    }
}
