//! The table of addresses that no connection may reach unless a person has opened them.
//!
//! Contract: `webhook_http.md`, section 2 (SSRF); the embedded IPv4 forms are RFC 4291 (mapped and
//! compatible), RFC 6052 (NAT64), RFC 3056 (6to4), RFC 4380 (Teredo), RFC 5214 (ISATAP) and
//! RFC 2765 (translated).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// First address, prefix length, what it is.
type Entry<A> = (A, u32, &'static str);

const V4: &[Entry<Ipv4Addr>] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8, "this network"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "a private network"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "a carrier's network"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "this host"),
    (
        Ipv4Addr::new(169, 254, 0, 0),
        16,
        "link-local or cloud metadata",
    ),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "a private network"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "a protocol's network"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "a 6to4 relay"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "a private network"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "a benchmark network"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved or broadcast"),
];

const fn v6(first: u16, second: u16, third: u16, last: u16) -> Ipv6Addr {
    Ipv6Addr::new(first, second, third, 0, 0, 0, 0, last)
}

const V6: &[Entry<Ipv6Addr>] = &[
    (v6(0, 0, 0, 0), 128, "no address"),
    (v6(0, 0, 0, 1), 128, "this host"),
    (v6(0x64, 0xff9b, 1, 0), 48, "local translation"),
    (v6(0x100, 0, 0, 0), 64, "the discard network"),
    (v6(0xfc00, 0, 0, 0), 7, "a private network"),
    (v6(0xfe80, 0, 0, 0), 10, "link-local"),
    (v6(0xfec0, 0, 0, 0), 10, "site-local"),
    (v6(0xff00, 0, 0, 0), 8, "multicast"),
];

/// Metadata services that hide inside networks which `allow_private_network` opens.
const METADATA: [IpAddr; 2] = [
    IpAddr::V6(v6(0xfd00, 0xec2, 0, 0x254)),
    IpAddr::V6(v6(0xfd20, 0xce, 0, 0x254)),
];

/// Says what kind of forbidden address this is, or nothing where it is a public one.
pub(super) fn forbidden(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => forbidden_v4(address),
        IpAddr::V6(address) => V6
            .iter()
            .find(|(first, length, _)| same_prefix_v6(*first, address, *length))
            .map(|(_, _, what)| *what)
            .or_else(|| embedded(address).into_iter().find_map(forbidden_v4)),
    }
}

/// Whether this is a metadata service, which only a network listed by hand may open.
pub(super) fn metadata(address: IpAddr) -> bool {
    METADATA.contains(&address)
}

fn forbidden_v4(address: Ipv4Addr) -> Option<&'static str> {
    V4.iter()
        .find(|(first, length, _)| {
            let shift = 32 - length;
            first.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
        })
        .map(|(_, _, what)| *what)
}

fn same_prefix_v6(first: Ipv6Addr, address: Ipv6Addr, length: u32) -> bool {
    let shift = 128 - length;
    first.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
}

/// The IPv4 addresses to which a packet for `address` could be carried.
fn embedded(address: Ipv6Addr) -> Vec<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    let mut found = Vec::new();
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0 | 0xffff) | (0, 0, 0, 0, 0xffff, 0) | (0x64, 0xff9b, 0, 0, 0, 0) => {
            found.push(v4(g, h))
        }
        (0x2002, ..) => found.push(v4(b, c)),
        (0x2001, 0, ..) => found.extend([v4(c, d), v4(!g, !h)]),
        _ => {}
    }
    if e & 0xfdff == 0 && f == 0x5efe {
        found.push(v4(g, h));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_forbidden(text: &str) -> bool {
        forbidden(text.parse().unwrap()).is_some()
    }

    #[test]
    fn addresses_that_are_not_public_are_forbidden() {
        for text in [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "64:ff9b:1::1",
            "100::1",
        ] {
            assert!(is_forbidden(text), "{text}");
        }
    }

    #[test]
    fn an_ipv4_address_inside_an_ipv6_address_is_judged() {
        for text in [
            "::ffff:127.0.0.1",
            "::ffff:7f00:1",
            "::127.0.0.1",
            "::ffff:0:10.0.0.1",
            "64:ff9b::169.254.169.254",
            "2002:7f00:0001::",
            "2002:a9fe:a9fe::1",
            "2001:0:7f00:1::1",
            "2001:0:808:808:0:0:80ff:fffe",
            "2606:4700::5efe:127.0.0.1",
            "2606:4700::200:5efe:10.0.0.1",
        ] {
            assert!(is_forbidden(text), "{text}");
        }
        for text in [
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
            "2606:4700::1",
            "2001:4860:4860::8888",
        ] {
            assert!(!is_forbidden(text), "{text}");
        }
    }

    #[test]
    fn neighbours_of_forbidden_networks_are_public() {
        for text in [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
        ] {
            assert!(!is_forbidden(text), "{text}");
        }
    }
}
