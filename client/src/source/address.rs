//! Addresses of logs and servers.

use reqwest::Url;

use crate::error::Error;

/// Returns true if a `LOG` argument is an address rather than a path, by its syntax alone.
///
/// # Errors
/// The text has the form of an address, and logs have none of that kind: another scheme than `http` and `https`, a scheme in
/// capitals, or a host and a port without a scheme. A path of such a form begins with `./`.
pub fn is_address(log: &str) -> Result<bool, Error> {
    if log.starts_with("http://") || log.starts_with("https://") {
        return Ok(true);
    }
    let (problem, remedy) = if let Some((scheme, rest)) = split_scheme(log) {
        match scheme.to_ascii_lowercase().as_str() {
            lower @ ("http" | "https") => (
                "its scheme is not in lower case".to_owned(),
                format!("write `{lower}://{rest}`"),
            ),
            "s3" => (
                "it names a bucket".to_owned(),
                "a log in a bucket is named by its directory, whose `glasslog.toml` names the bucket".to_owned(),
            ),
            _ => (
                format!("its scheme is `{scheme}`"),
                "a log has an `http://` or `https://` address, or is a directory".to_owned(),
            ),
        }
    } else if is_host_and_port(log) {
        (
            "it has no scheme".to_owned(),
            format!(
                "write `http://{log}` or `https://{log}`; a directory of this name is `./{log}`"
            ),
        )
    } else {
        return Ok(false);
    };
    Err(Error::Address {
        address: log.to_owned(),
        problem,
        instead: Some(remedy),
    })
}

/// Splits a text that begins with a scheme and `://` ([RFC 3986 §3.1](https://www.rfc-editor.org/rfc/rfc3986#section-3.1)).
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    let begins = scheme.starts_with(|first: char| first.is_ascii_alphabetic());
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    (begins && scheme.chars().all(fits)).then_some((scheme, rest))
}

/// Returns true for `HOST:PORT`, also with a path behind it.
fn is_host_and_port(text: &str) -> bool {
    let authority = text.split('/').next().unwrap_or(text);
    let Some((host, port)) = authority.rsplit_once(':') else {
        return false;
    };
    let is_port = (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let is_host = match inner {
        Some(inner) => inner
            .chars()
            .all(|c| c.is_ascii_hexdigit() || matches!(c, ':' | '.')),
        None => host.chars().all(is_name),
    };
    is_port && !host.is_empty() && is_host
}

/// Reads a log's address as a base URL that ends in `/`.
///
/// # Errors
/// The text is not an address, or contains a password, query or fragment.
pub fn parse_address(address: &str) -> Result<Url, Error> {
    let refuse = |problem: &str| Error::Address {
        address: address.to_owned(),
        problem: problem.to_owned(),
        instead: None,
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
    fn what_looks_like_an_address_is_none_or_an_error() {
        for (text, expected) in [
            ("http://a.example", Ok(true)),
            ("https://[::1]:8080/log", Ok(true)),
            ("my.log", Ok(false)),
            ("./localhost:8080", Ok(false)),
            ("/srv/logs/a:80", Ok(false)),
            ("logs/a:80", Ok(false)),
            ("a:b", Ok(false)),
            ("a:123456", Ok(false)),
            (":8080", Ok(false)),
            ("my log:8080", Ok(false)),
            ("-://x", Ok(false)),
            ("", Ok(false)),
            ("HTTP://a.example/log", Err("write `http://a.example/log`")),
            ("Https://a.example", Err("write `https://a.example`")),
            ("ftp://a.example/log", Err("`http://` or `https://`")),
            ("file:///srv/log", Err("or is a directory")),
            ("s3://bucket/log", Err("`glasslog.toml` names the bucket")),
            ("localhost:8080", Err("write `http://localhost:8080`")),
            (
                "log.example.com:443/models",
                Err("`./log.example.com:443/models`"),
            ),
            ("[::1]:8080", Err("write `http://[::1]:8080`")),
        ] {
            match (is_address(text), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{text}"),
                (Err(error), Err(words)) => {
                    let hint = error.hint().unwrap();
                    assert!(hint.contains(words), "{text}: {hint}");
                }
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
    }

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
