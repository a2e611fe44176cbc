//! Files that no output replaces: secret keys, and the files of a log.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use crate::failure::Failure;

/// The entries of a log directory that its verbs alone write.
const OF_A_LOG: [&str; 5] = ["public", "state", "keys", "glasslog.toml", "trust.policy"];
/// The file that makes a directory a log.
const CONFIGURATION: &str = "glasslog.toml";
/// Bytes in which a key file says what it is: a line of explanation, and the first line of a PEM block.
const BEGINNING: u64 = 4_096;

/// Checks that a file may be replaced; `shown` is its path as the user gave it.
///
/// # Errors
/// It holds a secret key, or belongs to a log (exit 1).
pub(crate) fn check_replaceable(file: &Path, shown: &Path) -> Result<(), Failure> {
    let refused = |problem: &str| {
        let message = format!("`{}` {problem}", shown.display());
        Err(Failure::unfinished("output-taken", message).hint("name another file"))
    };
    match (holds_secret(file), is_of_a_log(file)) {
        (true, _) => refused("holds a secret key, which no output replaces"),
        (false, true) => refused("is a file of a log, which no output replaces"),
        (false, false) => Ok(()),
    }
}

fn holds_secret(file: &Path) -> bool {
    let mut begins = Vec::new();
    let read = File::open(file).and_then(|file| file.take(BEGINNING).read_to_end(&mut begins));
    let mut lines = begins.split(|byte| *byte == b'\n');
    let is_pem =
        |line: &[u8]| line.starts_with(b"-----BEGIN ") && line.ends_with(b"PRIVATE KEY-----");
    read.is_ok()
        && (begins.starts_with(b"PRIVATE+KEY+") || lines.any(|line| is_pem(line.trim_ascii_end())))
}

/// Returns whether a file lies in a log directory, in a place that belongs to the log.
fn is_of_a_log(file: &Path) -> bool {
    let Ok(file) = fs::canonicalize(file) else {
        return false;
    };
    file.ancestors().skip(1).any(|folder| {
        let below = file.strip_prefix(folder).ok();
        let first = below.and_then(|path| path.components().next());
        let is_logs =
            first.is_some_and(|first| OF_A_LOG.iter().any(|name| first.as_os_str() == *name));
        is_logs && folder.join(CONFIGURATION).is_file()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_files_of_a_log_are_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir_all(at("log/public/tile")).unwrap();
        fs::create_dir_all(at("other/public")).unwrap();
        for (name, text, is_free) in [
            ("log/glasslog.toml", "", false),
            ("log/public/tile/0", "", false),
            ("log/my.bundle", "", true),
            ("other/public/0", "", true),
            ("note.key", "PRIVATE+KEY+a+1+x\n", false),
            ("pem.key", "ci\n-----BEGIN PRIVATE KEY-----\r\nx\n", false),
            ("pub.key", "ci\n-----BEGIN PUBLIC KEY-----\nx\n", true),
            ("text", "about PRIVATE+KEY+ lines", true),
        ] {
            fs::write(at(name), text).unwrap();
            let checked = check_replaceable(&at(name), Path::new(name));
            assert_eq!(checked.is_ok(), is_free, "{name}");
        }
        std::os::unix::fs::symlink(at("log/public"), at("link")).unwrap();
        let linked = check_replaceable(&at("link/tile/0"), Path::new("link/tile/0"));
        let message = linked.unwrap_err().message;
        assert_eq!(
            message,
            "`link/tile/0` is a file of a log, which no output replaces"
        );
    }
}
