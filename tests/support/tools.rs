//! Other people's implementations in Go, pinned by `tests/interop/*/go.mod` and built once into `TARGET/interop/bin`.
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::command::{self, Finished};
use crate::glasslog;
use crate::skip::skipped;

/// The built tools.
#[derive(Debug)]
pub struct Tools {
    bin: PathBuf,
}

impl Tools {
    /// Builds the tools, or says that `test` is skipped because there is no Go here.
    pub fn for_test(test: &str) -> Option<&'static Self> {
        static TOOLS: OnceLock<Option<Tools>> = OnceLock::new();
        Self::once(&TOOLS, "go", &["./...", "tool"], test)
    }

    /// The same for the S3 server, whose many dependencies have a module of their own.
    pub fn for_store_test(test: &str) -> Option<&'static Self> {
        static TOOLS: OnceLock<Option<Tools>> = OnceLock::new();
        Self::once(&TOOLS, "versitygw", &["tool"], test)
    }

    /// The same for the witness of transparency-dev.
    pub fn for_omniwitness_test(test: &str) -> Option<&'static Self> {
        static TOOLS: OnceLock<Option<Tools>> = OnceLock::new();
        Self::once(&TOOLS, "omniwitness", &["tool"], test)
    }

    fn once(
        tools: &'static OnceLock<Option<Tools>>,
        module: &str,
        packages: &[&str],
        test: &str,
    ) -> Option<&'static Self> {
        let tools = tools.get_or_init(|| has_go().then(|| build(module, packages)));
        if tools.is_none() {
            skipped(&format!("{test}: Go is not installed"));
        }
        tools.as_ref()
    }

    /// Returns the path of a tool.
    pub fn path(&self, tool: &str) -> PathBuf {
        self.bin.join(tool)
    }

    /// Runs a tool.
    pub fn run<S: AsRef<OsStr>>(
        &self,
        tool: &str,
        arguments: impl IntoIterator<Item = S>,
    ) -> Finished {
        command::run(&self.path(tool), arguments)
    }
}

/// A command that is here says something; which version it is, Go's own toolchain line decides.
fn has_go() -> bool {
    Command::new("go")
        .arg("version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

fn build(module: &str, packages: &[&str]) -> Tools {
    let profile = glasslog::profile_dir();
    let folder = profile
        .parent()
        .expect("a profile lies in the target directory")
        .join("interop");
    let bin = folder.join("bin");
    fs::create_dir_all(&bin).expect("the folder can be made");
    // Tests run in several processes; Go's cache makes every build but the first one a matter of milliseconds.
    let lock = File::create(folder.join("lock")).expect("the lock can be made");
    lock.lock().expect("the lock can be taken");
    let output = Command::new("go")
        .current_dir(glasslog::package().join("interop").join(module))
        .env("GOBIN", &bin)
        .env("GOFLAGS", "-mod=readonly")
        .args(["install", "-trimpath", "-buildvcs=false"])
        .args(packages)
        .output()
        .expect("go runs");
    assert!(
        output.status.success(),
        "the tools do not build: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Tools { bin }
}
