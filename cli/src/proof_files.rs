//! The two files that `verify proof` needs, beside each other: the proof of an entry, and the entry.

use std::fs;
use std::path::{Path, PathBuf};

use glasslog_core::event::Envelope;
use glasslog_core::text::limits::MAX_ENTRY;

use crate::failure::Failure;
use crate::output::{Console, Output, check_current_folder, write_new};

const PROOF: &str = "tlog-proof";
const ENTRY: &str = "entry";
/// Most characters of an origin in a file's name, which file systems limit to 255 bytes.
const MAX_ORIGIN: usize = 200;

/// The places of both files, which could be written when they were opened.
#[derive(Debug, Default)]
pub(crate) struct ProofFiles {
    /// `None`: the default name.
    proof: Option<Output>,
    /// `None`: beside a proof with a default name, else not written.
    entry: Option<Output>,
    /// True if the user did not name the file of the entry.
    is_beside: bool,
}

/// The files that were written, as paths; `-` is standard output.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) proof: Option<String>,
    pub(crate) entry: Option<String>,
}

impl ProofFiles {
    /// Opens the places that `-o` and `--entry` name.
    ///
    /// # Errors
    /// A place cannot be written.
    pub(crate) fn open(
        proof: Option<&Path>,
        entry: Option<&Path>,
        console: &Console,
    ) -> Result<Self, Failure> {
        let open = |path: Option<&Path>| path.map(|path| Output::open(path, console)).transpose();
        let (proof, mut entry) = (open(proof)?, open(entry)?);
        let mut is_beside = false;
        match &proof {
            None => check_current_folder()?,
            Some(output) if entry.is_none() && output.file().is_some() => {
                entry = Some(Output::at(&entry_beside(output.path()))?);
                is_beside = true;
            }
            Some(_) => {}
        }
        let both = [&proof, &entry].map(|output| output.as_ref().and_then(Output::file));
        if let [Some(proof), Some(entry)] = both
            && proof == entry
        {
            return Err(Failure::usage("`--entry` names the file of the proof"));
        }
        Ok(Self {
            proof,
            entry,
            is_beside,
        })
    }

    /// Opens the place that `--entry` names, for an entry without a proof.
    ///
    /// # Errors
    /// The place cannot be written.
    pub(crate) fn open_entry(entry: Option<&Path>, console: &Console) -> Result<Self, Failure> {
        let entry = entry.map(|path| Output::open(path, console)).transpose()?;
        Ok(Self {
            entry,
            ..Self::default()
        })
    }

    /// Checks that the entry's file is free, no regular file, holds an envelope, or is `entry` already: the place is often a
    /// consequence of another, and an entry is never worth the file that it would replace.
    ///
    /// # Errors
    /// It is another file.
    pub(crate) fn check_entry_place(&self, entry: Option<&[u8]>) -> Result<(), Failure> {
        let place = self.entry.as_ref().and_then(Output::file);
        let Some(path) = place.filter(|path| path.is_file()) else {
            return Ok(());
        };
        let fits = fs::metadata(path).is_ok_and(|found| found.len() <= MAX_ENTRY as u64);
        let is_entry =
            |bytes: Vec<u8>| entry == Some(&bytes[..]) || Envelope::parse(&bytes).is_ok();
        if fits && fs::read(path).is_ok_and(is_entry) {
            return Ok(());
        }
        let place = match self.is_beside {
            true => ", the place of the entry beside the proof,",
            false => "",
        };
        let message = format!("`{}`{place} is a file that holds no entry", path.display());
        let hint = "`--entry FILE` names another place for the entry";
        Err(Failure::unfinished("entry-file-taken", message).hint(hint))
    }

    /// Returns the folder that files are written to: that of the entry or the proof, or the current one, which is empty.
    pub(crate) fn folder(&self) -> PathBuf {
        let mut outputs = [&self.entry, &self.proof].into_iter().flatten();
        let file = outputs.find_map(Output::file).and_then(Path::parent);
        file.unwrap_or(Path::new("")).to_path_buf()
    }

    /// Returns the place of the entry, if it has a name of its own.
    pub(crate) fn into_entry(self) -> Option<Output> {
        self.entry
    }

    /// Writes the entry alone, if it has a name.
    ///
    /// # Errors
    /// The disk or permissions.
    pub(crate) fn write_entry(self, entry: &[u8]) -> Result<Written, Failure> {
        let entry = self.entry.map(|output| write(output, entry)).transpose()?;
        Ok(Written { proof: None, entry })
    }

    /// Writes the proof and the entry at `index` of the log `origin`.
    ///
    /// # Errors
    /// The disk or permissions.
    pub(crate) fn write(
        self,
        origin: &str,
        index: u64,
        proof: &[u8],
        entry: &[u8],
    ) -> Result<Written, Failure> {
        let stem = stem(origin, index);
        let Some(output) = self.proof else {
            let mut files = vec![(PROOF, proof)];
            if self.entry.is_none() {
                files.push((ENTRY, entry));
            }
            let named = self.entry.map(|output| write(output, entry)).transpose()?;
            let mut paths = write_new(&stem, &files)?
                .into_iter()
                .map(|path| shown(&path));
            let proof = paths.next();
            let entry = named.or_else(|| paths.next());
            return Ok(Written { proof, entry });
        };
        let entry = self.entry.map(|output| write(output, entry)).transpose()?;
        let proof = Some(write(output, proof)?);
        Ok(Written { proof, entry })
    }
}

fn write(output: Output, bytes: &[u8]) -> Result<String, Failure> {
    let path = shown(output.path());
    output.write(bytes).map(|()| path)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Returns the name of the entry's file beside a proof: `X.entry` beside `X.tlog-proof`, and beside any other `X`.
pub(crate) fn entry_beside(proof: &Path) -> PathBuf {
    let mut path = match proof.extension() {
        Some(extension) if extension == PROOF => proof.with_extension(""),
        _ => proof.to_path_buf(),
    }
    .into_os_string();
    path.push(format!(".{ENTRY}"));
    path.into()
}

/// Returns the beginning of default names. An origin can have any printable character; those that are special in paths or to
/// shells become `-`.
fn stem(origin: &str, index: u64) -> PathBuf {
    let plain = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' => c,
        _ => '-',
    };
    let origin: String = origin.chars().take(MAX_ORIGIN).map(plain).collect();
    // No hidden file, and no name that looks like a flag.
    let origin = origin.trim_start_matches(['.', '-']);
    format!("{origin}-{index}").trim_start_matches('-').into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_names_have_the_origin_and_the_index() {
        for (origin, name) in [
            ("demo.example/log", "demo.example-log-7"),
            ("../../etc/passwd", "etc-passwd-7"),
            ("--format", "format-7"),
            ("///", "7"),
            ("a:b\\c", "a-b-c-7"),
        ] {
            assert_eq!(stem(origin, 7), Path::new(name), "{origin}");
        }
        assert!(stem(&"x".repeat(256), u64::MAX).as_os_str().len() < 230);
    }

    #[test]
    fn the_entry_is_beside_the_proof() {
        for (proof, entry) in [
            ("a/7.tlog-proof", "a/7.entry"),
            ("proof", "proof.entry"),
            ("a.b", "a.b.entry"),
            ("x.entry", "x.entry.entry"),
        ] {
            assert_eq!(entry_beside(Path::new(proof)), Path::new(entry));
        }
    }
}
