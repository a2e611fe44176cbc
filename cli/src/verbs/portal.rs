//! `portal`: puts the audit portal into a log's public tree.

use std::path::PathBuf;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Console;

/// Puts the audit portal into the log's public tree.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Static files in LOG/public/portal/; any web server serves them with the log.

Examples:
  glasslog portal my.log
  glasslog portal my.log --connect https://other-log.example.com")]
pub(crate) struct Args {
    /// Log directory or public tree
    log: PathBuf,

    /// Other hosts whose logs the portal may read
    #[arg(long, value_name = "URL", num_args = 1..)]
    connect: Vec<String>,
}

#[cfg(not(feature = "portal"))]
impl Args {
    /// # Errors
    /// Always: this build does not contain the portal.
    pub(crate) fn run(self, _console: &Console) -> Result<Exit, Failure> {
        let Self { log: _, connect: _ } = self;
        Err(Failure::unfinished(
            "no-portal",
            "this build of glasslog does not contain the portal",
        )
        .hint("`cargo xtask site` builds the portal and a glasslog that contains it"))
    }
}

#[cfg(feature = "portal")]
mod embedded {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use glasslog_client::source::{Directory, is_address, parse_address};
    use include_dir::{Dir, include_dir};
    use serde::Serialize;

    use super::{Args, Console, Exit, Failure};
    use crate::policy_hint::policy_beside;
    use crate::source;

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Written {
        schema_version: u32,
        result: &'static str,
        files: usize,
        path: String,
    }

    static PORTAL: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../site/dist");

    /// The part of the page's content security policy that names the hosts whose logs it may read.
    const CONNECT: &str = "connect-src 'self'";

    impl Args {
        /// # Errors
        /// The log is missing, an address is malformed, or the disk fails.
        pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
            let tree = Directory::open(source::directory(&self.log)?)?;
            let connect = connect_sources(&self.connect)?;
            let target = tree.root().join("portal");
            let mut count = write(&PORTAL, &target, &connect)?;
            // The page offers this policy, and says that it came with the page (`docs/decisions/portal-trust.md`).
            if let Some(policy) = policy_beside(&self.log.to_string_lossy()) {
                let copy = target.join("trust.policy");
                fs::copy(&policy, &copy)
                    .and_then(|_| fs::set_permissions(&copy, Permissions::from_mode(0o644)))
                    .map_err(|error| Failure::file(copy.display(), &error))?;
                count += 1;
            }
            if console.is_json() {
                console.result(
                    &Written {
                        schema_version: 1,
                        result: "done",
                        files: count,
                        path: target.display().to_string(),
                    },
                    Exit::Done,
                );
            } else {
                console.line(format_args!(
                    "{count} files written to {}",
                    target.display()
                ));
            }
            Ok(Exit::Done)
        }
    }

    /// Returns the hosts in the form of the policy: scheme, name and port, without characters that could add a directive.
    fn connect_sources(addresses: &[String]) -> Result<String, Failure> {
        let mut sources = String::from(CONNECT);
        for address in addresses {
            let origin = parse_address(address)?.origin().ascii_serialization();
            // A host's name may contain characters that a policy in an HTML attribute cannot, such as `;` and `"`.
            let plain = |c: char| {
                c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '/' | '[' | ']')
            };
            if is_address(&origin) != Ok(true) || !origin.chars().all(plain) {
                return Err(Failure::usage(format!(
                    "`{address}` is not an address that the portal can read from"
                )));
            }
            sources.push(' ');
            sources.push_str(&origin);
        }
        Ok(sources)
    }

    fn write(dir: &Dir<'_>, target: &Path, connect: &str) -> Result<usize, Failure> {
        let fail = |path: &Path, error: &std::io::Error| Failure::file(path.display(), error);
        // Modes do not follow the umask, as in the rest of the public tree: a web server reads these files.
        let share = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode));
        fs::create_dir_all(target)
            .and_then(|()| share(target, 0o755))
            .map_err(|error| fail(target, &error))?;
        let mut count = 0;
        for file in dir.files() {
            let Some(name) = file.path().file_name() else {
                continue;
            };
            let path = target.join(name);
            let bytes = match file.contents_utf8() {
                Some(page)
                    if path
                        .extension()
                        .is_some_and(|extension| extension == "html") =>
                {
                    page.replace(CONNECT, connect).into_bytes()
                }
                _ => file.contents().to_vec(),
            };
            fs::write(&path, bytes)
                .and_then(|()| share(&path, 0o644))
                .map_err(|error| fail(&path, &error))?;
            count += 1;
        }
        for inner in dir.dirs() {
            let Some(name) = inner.path().file_name() else {
                continue;
            };
            count += write(inner, &target.join(name), connect)?;
        }
        Ok(count)
    }

    #[cfg(test)]
    mod tests {
        use super::connect_sources;

        fn sources(address: &str) -> Option<String> {
            connect_sources(&[address.to_owned()]).ok()
        }

        #[test]
        fn a_host_is_named_by_its_origin_and_can_add_no_directive() {
            for (address, origin) in [
                ("https://logs.example.org/a/b", "https://logs.example.org"),
                ("http://127.0.0.1:8137/", "http://127.0.0.1:8137"),
                ("https://[2001:db8::1]:444/x", "https://[2001:db8::1]:444"),
            ] {
                assert_eq!(
                    sources(address),
                    Some(format!("connect-src 'self' {origin}"))
                );
            }
            for address in [
                "https://a;script-src",
                "https://a\"b",
                "https://a'b",
                "ftp://a",
                "javascript:x",
                "*",
            ] {
                assert_eq!(sources(address), None, "{address}");
            }
        }
    }
}
