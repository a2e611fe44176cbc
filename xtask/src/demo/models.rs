//! The files that the demo's events are about: the user's own, or two small models in the safetensors format.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// A model file and the name that its events carry.
pub(crate) struct Model {
    /// `name@version`.
    pub(crate) artifact: String,
    /// Path of the file.
    pub(crate) path: PathBuf,
}

/// The user's own files, each named by its file name.
pub(crate) fn given(files: &[PathBuf]) -> Result<Vec<Model>> {
    let model = |path: &PathBuf| {
        if !path.is_file() {
            bail!("`{}` is not a file", path.display());
        }
        let path =
            fs::canonicalize(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Ok(Model {
            artifact: format!("{}@demo", plain(&name)),
            path,
        })
    };
    files.iter().map(model).collect()
}

/// Names in events are printable ASCII without spaces; the demo replaces any other
/// character, and `@`, which separates the version.
fn plain(name: &str) -> String {
    let safe = |c: char| {
        if c.is_ascii_graphic() && !matches!(c, '@' | '/' | '\\' | ':') {
            c
        } else {
            '-'
        }
    };
    let name: String = name.chars().take(200).map(safe).collect();
    if name.is_empty() {
        "model".to_string()
    } else {
        name
    }
}

/// Two versions of a small model, the same bytes each time.
pub(crate) fn make(directory: &Path) -> Result<Vec<Model>> {
    fs::create_dir_all(directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    let mut models = Vec::new();
    for (version, seed) in [("1.0", 10), ("1.1", 11)] {
        let path = directory.join(format!("sentiment-small-{version}.safetensors"));
        fs::write(&path, safetensors(seed))
            .with_context(|| format!("cannot write {}", path.display()))?;
        models.push(Model {
            artifact: format!("sentiment-small@{version}"),
            path,
        });
    }
    Ok(models)
}

/// A file that safetensors libraries load: length of the header, header, then one matrix of 128 × 64 floats.
fn safetensors(seed: u32) -> Vec<u8> {
    let (rows, columns) = (128u32, 64u32);
    let header = format!(
        r#"{{"classifier.weight":{{"dtype":"F32","shape":[{rows},{columns}],"data_offsets":[0,{}]}}}}"#,
        rows * columns * 4
    );
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    let mut state = seed;
    for _ in 0..rows * columns {
        // Any fixed sequence would serve; this one is a linear congruence.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let weight = f64::from(state) / f64::from(u32::MAX) - 0.5;
        bytes.extend_from_slice(&(weight as f32).to_le_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::{plain, safetensors};

    #[test]
    fn names_are_plain() {
        assert_eq!(plain("résumé v2@final"), "r-sum--v2-final");
        assert_eq!(plain(""), "model");
    }

    #[test]
    fn the_header_says_how_long_the_rest_is() {
        let bytes = safetensors(1);
        let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let json: serde_json::Value = serde_json::from_slice(&bytes[8..8 + header]).unwrap();
        assert_eq!(
            json["classifier.weight"]["data_offsets"][1],
            bytes.len() - 8 - header
        );
        assert_ne!(safetensors(1), safetensors(2));
    }
}
