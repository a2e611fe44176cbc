//! The text of a list of files, `glasslog-files/v1` (`docs/formats/folders.md`, "File list").

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::str;

use crate::event::file_list::{FileList, FileListError, FolderFile};
use crate::merkle::hash::{Hash, sha256};
use crate::text::limits::{MAX_FILE_LIST, MAX_FILES};
use crate::text::wire;

/// First line.
const HEADER: &str = "glasslog-files/v1";

/// The reason why a text is not a list of files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileListTextError {
    /// The text is longer than [`MAX_FILE_LIST`].
    #[error("a file list has at most {MAX_FILE_LIST} bytes, not {length}")]
    TooLong {
        /// Its bytes.
        length: usize,
    },
    /// The text is not UTF-8, has another first line, or does not end in a line feed.
    #[error("a file list begins with the line `{HEADER}` and ends in a line feed")]
    Frame,
    /// The line is not a digest, a size and a path.
    #[error("line {line} of the file list is not `sha256:HEX SIZE PATH`")]
    Line {
        /// Its number, from 1.
        line: usize,
    },
    /// The lines are not those of a folder.
    #[error("{0} in the file list")]
    Files(#[from] FileListError),
}

impl FileListTextError {
    /// Returns the stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "file-list-too-long",
            Self::Frame => "file-list-frame",
            Self::Line { .. } => "file-list-line",
            Self::Files(error) => error.code(),
        }
    }
}

impl FileList {
    /// Encodes the list in its one spelling.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = format!("{HEADER}\n");
        for file in self.files() {
            let line = format!(
                "sha256:{} {} {}\n",
                file.digest.to_hex(),
                file.size,
                file.path
            );
            text.push_str(&line);
        }
        text
    }

    /// Computes the digest of the text, by which a registration names it.
    #[must_use]
    pub fn digest(&self) -> Hash {
        sha256(self.encode().as_bytes())
    }

    /// Parses the text of a list.
    ///
    /// # Errors
    /// [`FileListTextError`]
    pub fn parse(text: &[u8]) -> Result<Self, FileListTextError> {
        if text.len() > MAX_FILE_LIST {
            return Err(FileListTextError::TooLong { length: text.len() });
        }
        let text = str::from_utf8(text).map_err(|_| FileListTextError::Frame)?;
        let lines = text
            .strip_prefix(HEADER)
            .and_then(|text| text.strip_prefix('\n'))
            .ok_or(FileListTextError::Frame)?;
        if !text.ends_with('\n') {
            return Err(FileListTextError::Frame);
        }
        let mut files = Vec::new();
        for (at, line) in lines.split_terminator('\n').enumerate() {
            if files.len() == MAX_FILES {
                return Err(FileListError::TooMany.into());
            }
            // The header is line 1.
            let file = parse_line(line).ok_or(FileListTextError::Line { line: at + 2 })?;
            files.push(file);
        }
        Ok(Self::from_sorted(files)?)
    }
}

fn parse_line(line: &str) -> Option<FolderFile> {
    let (digest, rest) = line.split_once(' ')?;
    let (size, path) = rest.split_once(' ')?;
    Some(FolderFile {
        path: path.to_string(),
        size: wire::parse_decimal(size)?,
        digest: parse_digest(digest)?,
    })
}

/// Parses `sha256:` and 64 digits of lower-case hex.
pub(crate) fn parse_digest(text: &str) -> Option<Hash> {
    let bytes = wire::hex_decode(text.strip_prefix("sha256:")?)?;
    Some(Hash::from_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str =
        "sha256:6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b 1 a b\n";
    const B: &str =
        "sha256:d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35 1 b/c\n";

    #[test]
    fn the_text_has_one_spelling() {
        let text = format!("{HEADER}\n{A}{B}");
        let list = FileList::parse(text.as_bytes()).unwrap();
        assert_eq!(list.files().len(), 2);
        assert_eq!(list.files()[0].path, "a b");
        assert_eq!(list.encode(), text);
        assert_eq!(list.digest(), sha256(text.as_bytes()));
    }

    #[test]
    fn other_texts_are_refused() {
        let upper = A.replace("6b86", "6B86");
        for (text, code) in [
            (String::new(), "file-list-frame"),
            (format!("{HEADER}\n"), "files-empty"),
            (format!("{HEADER}\n{}", A.trim_end()), "file-list-frame"),
            (format!("{HEADER}\r\n{A}"), "file-list-frame"),
            (format!("glasslog-files/v2\n{A}"), "file-list-frame"),
            (format!("{HEADER}\n{A}\n"), "file-list-line"),
            (format!("{HEADER}\n{upper}"), "file-list-line"),
            (
                format!("{HEADER}\n{}", A.replace(" 1 ", " 01 ")),
                "file-list-line",
            ),
            (
                format!("{HEADER}\n{}", A.replace(" 1 ", " -1 ")),
                "file-list-line",
            ),
            (
                format!("{HEADER}\n{}", A.replace(" 1 ", "  1 ")),
                "file-list-line",
            ),
            (format!("{HEADER}\n{B}{A}"), "files-order"),
            (format!("{HEADER}\n{A}{A}"), "files-twice"),
            (
                format!("{HEADER}\n{}", B.replace("b/c", "b/../c")),
                "files-path",
            ),
            (
                format!("{HEADER}\n{}", B.replace("b/c", "b\r")),
                "files-path",
            ),
        ] {
            let error = FileList::parse(text.as_bytes()).unwrap_err();
            assert_eq!(error.code(), code, "{text:?}");
        }
        assert_eq!(
            FileList::parse(b"\xff").unwrap_err().code(),
            "file-list-frame"
        );
    }
}
