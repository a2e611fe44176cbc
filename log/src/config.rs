//! `glasslog.toml`, the operator's configuration of one log.

use crate::cosigning::settings::Witnessing;
use crate::directory::disk::Disk;
use crate::directory::error::LayoutError;
use crate::directory::layout::Layout;
use crate::error::LogError;
use crate::network::Network;
use crate::object_store::StoreSettings;
use crate::page_origin::PageOrigin;
use core::num::{NonZeroU64, NonZeroUsize};
use glasslog_core::note::Checkpoint;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// Largest size of a log whose first checkpoint `init` may not have published yet.
pub(crate) const NEWBORN: u64 = 1;

/// Version of the directory's layout that this crate reads and writes.
pub(crate) const FORMAT: u32 = 1;

/// Configuration of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Version of the directory's layout.
    pub format: u32,
    /// The log's identity: the first line of its checkpoints.
    pub origin: String,
    /// True if the log admits any bytes; otherwise it admits only signed events.
    #[serde(default)]
    pub raw: bool,
    /// Schedule of the index.
    #[serde(default)]
    pub index: Schedule,
    /// Bounds on the clients of a server of this log.
    #[serde(default)]
    pub serve: Serving,
    /// The bucket that holds the log, if the log is not in this directory.
    #[serde(default)]
    pub store: Option<StoreSettings>,
    /// The witnesses that cosign before a checkpoint is public, if there are any.
    #[serde(default)]
    pub witnesses: Option<Witnessing>,
}

impl Config {
    /// Reads the configuration of the log at `layout`.
    ///
    /// # Errors
    /// The directory is not a log, or the configuration does not parse.
    pub fn read(disk: &Disk, layout: &Layout) -> Result<Self, LogError> {
        let path = layout.config();
        let root = layout.root().to_owned();
        if root.is_file() {
            return Err(LayoutError::NotADirectory { path: root }.into());
        }
        let Some(bytes) = disk.read(&path)? else {
            return Err(without_config(layout).into());
        };
        let setting = |problem: String| LogError::setting(path.clone(), problem);
        let text = str::from_utf8(&bytes).map_err(|error| setting(error.to_string()))?;
        let config: Self =
            toml::from_str(text).map_err(|error| setting(error.message().to_owned()))?;
        if config.format != FORMAT {
            return Err(setting(format!(
                "directory format {} is not supported, this version knows {FORMAT}",
                config.format
            )));
        }
        Ok(config)
    }

    /// Encodes the configuration with a comment for each member.
    pub fn encode(&self) -> String {
        let Self {
            format,
            origin,
            raw,
            index,
            serve,
            store,
            witnesses,
        } = self;
        let witnesses = witnesses
            .as_ref()
            .map(Witnessing::encode)
            .unwrap_or_default();
        let store = store
            .as_ref()
            .map(StoreSettings::encode)
            .unwrap_or_default();
        let origin = toml::Value::from(origin.as_str());
        format!(
            "# Configuration of one Glasslog log; `glasslog init` wrote it.\n\
             # The origin is the log's identity: changing it, or `raw`, makes the log unusable.\n\
             format = {format}\norigin = {origin}\n# Whether any bytes are admitted, instead of signed events only.\nraw = {raw}\n\n{}\n{}{witnesses}{store}",
            index.encode(),
            serve.encode()
        )
    }
}

/// Returns the error of a directory that has no configuration: only one from which nothing was published may be called
/// unfinished, because the remedy removes it.
pub(crate) fn without_config(layout: &Layout) -> LayoutError {
    let path = layout.root().to_owned();
    let has_keys = layout.keys().exists();
    if !has_keys && !layout.state().exists() {
        return LayoutError::NotALog { path };
    }
    if layout.mirror().exists() {
        return LayoutError::MirrorCopy { path };
    }
    if may_have_published(layout) {
        return LayoutError::NoConfig {
            path: layout.config(),
        };
    }
    match may_be_there(&layout.index_head()) && !has_keys {
        // The index of another's log.
        true => LayoutError::NotALog { path },
        false => LayoutError::Unfinished { path },
    }
}

