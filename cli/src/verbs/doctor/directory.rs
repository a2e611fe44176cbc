//! The directory of a log: its private state, its keys, and whether a web server can read its public tree.

use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use glasslog_client::io_reason;
use glasslog_core::report::Outcome;
use glasslog_log::directory::Disk;
use glasslog_log::status::{check_key, check_newest_tiles, contradiction};
use glasslog_log::{Config, Layout, LayoutError, LogError, StorageError};

use super::{Finding, cosigning};

/// Files and directories of a public tree that are looked at: a tree that was copied without its permissions shows that
/// early.
const MAX_LOOKED_AT: usize = 10_000;

/// Checks a log directory; nothing if `log` is another thing, such as a public tree alone.
/// A bucket is asked unless `offline`.
pub(super) fn check(log: &Path, offline: bool) -> Vec<Finding> {
    let layout = Layout::new(log);
    let config = match Config::read(&Disk::new(), &layout) {
        Ok(config) => config,
        Err(LogError::Layout(
            LayoutError::NotALog { .. }
            | LayoutError::NotADirectory { .. }
            | LayoutError::MirrorCopy { .. }
            | LayoutError::Unfinished { .. },
        )) => return Vec::new(),
        // Keys beside a public tree may be kept on purpose, without the writer's state.
        Err(error @ LogError::Layout(_)) if !layout.state().exists() => {
            return Vec::from([Finding {
                hint: error.hint(),
                ..Finding::new("config", Outcome::Unknown, error.to_string())
            }]);
        }
        Err(error) => {
            let hint = error.hint().unwrap_or_default();
            return Vec::from([Finding::fail("config", error.to_string(), hint)]);
        }
    };
    let mut findings = vec![check_log_key(&layout)];
    findings.extend(check_index_key(&layout));
    if !config.raw {
        findings.extend(check_admin_key(&layout));
    }
    if config.store.is_none() {
        findings.push(check_state(&layout));
        findings.extend(check_enterable(&layout));
        findings.push(check_public(&layout.public()));
        findings.push(check_newest(log));
    }
    if config.store.is_none() || !offline {
        findings.extend(check_heads(log));
    }
    // Without a public checkpoint nothing is known of what waits.
    if config
        .store
        .map_or_else(|| layout.checkpoint().exists(), |_| !offline)
    {
        findings.extend(cosigning::check(log));
    }
    findings
}

/// Compares the private state with what is public. A file that is missing is another finding.
fn check_heads(log: &Path) -> Option<Finding> {
    const CODE: &str = "heads";
    match contradiction(log) {
        Ok(None) => Some(Finding::pass(
            CODE,
            "the private state is not behind the public checkpoint",
        )),
        Ok(Some(found)) => Some(Finding::fail(
            CODE,
            found.to_string(),
            found.hint().unwrap_or_default(),
        )),
        Err(LogError::Storage(StorageError::Missing { .. }) | LogError::Disk(_)) => None,
        Err(error) => {
            let hint = error.hint().unwrap_or_default();
            Some(Finding::fail(CODE, error.to_string(), hint))
        }
    }
}

/// A file that the user who runs `doctor` may not look for.
struct Hidden {
    path: PathBuf,
    problem: String,
}

impl Hidden {
    fn told(&self, name: &'static str) -> Finding {
        let detail = format!("`{}`: {}", self.path.display(), self.problem);
        Finding {
            hint: Some("run `glasslog doctor` as the user who runs the log".to_owned()),
            ..Finding::new(name, Outcome::Unknown, detail)
        }
    }
}

/// Returns whether there is a regular file.
fn is_there(path: &Path) -> Result<bool, Hidden> {
    match fs::metadata(path) {
        Ok(found) => Ok(found.is_file()),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(Hidden {
            path: path.to_owned(),
            problem: io_reason(&error),
        }),
        Err(_) => Ok(false),
    }
}

fn check_log_key(layout: &Layout) -> Finding {
    let path = layout.key("log");
    match is_there(&path) {
        Err(hidden) => hidden.told("log-key"),
        Ok(true) => match check_key(layout.root()) {
            Ok(()) => Finding::pass("log-key", "the log's key is there"),
            Err(error) => {
                let hint = error.hint();
                let hint = hint.unwrap_or_else(|| {
                    format!(
                        "restore the log's key from a copy, and the origin in `{}`",
                        layout.config().display()
                    )
                });
                Finding::fail("log-key", error.to_string(), hint)
            }
        },
        Ok(false) => Finding::fail(
            "log-key",
            format!(
                "`{}` is missing, the key that signs checkpoints",
                path.display()
            ),
            "restore it from a copy: without it the log cannot be continued",
        ),
    }
}

