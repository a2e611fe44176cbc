//! The client to which limits apply: the address that a connection comes from, or that a trusted proxy names.

use axum::http::{HeaderMap, Request};
use glasslog_log::Network;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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

    /// Returns the client to which the limits of a request apply: the peer of its connection or, if that is a proxy, the
    /// client that the proxy names.
    pub(crate) fn of_request<B>(request: &Request<B>, proxies: &[Network]) -> Self {
        let peer = request.extensions().get().copied();
        // Every connection carries its peer, so this default is never used.
        let peer = peer.unwrap_or_else(|| Peer::of(IpAddr::V4(Ipv4Addr::UNSPECIFIED), proxies));
        let forwarded = match peer.is_proxy {
            true => Self::forwarded(request.headers(), proxies),
            false => None,
        };
        forwarded.unwrap_or(peer.client)
    }

    /// Returns the client that the nearest proxy saw: the last address of `X-Forwarded-For` that is no proxy's own.
    /// Earlier addresses are claims of the client.
    pub(crate) fn forwarded(headers: &HeaderMap, proxies: &[Network]) -> Option<Self> {
        for line in headers.get_all("x-forwarded-for").iter().rev() {
            for text in line.to_str().ok()?.rsplit(',') {
                let address: IpAddr = text.trim().parse().ok()?;
                if !is_in(proxies, address) {
                    return Some(Self::of(address));
                }
            }
        }
        None
    }
}

/// Returns true if one of the networks has the address.
fn is_in(networks: &[Network], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(address))
}

/// The other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) client: Client,
    /// True if it is a configured proxy, which names its clients.
    pub(crate) is_proxy: bool,
}

impl Peer {
    /// Returns the peer at an address.
    pub(crate) fn of(address: IpAddr, proxies: &[Network]) -> Self {
        Self {
            client: Client::of(address),
            is_proxy: is_in(proxies, address),
        }
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
        let proxies = ["10.0.0.0/8".parse().unwrap()];
        let mut headers = HeaderMap::new();
        assert_eq!(Client::forwarded(&headers, &proxies), None);
        for (value, expected) in [
            ("10.0.0.2", None),
            ("192.0.2.7", Some("192.0.2.7")),
            ("203.0.113.1, 192.0.2.8", Some("192.0.2.8")),
            ("unknown", None),
            ("192.0.2.1:80", None),
            (
                "203.0.113.1, 192.0.2.9, 10.0.0.2,10.0.0.3",
                Some("192.0.2.9"),
            ),
        ] {
            headers.append("x-forwarded-for", HeaderValue::from_static(value));
            let found = Client::forwarded(&headers, &proxies);
            assert_eq!(found, expected.map(client), "{value}");
        }
        // A line that has proxies only continues the line before.
        headers.append("x-forwarded-for", HeaderValue::from_static("10.0.0.4"));
        let found = Client::forwarded(&headers, &proxies);
        assert_eq!(found, Some(client("192.0.2.9")));
        assert!(Peer::of("10.9.9.9".parse().unwrap(), &proxies).is_proxy);
        assert!(!Peer::of("11.0.0.1".parse().unwrap(), &proxies).is_proxy);
    }
}
