//! Reads PEM files of keys.

use std::fmt::Display;
use std::path::Path;

use zeroize::Zeroizing;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::file_kind::FileKind;
use crate::input;

/// Most bytes of a key file: a PEM block and a line.
const MAX_LENGTH: usize = 4_096;

/// The key that a file must hold.
pub(crate) struct Expected {
    /// The stable name of the error if the file holds something else.
    pub(crate) code: &'static str,
    /// The form of the file, and the command that writes it.
    pub(crate) hint: &'static str,
    /// Its kind.
    pub(crate) kind: FileKind,
}

/// Reads a file and parses its text, which is wiped afterwards since it can be secret.
///
/// # Errors
/// The file cannot be read (exit 1), or is not the expected one (exit 8; 2 if it is the key of another role).
pub(crate) fn read<T, E: Display>(
    path: &Path,
    expected: &Expected,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, Failure> {
    let bytes = input::read(path, MAX_LENGTH)
        .map_err(|failure| input::too_long_for(failure, path, expected.kind))?;
    let bytes = Zeroizing::new(bytes);
    let malformed = |problem: &dyn Display| {
        let shown = path.display();
        let message = match FileKind::of(&bytes).filter(|found| *found != expected.kind) {
            Some(found) => {
                let failure = found.instead_of(expected.kind, path);
                return Failure {
                    hint: Some(expected.hint.to_owned()),
                    ..failure
                };
            }
            None => format!("`{shown}`: {problem}"),
        };
        Failure::new(Exit::Malformed, expected.code, message).hint(expected.hint)
    };
    let text = str::from_utf8(&bytes).map_err(|_| malformed(&"not text"))?;
    parse(text).map_err(|error| malformed(&error))
}
