//! The files of a folder, hashed one by one, and the list that they make (`docs/formats/folders.md`).

use glasslog_core::event::{FileList, FolderFile, is_left_out};
use glasslog_core::merkle::Hash;
use glasslog_core::text::limits::MAX_FILES;
use glasslog_core::text::wire;
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

/// The files of a folder that were hashed so far.
#[wasm_bindgen]
#[derive(Default)]
pub struct FolderHasher(Vec<FolderFile>);

#[wasm_bindgen]
impl FolderHasher {
    /// Starts with no file.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file with its digest.
    ///
    /// # Errors
    /// Throws if the digest is not `sha256:` and hex, or if there are too many files.
    pub fn add(&mut self, path: String, size: u64, digest: &str) -> Result<(), JsError> {
        let digest = digest
            .strip_prefix("sha256:")
            .and_then(wire::hex_decode)
            .and_then(|bytes| bytes.try_into().ok())
            .map(Hash::from_bytes)
            .ok_or_else(|| JsError::new("`digest` must be `sha256:` and 64 digits of hex"))?;
        if self.0.len() == MAX_FILES {
            return Err(JsError::new(&format!(
                "the folder holds more than {MAX_FILES} files"
            )));
        }
        self.0.push(FolderFile { path, size, digest });
        Ok(())
    }

    /// The list of all files, `glasslog-files/v1`.
    ///
    /// # Errors
    /// Throws if there is no file, or a path is malformed, comes twice or is a folder too.
    pub fn list(self) -> Result<String, JsError> {
        Ok(FileList::new(self.0)?.encode())
    }
}

/// The digest of the folder with the files of a list, in the form that names an artifact.
///
/// # Errors
/// Throws if the list is malformed.
#[wasm_bindgen(js_name = folderDigest)]
pub fn folder_digest(list: &str) -> Result<String, JsError> {
    let list = FileList::parse(list.as_bytes())?;
    Ok(format!("sha256:{}", list.root().to_hex()))
}

/// Returns `true` if a path is left out of every folder, as `model_signing` does.
#[wasm_bindgen(js_name = isLeftOut)]
#[must_use]
pub fn left_out(path: &str) -> bool {
    is_left_out(path)
}
