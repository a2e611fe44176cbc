//! Options as JavaScript passes them.

use glasslog_core::verify::{Options, Require};
use wasm_bindgen::JsError;

/// Combines the options; the wrapper has checked their types.
pub(crate) fn options(
    now: u64,
    require: Option<&str>,
    max_checkpoint_age: Option<u64>,
    accept_index: bool,
) -> Result<Options, JsError> {
    let require = match require {
        None => None,
        Some("included") => Some(Require::Included),
        Some("complete") => Some(Require::Complete),
        Some("registered") => Some(Require::Registered),
        Some(_) => {
            return Err(JsError::new(
                "option `require` must be \"included\", \"complete\" or, of files, \"registered\"",
            ));
        }
    };
    Ok(Options {
        now,
        require,
        max_checkpoint_age,
        full_scan: false,
        accept_index,
        state: false,
    })
}
