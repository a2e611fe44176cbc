//! The client to which limits apply: the address that a connection comes from, or that a trusted proxy names.

use axum::http::HeaderMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// An IPv4 address, or a /64 network of IPv6, because one subscriber has all addresses of such a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Client(IpAddr);

impl Client {
    /// Returns the client at an address.
    pub(crate) fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
            address => address,
        })
    }

    /// Returns the client that the nearest proxy saw: the last address of `X-Forwarded-For`. Earlier addresses are claims
    /// of the client.
    pub(crate) fn forwarded(headers: &HeaderMap) -> Option<Self> {
        let last = headers.get_all("x-forwarded-for").iter().next_back()?;
        let address = last.to_str().ok()?.rsplit(',').next()?.trim();
        address.parse().ok().map(Self::of)
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn client(address: &str) -> Client {
        Client::of(address.parse().unwrap())
    }

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        assert_eq!(client("2001:db8:1:2::3"), client("2001:db8:1:2:ffff::"));
        assert_ne!(client("2001:db8:1:2::3"), client("2001:db8:1:3::3"));
        assert_eq!(client("::ffff:192.0.2.1"), client("192.0.2.1"));
        assert_ne!(client("192.0.2.1"), client("192.0.2.2"));
    }

    #[test]
    fn the_nearest_proxy_is_believed() {
        let mut headers = HeaderMap::new();
        assert_eq!(Client::forwarded(&headers), None);
        for (value, expected) in [
            ("192.0.2.7", Some("192.0.2.7")),
            ("203.0.113.1, 192.0.2.8", Some("192.0.2.8")),
            ("unknown", None),
            ("192.0.2.1:80", None),
        ] {
            headers.append("x-forwarded-for", HeaderValue::from_static(value));
            assert_eq!(Client::forwarded(&headers), expected.map(client), "{value}");
        }
    }
}
