//! SHA-256 of a file in constant memory.

use glasslog_core::merkle;
use wasm_bindgen::prelude::wasm_bindgen;

/// A hash in progress.
#[wasm_bindgen]
#[derive(Default)]
pub struct FileHasher(merkle::FileHasher);

#[wasm_bindgen]
impl FileHasher {
    /// Starts with no bytes.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next bytes of the file.
    pub fn update(&mut self, chunk: &[u8]) {
        self.0.update(chunk);
    }

    /// The digest in the form that names an artifact.
    #[must_use]
    pub fn digest(self) -> String {
        format!("sha256:{}", self.0.finish().to_hex())
    }
}
