//! Cuts a body into lines as its pieces arrive, and holds at most one part of it.

use crate::limits::{MAX_CHUNK_BYTES, MAX_CHUNK_ENTRIES, MAX_CHUNK_PROOFS};
use glasslog_core::text::limits::MAX_ENTRY;
use std::collections::VecDeque;

/// A line of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Bytes of the line, without the line feed.
    Entry(Vec<u8>),
    /// Length of a line that is longer than any entry.
    TooLong(usize),
}

impl Line {
    /// Returns the bytes that count for the size of a part.
    fn cost(&self) -> usize {
        match self {
            Self::Entry(bytes) => bytes.len(),
            Self::TooLong(length) => (*length).min(MAX_ENTRY),
        }
    }
}

/// Lines that have arrived and are not taken yet.
#[derive(Debug)]
pub(crate) struct Lines {
    most: usize,
    ready: VecDeque<Line>,
    bytes: usize,
    /// The beginning of a line whose end has not arrived.
    begun: Vec<u8>,
    /// Bytes of that line, including those that were not kept.
    length: usize,
}

impl Lines {
    /// Begins without lines. A proof makes the answer to a line ten times as long, so fewer lines are answered together.
    pub(crate) fn new(is_proof: bool) -> Self {
        Self {
            most: match is_proof {
                true => MAX_CHUNK_PROOFS,
                false => MAX_CHUNK_ENTRIES,
            },
            ready: VecDeque::new(),
            bytes: 0,
            begun: Vec::new(),
            length: 0,
        }
    }

    /// Adds a piece of the body; returns whether a line ended in it.
    pub(crate) fn push(&mut self, mut piece: &[u8]) -> bool {
        let mut is_line = false;
        while let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            self.extend(&piece[..end]);
            self.end_line();
            is_line = true;
            piece = &piece[end + 1..];
        }
        self.extend(piece);
        is_line
    }

    /// Ends the body; its last line may lack the line feed.
    pub(crate) fn finish(&mut self) {
        if self.length > 0 {
            self.end_line();
        }
    }

    /// Returns the bytes of the line whose end has not arrived.
    pub(crate) fn begun(&self) -> usize {
        self.length
    }

    /// Returns whether a whole part of at most so many lines is ready, so that reading should pause.
    pub(crate) fn is_full(&self, most: usize) -> bool {
        self.bytes >= MAX_CHUNK_BYTES || self.ready.len() >= self.most.min(most)
    }

    /// Returns whether no line is ready.
    pub(crate) fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    /// Takes lines that are ready, at most so many.
    pub(crate) fn take(&mut self, most: usize) -> Vec<Line> {
        let count = self.ready.len().min(self.most).min(most);
        let taken: Vec<Line> = self.ready.drain(..count).collect();
        self.bytes -= taken.iter().map(Line::cost).sum::<usize>();
        taken
    }

    fn extend(&mut self, bytes: &[u8]) {
        self.length += bytes.len();
        // The bytes of a line that is too long are dropped.
        match self.length > MAX_ENTRY {
            true => self.begun = Vec::new(),
            false => self.begun.extend_from_slice(bytes),
        }
    }

    fn end_line(&mut self) {
        let line = match self.length > MAX_ENTRY {
            true => Line::TooLong(self.length),
            false => Line::Entry(std::mem::take(&mut self.begun)),
        };
        self.bytes += line.cost();
        self.length = 0;
        self.ready.push_back(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(text: &str) -> Line {
        Line::Entry(text.into())
    }

    /// Cuts a body into pieces of several sizes: its lines are the same each time.
    #[test]
    fn pieces_do_not_matter() {
        let long = "x".repeat(MAX_ENTRY + 1);
        let fits = "y".repeat(MAX_ENTRY);
        let body = format!("one\n\n{long}\ntwo\r\n{fits}\nlast");
        let expected = [
            entry("one"),
            entry(""),
            Line::TooLong(MAX_ENTRY + 1),
            entry("two\r"),
            entry(&fits),
            entry("last"),
        ];
        for size in [1, 2, 3, 7, 1_000, body.len()] {
            let mut lines = Lines::new(false);
            for piece in body.as_bytes().chunks(size) {
                lines.push(piece);
            }
            lines.finish();
            assert!(lines.take(usize::MAX) == expected, "pieces of {size} bytes");
        }
    }

    #[test]
    fn a_body_without_lines_has_none() {
        for (body, count) in [("", 0), ("\n", 1), ("a", 1), ("a\n", 1), ("\n\n", 2)] {
            let mut lines = Lines::new(false);
            lines.push(body.as_bytes());
            lines.finish();
            assert_eq!(lines.take(usize::MAX).len(), count, "{body:?}");
        }
    }

    #[test]
    fn an_endless_line_is_not_kept() {
        let mut lines = Lines::new(false);
        for _ in 0..1_000 {
            assert!(!lines.push(&[b'x'; 65_536]));
            assert!(lines.begun.capacity() <= 2 * MAX_ENTRY);
        }
        lines.finish();
        assert_eq!(lines.take(1), [Line::TooLong(65_536_000)]);
    }

    #[test]
    fn a_part_has_an_end() {
        let mut lines = Lines::new(false);
        while !lines.is_full(usize::MAX) {
            lines.push(b"\n");
        }
        assert_eq!(lines.take(usize::MAX).len(), MAX_CHUNK_ENTRIES);
        assert!(!lines.is_full(usize::MAX));
        while !lines.is_full(usize::MAX) {
            lines.push(&[&[b'x'; 60_000][..], b"\n"].concat());
        }
        assert_eq!(
            lines.take(usize::MAX).len(),
            MAX_CHUNK_BYTES.div_ceil(60_000)
        );
        lines.push(&b"a\n".repeat(10));
        assert!(lines.is_full(8));
        assert_eq!(lines.take(8).len(), 8);
        assert!(!lines.is_full(8));
        assert_eq!((lines.take(8).len(), lines.bytes), (2, 0));
    }
}
