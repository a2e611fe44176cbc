//! A network of addresses in [CIDR notation](https://www.rfc-editor.org/rfc/rfc4632#section-3.1), such as `10.0.0.0/8`.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use thiserror::Error;

/// Addresses that begin with the same bits; one address is a network too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    first: IpAddr,
    /// Number of bits that all addresses share.
    bits: u32,
}

/// The text is not a network.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is neither an address nor a network such as `10.0.0.0/8`")]
pub struct NetworkError(String);

impl Network {
    /// Returns true if the address is in this network; an IPv4 address that is written as IPv6 is an IPv4 address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        common_bits(self.first, address.to_canonical()).is_some_and(|common| common >= self.bits)
    }
}

/// Returns the number of leading bits that two addresses of one family share.
fn common_bits(one: IpAddr, other: IpAddr) -> Option<u32> {
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            Some((one.to_bits() ^ other.to_bits()).leading_zeros())
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => {
            Some((one.to_bits() ^ other.to_bits()).leading_zeros())
        }
        _ => None,
    }
}

/// Returns true if an address has no bits set after the first `bits`.
fn is_first(address: IpAddr, bits: u32) -> bool {
    match address {
        IpAddr::V4(address) => address.to_bits().checked_shl(bits).unwrap_or(0) == 0,
        IpAddr::V6(address) => address.to_bits().checked_shl(bits).unwrap_or(0) == 0,
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, bits) = match text.split_once('/') {
            None => (text, None),
            Some((address, bits)) => (address, Some(bits)),
        };
        let parse = || {
            let first: IpAddr = address.parse().ok()?;
            let all = if first.is_ipv4() { 32 } else { 128 };
            let is_number = |bits: &str| bits.bytes().all(|byte| byte.is_ascii_digit());
            let bits = match bits {
                None => all,
                Some(bits) => bits.parse().ok().filter(|_| is_number(bits))?,
            };
            (bits <= all && is_first(first, bits)).then_some(Self { first, bits })
        };
        parse().ok_or_else(|| NetworkError(text.to_owned()))
    }
}

impl TryFrom<String> for Network {
    type Error = NetworkError;

    fn try_from(text: String) -> Result<Self, NetworkError> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_have_the_addresses_that_begin_like_them() {
        for (network, address, expected) in [
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("127.0.0.0/8", "127.255.0.1", true),
            ("127.0.0.0/8", "128.0.0.1", false),
            ("127.0.0.0/8", "::ffff:127.0.0.1", true),
            ("0.0.0.0/0", "203.0.113.7", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::1", "::1", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db9::1", true),
        ] {
            let parsed: Network = network.parse().unwrap();
            let address = address.parse().unwrap();
            assert_eq!(parsed.contains(address), expected, "{address} in {network}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "proxy",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "10.0.0.0/",
            "10.0.0.1/8",
            "10.0.0.0/8/8",
            "::1/64",
            " 10.0.0.1",
        ] {
            let parsed: Result<Network, _> = text.parse();
            assert_eq!(parsed, Err(NetworkError(text.into())), "{text:?}");
        }
        let shown: Network = "10.1.0.0/16".parse().unwrap();
        assert_eq!(shown.to_string(), "10.1.0.0/16");
    }
}
