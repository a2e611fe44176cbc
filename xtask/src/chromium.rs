//! Finds Chrome or Chromium for the browser tests, and installs Debian's package if that needs no password.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process;

/// Remedy if there is no browser.
pub const HINT: &str = "no Chrome or Chromium found: install one, or set CHROMIUM to its path";

/// The browser of `$CHROMIUM`, of the system, or newly installed.
pub fn find_or_install() -> Option<PathBuf> {
    find().or_else(|| {
        install();
        find()
    })
}

/// The browser of `$CHROMIUM` or of the system.
pub fn find() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("CHROMIUM") {
        return Some(PathBuf::from(path));
    }
    let names = [
        "chromium",
        "chromium-browser",
        "google-chrome-stable",
        "google-chrome",
        "chrome",
    ];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path =
        std::env::split_paths(&path).flat_map(|directory| names.map(|name| directory.join(name)));
    let elsewhere = [
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/snap/bin/chromium",
    ];
    on_path
        .chain(elsewhere.map(PathBuf::from))
        .find(|path| path.is_file())
}

/// Installs Debian's Chromium, only as root: any other user would be asked for a password.
fn install() {
    let root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    if !root || !Path::new("/usr/bin/apt-get").exists() {
        return;
    }
    let apt = |arguments: &[&str]| {
        process::run(
            process::command("apt-get")
                .args(arguments)
                .env("DEBIAN_FRONTEND", "noninteractive"),
        )
    };
    let installed = apt(&["update", "--quiet=2"]).and_then(|()| {
        apt(&[
            "install",
            "--quiet=2",
            "--yes",
            "--no-install-recommends",
            "chromium",
        ])
    });
    if let Err(error) = installed {
        eprintln!("warning: {error:#}");
    }
}
