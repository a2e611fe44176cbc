//! Files that verbs write: whole or not at all.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use crate::failure::Failure;

/// Writes a file under another name and renames it, so that an interrupted run leaves no half of it.
///
/// # Errors
/// The disk or permissions.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut aside = OsString::from(path.as_os_str());
    aside.push(format!(".{}.part", std::process::id()));
    fs::write(&aside, bytes)
        .and_then(|()| fs::rename(&aside, path))
        .map_err(|error| {
            let _ = fs::remove_file(&aside);
            Failure::file(path.display(), &error)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        write_file(&path, b"one").unwrap();
        write_file(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert!(write_file(&dir.path().join("absent/a"), b"x").is_err());
        fs::create_dir(dir.path().join("folder")).unwrap();
        assert!(write_file(&dir.path().join("folder"), b"x").is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }
}
