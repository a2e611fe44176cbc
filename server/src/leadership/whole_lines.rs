//! Passes on whole lines only: half a line of an answer that breaks off would be taken for a refusal, or for nothing.

/// Longest line: a receipt with a proof is 3 KB.
const MAX_LINE: usize = 64 << 10;

/// The beginning of a line whose end has not come.
#[derive(Debug, Default)]
pub(super) struct WholeLines {
    begun: Vec<u8>,
}

impl WholeLines {
    /// Takes in a piece and gives the lines that are whole now.
    ///
    /// # Errors
    /// A line that is longer than any.
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

    /// Whether nothing is left over.
    pub(super) fn is_clean(&self) -> bool {
        self.begun.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However an answer is cut into pieces, its lines come out whole, in order, and its unfinished end does not.
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