/// Tells of a missing key of an index that was made.
fn check_index_key(layout: &Layout) -> Option<Finding> {
    let path = layout.key("index");
    let is_made = layout.index_head().exists();
    let is_missing = is_there(&path).is_ok_and(|is_there| !is_there);
    (is_made && is_missing).then(|| {
        let error = LogError::Storage(StorageError::Missing { path });
        let hint = error.hint().unwrap_or_default();
        Finding::fail("index-key", error.to_string(), hint)
    })
}

/// Checks the tiles that a writer continues from.
fn check_newest(log: &Path) -> Finding {
    match check_newest_tiles(log) {
        Ok(()) => Finding::pass(
            "newest-tiles",
            "the newest tiles are those of the checkpoint",
        ),
        Err(error) => {
            let hint = error.hint().unwrap_or_default();
            Finding::fail("newest-tiles", error.to_string(), hint)
        }
    }
}

/// Tells of a missing admin key, which may be kept elsewhere.
fn check_admin_key(layout: &Layout) -> Option<Finding> {
    let path = layout.key("admin");
    let detail = format!(
        "`{}` is missing: admins sign with `--admin SPEC`, by keys that are kept elsewhere",
        path.display()
    );
    let is_missing = is_there(&path).is_ok_and(|is_there| !is_there);
    is_missing.then(|| Finding {
        hint: Some(
            "keep a copy of each admin's key: without them no key can be enrolled or revoked"
                .to_owned(),
        ),
        ..Finding::new("admin-key", Outcome::Unknown, detail)
    })
}

fn check_state(layout: &Layout) -> Finding {
    let (state, head) = (layout.state(), layout.head());
    let missing = match (state.is_dir(), is_there(&head)) {
        (false, Ok(_)) => LayoutError::NoState { path: state },
        (true, Ok(false)) => LayoutError::NoState { path: head },
        (true, Ok(true)) => return Finding::pass("state", "the private state is there"),
        (_, Err(hidden)) => return hidden.told("state"),
    };
    Finding::fail(
        "state",
        missing.to_string(),
        missing.hint().unwrap_or_default(),
    )
}

/// Tells of a log directory that only its owner can enter, which suits `glasslog serve` and no other web server.
fn check_enterable(layout: &Layout) -> Option<Finding> {
    let root = layout.root();
    let metadata = fs::metadata(root).ok()?;
    let detail = format!(
        "others cannot enter `{}`: `glasslog serve` can serve the public tree, another user's web server cannot",
        root.display()
    );
    (!others_may(&metadata)).then(|| Finding {
        hint: Some(format!("chmod o+x {}", root.display())),
        ..Finding::new("public-tree", Outcome::Unknown, detail)
    })
}

fn check_public(public: &Path) -> Finding {
    match first_hidden(public) {
        None => Finding::pass("public-tree", "others can read the public tree"),
        Some(path) => Finding::fail(
            "public-tree",
            format!(
                "others cannot read `{}`, so a web server of another user cannot serve it",
                path.display()
            ),
            format!("chmod -R a+rX {}", public.display()),
        ),
    }
}

/// Returns the first file or directory that others cannot read, of those that are looked at.
fn first_hidden(public: &Path) -> Option<PathBuf> {
    let mut waiting = Vec::from([public.to_owned()]);
    let mut looked_at = 0;
    while let Some(path) = waiting.pop() {
        let metadata = fs::metadata(&path).ok()?;
        if !others_may(&metadata) {
            return Some(path);
        }
        looked_at += 1;
        if metadata.is_dir() && looked_at < MAX_LOOKED_AT {
            let entries = fs::read_dir(&path).ok()?;
            let room = MAX_LOOKED_AT.saturating_sub(waiting.len());
            waiting.extend(entries.flatten().take(room).map(|entry| entry.path()));
        }
    }
    None
}

/// Returns true if every user may read a file, or enter and list a directory.
fn others_may(metadata: &Metadata) -> bool {
    let needed = if metadata.is_dir() { 0o005 } else { 0o004 };
    metadata.permissions().mode() & needed == needed
}
