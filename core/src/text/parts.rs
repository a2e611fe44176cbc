//! Files made of parts: header lines, then parts, each `name SP length LF` and then as many bytes.

use alloc::format;
use alloc::vec::Vec;

use crate::text::wire;

/// Appends a part.
pub(crate) fn push_part(bytes: &mut Vec<u8>, name: &str, part: &[u8]) {
    bytes.extend(format!("{name} {}\n", part.len()).into_bytes());
    bytes.extend_from_slice(part);
}

/// Rest of a file, not yet parsed.
pub(crate) struct PartReader<'a> {
    rest: &'a [u8],
}

impl<'a> PartReader<'a> {
    pub(crate) const fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next line, without its line feed.
    pub(crate) fn line(&mut self) -> Option<&'a str> {
        let end = self.rest.iter().position(|byte| *byte == b'\n')?;
        let (line, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest.get(1..)?;
        core::str::from_utf8(line).ok()
    }

    /// True if the next line begins with this word.
    pub(crate) fn is_next(&self, name: &str) -> bool {
        self.rest
            .strip_prefix(name.as_bytes())
            .is_some_and(|rest| rest.first() == Some(&b' '))
    }

    /// The rest of the next line, which begins with this word.
    pub(crate) fn header(&mut self, name: &str) -> Option<&'a str> {
        self.line()?.strip_prefix(name)?.strip_prefix(' ')
    }

    /// The number after this word.
    pub(crate) fn number(&mut self, name: &str) -> Option<u64> {
        wire::parse_decimal(self.header(name)?)
    }

    /// The next `length` bytes; `None` if fewer are left.
    pub(crate) fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (part, rest) = self.rest.split_at_checked(usize::try_from(length).ok()?)?;
        self.rest = rest;
        Some(part)
    }
}
