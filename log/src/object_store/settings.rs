//! The section `[store]` of `glasslog.toml`, which locates the bucket. Credentials are never in it: they come from the
//! environment.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The location of a log in a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StoreSettings {
    /// `s3://BUCKET/PREFIX`.
    pub url: String,
    /// Address of an S3-compatible service; that of AWS if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Region of the bucket.
    #[serde(default = "default_region")]
    pub region: String,
    /// True if an endpoint without TLS may be used, for tests on one machine.
    #[serde(default)]
    pub allow_http: bool,
    /// Seconds for which a writer may be silent before another process takes over.
    #[serde(default = "default_lease")]
    pub lease_seconds: u64,
}

fn default_region() -> String {
    "us-east-1".into()
}

/// Long enough that a busy store or a short pause causes no takeover, short enough to wait for.
fn default_lease() -> u64 {
    10
}

impl StoreSettings {
    /// Returns settings with defaults for everything but the address.
    ///
    /// # Errors
    /// The address is wrong.
    pub fn new(url: &str) -> Result<Self, String> {
        let settings = Self {
            url: url.to_owned(),
            endpoint: None,
            region: default_region(),
            allow_http: false,
            lease_seconds: default_lease(),
        };
        settings.bucket_and_prefix()?;
        Ok(settings)
    }

    /// Returns the bucket, and the prefix of the log's keys in it.
    ///
    /// # Errors
    /// The address or the lease is wrong.
    pub fn bucket_and_prefix(&self) -> Result<(&str, &str), String> {
        let url = &self.url;
        let rest = url.strip_prefix("s3://").ok_or_else(|| {
            format!("`{url}` is not the address of a bucket: it does not begin with `s3://`")
        })?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_end_matches('/');
        let is_name = |part: &str| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            !part.is_empty() && !part.starts_with('.') && part.bytes().all(is_plain)
        };
        if !is_name(bucket) || !prefix.split('/').all(is_name) {
            return Err(format!(
                "`{url}` is not `s3://BUCKET/PREFIX` with letters, digits, `-`, `_` and `.` only"
            ));
        }
        match self.lease_seconds {
            1..=3_600 => Ok((bucket, prefix)),
            other => Err(format!(
                "a lease of {other} seconds is not between 1 and 3600"
            )),
        }
    }

    /// Encodes the settings as a table of the configuration.
    pub fn encode(&self) -> String {
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let endpoint = self.endpoint.as_deref().map(quoted);
        let endpoint = endpoint.map(|address| format!("endpoint = {address}\n"));
        format!(
            "\n# The bucket that holds everything but keys; credentials come from the environment (AWS_ACCESS_KEY_ID, …).\n\
             [store]\nurl = {}\n{}region = {}\nallow-http = {}\n# A writer that is silent for so long is replaced.\n\
             lease-seconds = {}\n",
            quoted(&self.url),
            endpoint.unwrap_or_default(),
            quoted(&self.region),
            self.allow_http,
            self.lease_seconds
        )
    }

    /// Returns the time for which a writer may be silent before another process takes over.
    pub fn lease(&self) -> Duration {
        Duration::from_secs(self.lease_seconds)
    }
}