/// Returns false only if the directory certainly has no log that was published: `init` writes the configuration before
/// the first checkpoint is public, and before it notes that an index was made.
fn may_have_published(layout: &Layout) -> bool {
    if may_be_there(&layout.checkpoint()) {
        return true;
    }
    if layout.keys().exists() && may_be_there(&layout.index_made()) {
        return true;
    }
    match fs::read(layout.head()) {
        Ok(bytes) => Checkpoint::parse(&bytes).map_or(true, |head| head.head().size > NEWBORN),
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

/// Returns false only if there is certainly no such file.
fn may_be_there(path: &Path) -> bool {
    !matches!(fs::symlink_metadata(path), Err(error) if error.kind() == ErrorKind::NotFound)
}

/// Conditions under which the index is extended, if the log has entries that it lacks: the section `[index]` of
/// `glasslog.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Schedule {
    /// Number of missing entries.
    pub entries: NonZeroU64,
    /// Age of the newest manifest in seconds.
    pub seconds: u64,
    /// Seconds for which runs are kept after the newest manifest ceased to name them.
    pub grace: u64,
}

/// One entry bundle, which every reader reads in any case.
const ENTRIES: NonZeroU64 = NonZeroU64::new(256).unwrap();

impl Default for Schedule {
    fn default() -> Self {
        Self {
            entries: ENTRIES,
            seconds: 60,
            // Readers that began with an older manifest finish within a day, caches included.
            grace: 86_400,
        }
    }
}

impl Schedule {
    /// Encodes the section with a comment.
    fn encode(&self) -> String {
        let Self {
            entries,
            seconds,
            grace,
        } = self;
        format!(
            "# The index is extended when so many entries are not in it, or when it is so many seconds old. What it\n\
             # replaces is kept for readers until so many seconds after (`grace`).\n\
             [index]\nentries = {entries}\nseconds = {seconds}\ngrace = {grace}\n"
        )
    }
}

/// Bounds on the clients of `glasslog serve`, and the proxies that it believes: the section `[serve]` of
/// `glasslog.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Serving {
    /// Open connections; the server's default without a number.
    pub max_connections: Option<NonZeroUsize>,
    /// Open connections of one client; the server's default without a number.
    pub max_client_connections: Option<NonZeroUsize>,
    /// Reverse proxies that name their clients in `X-Forwarded-For`.
    pub proxies: Vec<Network>,
    /// Web origins whose pages may show the portal in a frame.
    pub embedders: Vec<PageOrigin>,
}

