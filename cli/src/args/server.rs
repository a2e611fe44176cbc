//! Arguments of servers: addresses to listen on, limits of clients, networks of proxies.

use core::time::Duration;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::num::NonZeroU32;

use glasslog_client::io_reason;
use glasslog_log::Network;
use glasslog_server::Rate;

/// Reads an address to listen on: an IP address or a name, and a port; without a name, every IPv4 address of this machine.
pub(crate) fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    let expected = || "expected `ADDRESS:PORT`, such as `127.0.0.1:8080` or `localhost:8080`";
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let (name, port) = text.rsplit_once(':').ok_or_else(expected)?;
    let port: u16 = port.parse().map_err(|_| expected())?;
    if name.is_empty() {
        return Ok((Ipv4Addr::UNSPECIFIED, port).into());
    }
    let found = (name, port).to_socket_addrs();
    let found = found.map_err(|error| format!("`{name}`: {}", io_reason(&error)))?;
    let found: Vec<SocketAddr> = found.collect();
    let first = found.iter().find(|address| address.is_ipv4());
    first
        .or(found.first())
        .copied()
        .ok_or_else(|| format!("`{name}` has no address"))
}

/// Reads a time limit for clients; zero would refuse every client.
pub(crate) fn parse_timeout(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(timeout) if !timeout.is_zero() => Ok(timeout),
        _ => Err("expected a duration such as `500ms`, `10s` or `2min`".into()),
    }
}

/// Seconds of requests or entries that may arrive at once after a pause.
const BURST_SECONDS: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");

/// Returns the rate of one client, if it is limited.
pub(crate) fn rate(each_second: Option<NonZeroU32>, burst: Option<NonZeroU32>) -> Option<Rate> {
    each_second.map(|each_second| Rate {
        each_second,
        burst: burst.unwrap_or(each_second.saturating_mul(BURST_SECONDS)),
    })
}

/// Networks of this machine itself.
const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1"];

/// Returns the networks of this machine itself.
pub(crate) fn loopback() -> impl Iterator<Item = Network> {
    LOOPBACK.iter().flat_map(|text| text.parse())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_listen_on_addresses_names_and_ports() {
        for (text, expected) in [
            ("127.0.0.1:8080", Some("127.0.0.1:8080")),
            ("[::1]:8080", Some("[::1]:8080")),
            ("localhost:8080", Some("127.0.0.1:8080")),
            (":8080", Some("0.0.0.0:8080")),
            ("8080", None),
            ("localhost", None),
            ("localhost:x", None),
            ("127.0.0.1:65536", None),
            ("", None),
        ] {
            let expected: Option<SocketAddr> = expected.map(|address| address.parse().unwrap());
            assert_eq!(parse_listen(text).ok(), expected, "{text}");
        }
    }
}
