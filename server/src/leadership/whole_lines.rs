//! Whole lines of an answer that arrives in pieces: a client would take half a line for a refusal or drop it.

/// Longest line: a receipt with a proof is 3 KB.
const MAX_LINE: usize = 64 << 10;

/// The beginning of a line whose end has not arrived.
#[derive(Debug, Default)]
pub(super) struct WholeLines {
    begun: Vec<u8>,
}

impl WholeLines {
    /// Adds a piece and returns the lines that are whole now.
    ///
    /// # Errors
    /// A line that is too long to be one of a server's answer.
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<Vec<u8>, ()> {
        let end = piece.iter().rposition(|byte| *byte == b'\n');
        let (whole, rest) = piece.split_at(end.map_or(0, |end| end + 1));
        let mut lines = Vec::new();
        if !whole.is_empty() {
            lines = std::mem::take(&mut self.begun);
            lines.extend_from_slice(whole);
        }
        self.begun.extend_from_slice(rest);
        match self.begun.len() > MAX_LINE {
            true => Err(()),
            false => Ok(lines),
        }
    }

    /// Returns whether every line so far is whole.
    pub(super) fn is_clean(&self) -> bool {
        self.begun.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cuts an answer into pieces of every size: its lines come out whole and in order, its unfinished end does not.
    #[test]
    fn only_whole_lines_pass() {
        let text = b"{\"index\":1}\n{\"index\":2}\n\n{\"ind";
        for size in 1..=text.len() {
            let mut lines = WholeLines::default();
            let mut passed = Vec::new();
            for piece in text.chunks(size) {
                let whole = lines.push(piece).unwrap();
                assert!(whole.is_empty() || whole.ends_with(b"\n"));
                passed.extend(whole);
            }
            assert_eq!(passed, b"{\"index\":1}\n{\"index\":2}\n\n", "{size}");
            assert!(!lines.is_clean());
        }
    }

    #[test]
    fn an_endless_line_ends() {
        let mut lines = WholeLines::default();
        assert_eq!(lines.push(&[b'x'; MAX_LINE]), Ok(Vec::new()));
        assert_eq!(lines.push(b"x"), Err(()));
    }
}