impl Serving {
    /// Encodes the section with a comment; a number that is not set stays the server's default.
    fn encode(&self) -> String {
        let Self {
            max_connections,
            max_client_connections,
            proxies,
            embedders,
        } = self;
        let numbers = [
            ("max-connections", max_connections),
            ("max-client-connections", max_client_connections),
        ];
        let numbers: String = numbers
            .iter()
            .filter_map(|(name, number)| number.map(|number| format!("{name} = {number}\n")))
            .collect();
        let list = |texts: Vec<String>| texts.join("\", \"");
        let quoted = |texts: Vec<String>| match texts.is_empty() {
            true => String::new(),
            false => format!("\"{}\"", list(texts)),
        };
        let proxies = quoted(proxies.iter().map(Network::to_string).collect());
        let embedders = quoted(embedders.iter().map(PageOrigin::to_string).collect());
        format!(
            "# Open connections to `glasslog serve`, in all (`max-connections`) and of one client (`max-client-connections`).\n\
             # `X-Forwarded-For` is believed from these reverse proxies only. Pages of the embedders may show the portal in a\n\
             # frame.\n\
             [serve]\n{numbers}proxies = [{proxies}]\nembedders = [{embedders}]\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cosigning::settings::Seconds;
    use core::num::NonZeroU32;

    #[test]
    fn what_is_written_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let layout = Layout::new(directory.path());
        let config = Config {
            format: FORMAT,
            origin: "a\"b".into(),
            raw: true,
            index: Schedule {
                entries: NonZeroU64::MIN,
                seconds: 0,
                grace: 5,
            },
            serve: Serving {
                max_connections: NonZeroUsize::new(9),
                max_client_connections: NonZeroUsize::new(3),
                proxies: vec!["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()],
                embedders: vec!["https://a.example".parse().unwrap()],
            },
            store: StoreSettings::new("s3://bucket/logs/one").ok(),
            witnesses: Some(Witnessing {
                policy: "w\"s.policy".into(),
                every: Seconds::try_from(0.5).ok(),
                qpd: NonZeroU32::new(86_400),
                timeout: Seconds::try_from(3.0).ok(),
                renew: Seconds::try_from(3_600.0).ok(),
            }),
        };
        fs::write(layout.config(), config.encode()).unwrap();
        assert_eq!(Config::read(&Disk::new(), &layout), Ok(config));
    }

    #[test]
    fn what_older_versions_wrote_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let layout = Layout::new(directory.path());
        fs::write(layout.config(), "format = 1\norigin = \"a\"\nraw = false\n").unwrap();
        let config = Config::read(&Disk::new(), &layout).unwrap();
        assert_eq!(config.index, Schedule::default());
        assert_eq!(config.serve, Serving::default());
    }

    #[test]
    fn what_is_not_a_log_is_told_from_one_half_made() {
        let directory = tempfile::tempdir().unwrap();
        let layout = Layout::new(directory.path());
        let path = directory.path().to_owned();
        let read = || Config::read(&Disk::new(), &layout).unwrap_err();
        assert_eq!(
            read(),
            LogError::Layout(LayoutError::NotALog { path: path.clone() })
        );
        fs::create_dir(layout.keys()).unwrap();
        assert_eq!(
            read(),
            LogError::Layout(LayoutError::Unfinished { path: path.clone() })
        );
        fs::create_dir(layout.state()).unwrap();
        // A damaged head may have been published.
        for (file, bytes) in [
            (layout.head(), &b"damaged"[..]),
            (layout.index_made(), b""),
            (layout.checkpoint(), b""),
        ] {
            fs::create_dir_all(layout.public()).unwrap();
            fs::write(&file, bytes).unwrap();
            let path = layout.config();
            assert_eq!(read(), LogError::Layout(LayoutError::NoConfig { path }));
            fs::remove_file(&file).unwrap();
        }
        fs::write(layout.mirror(), "glasslog-mirror/v1\n").unwrap();
        assert_eq!(read(), LogError::Layout(LayoutError::MirrorCopy { path }));
        fs::remove_file(layout.mirror()).unwrap();
        for (text, problem) in [
            (
                "format = 2\norigin = \"a\"",
                "directory format 2 is not supported, this version knows 1",
            ),
            (
                "format = 1\norigin = \"a\"\nmore = 1",
                "unknown field `more`, expected one of `format`, `origin`, `raw`, `index`, `serve`, `store`, `witnesses`",
            ),
            (
                "format = 1\norigin = \"a\"\n[index]\nevery = 1",
                "unknown field `every`, expected one of `entries`, `seconds`, `grace`",
            ),
            (
                "format = 1\norigin = \"a\"\n[index]\nentries = 0",
                "invalid value: integer `0`, expected a nonzero u64",
            ),
            (
                "format = 1\norigin = \"a\"\n[serve]\nproxies = [\"10.0.0.1/8\"]",
                "`10.0.0.1/8` is neither an address nor a network such as `10.0.0.0/8`",
            ),
            ("format = 1", "missing field `origin`"),
        ] {
            fs::write(layout.config(), text).unwrap();
            assert_eq!(read(), LogError::setting(layout.config(), problem));
        }
    }
}
