//! Addresses of logs and servers.

use reqwest::Url;

use crate::error::Error;

/// Returns true if a `LOG` argument is an address rather than a path.
#[must_use]
pub fn is_address(log: &str) -> bool {
    log.starts_with("http://") || log.starts_with("https://")
}

/// Reads a log's address as a base URL that ends in `/`.
///
/// # Errors
/// The text is not an address, or contains a password, query or fragment.
pub fn parse_address(address: &str) -> Result<Url, Error> {
    let refuse = |problem: &str| Error::Address {
        address: address.to_owned(),
        problem: problem.to_owned(),
    };
    let mut url = Url::parse(address).map_err(|error| refuse(&error.to_string()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::Credentials);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("it has a query or a fragment"));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_end_in_a_slash() {
        for (address, base) in [
            ("http://a.example", "http://a.example/"),
            ("https://a.example/log", "https://a.example/log/"),
            ("https://a.example:8443/log/", "https://a.example:8443/log/"),
        ] {
            assert_eq!(parse_address(address).unwrap().as_str(), base);
        }
    }

    #[test]
    fn addresses_carry_no_secrets_and_no_query() {
        for address in [
            "http://user@a.example/",
            "http://u:p@a.example/",
            "http://a.example/?x=1",
            "http://a.example/#x",
            "http://",
        ] {
            let error = parse_address(address).unwrap_err();
            assert!(
                matches!(error, Error::Address { .. } | Error::Credentials),
                "{address}"
            );
        }
        let error = parse_address("http://u:hunter2@a.example/").unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }
}
