//! The argument ARTIFACT of a query: an artifact, an actor or a key, told apart by syntax alone (`docs/cli.md`,
//! ARTIFACT).

use crate::event::fields::is_name;
use crate::event::lookup_key::{KeyKind, LookupKey};
use crate::merkle::hash::Hash;
use crate::text::escape;
use crate::text::wire::hex_decode;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A parsed ARTIFACT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArtifactQuery {
    /// A key to look up.
    Key(LookupKey),
    /// The path of a file, which the caller hashes.
    Path(String),
}

/// The reason why a text is not an ARTIFACT.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArtifactError {
    /// The text after `sha256:` is not 64 hex digits.
    #[error("`{}` is not a SHA-256 digest", escape::excerpt(.found))]
    Digest {
        /// The text as given.
        found: String,
    },
    /// The package URL has no SHA-256 digest.
    #[error("the package URL `{}` holds no SHA-256 digest", escape::excerpt(.found))]
    PurlWithoutDigest {
        /// The text as given.
        found: String,
    },
    /// The package URL has several SHA-256 digests, of which the first would be chosen in silence.
    #[error("the package URL `{}` holds {count} different SHA-256 digests", escape::excerpt(.found))]
    PurlDigests {
        /// The text as given.
        found: String,
        /// Number of different digests.
        count: usize,
    },
    /// The name is empty, over 256 bytes, or not printable ASCII without spaces.
    #[error("`{}` is not a name: 1 to 256 printable ASCII characters without spaces", escape::excerpt(.found))]
    Name {
        /// The text as given.
        found: String,
    },
    /// The text has another form than a name.
    #[error("`{}` is {form}, not a name", escape::excerpt(.found))]
    NotAName {
        /// The text as given.
        found: String,
        /// The form that it has.
        form: &'static str,
    },
    /// The text is of another form than `NAME@VERSION`.
    #[error("`{}` is not a name with a version", escape::excerpt(.found))]
    Version {
        /// The text as given.
        found: String,
    },
    /// The text is of the form `NAME@VERSION` with an empty version.
    #[error("`{}` has an empty version", escape::excerpt(.found))]
    EmptyVersion {
        /// The text as given.
        found: String,
    },
    /// The text is a path, which only a caller with access to files can hash.
    #[error("`{}` is a path, and files are hashed by the caller", escape::excerpt(.found))]
    Path {
        /// The text as given.
        found: String,
    },
}

impl ArtifactError {
    /// Returns the stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Digest { .. } => "artifact-digest",
            Self::PurlWithoutDigest { .. } => "artifact-purl-without-digest",
            Self::PurlDigests { .. } => "artifact-purl-digests",
            Self::Name { .. } => "artifact-name",
            Self::NotAName { .. } => "artifact-not-a-name",
            Self::Version { .. } => "artifact-version",
            Self::EmptyVersion { .. } => "artifact-empty-version",
            Self::Path { .. } => "artifact-path",
        }
    }

    /// Returns the remedy.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Digest { .. } => "write `sha256:` and 64 hex digits",
            Self::PurlWithoutDigest { .. } => {
                "name the artifact by its digest, `sha256:…`, or by its name, `name:…`"
            }
            Self::PurlDigests { .. } => "ask for one of them, `sha256:…`",
            Self::Name { .. } => {
                "percent-encode other characters, as in a package URL: a space is `%20`"
            }
            Self::NotAName { .. } => {
                "`name:` before it makes it a name, here and in `glasslog history`"
            }
            Self::Version { .. } => "write `NAME@VERSION`",
            Self::EmptyVersion { .. } => "write `NAME@VERSION`, or the name alone, without `@`",
            Self::Path { .. } => "hash the file and ask for `sha256:…`",
        }
    }
}

impl ArtifactQuery {
    /// Parses an ARTIFACT.
    ///
    /// # Errors
    /// [`ArtifactError`] for a text of no known form.
    pub fn parse(text: &str) -> Result<Self, ArtifactError> {
        let key = match Form::of(text) {
            Form::Path => return Ok(Self::Path(text.to_string())),
            Form::Digest => LookupKey::new(KeyKind::Digest, digest(text)?),
            Form::Actor(id) => LookupKey::new(KeyKind::Actor, name(id)?),
            Form::SigningKey(keyid) => LookupKey::new(KeyKind::SigningKey, digest(keyid)?),
            Form::Purl => LookupKey::new(KeyKind::Digest, purl_digest(text)?),
            Form::Name(text) => named(text)?,
        };
        Ok(Self::Key(key))
    }

    /// Returns the key to look up.
    ///
    /// # Errors
    /// [`ArtifactError::Path`] for a path.
    pub fn into_key(self) -> Result<LookupKey, ArtifactError> {
        match self {
            Self::Key(key) => Ok(key),
            Self::Path(found) => Err(ArtifactError::Path { found }),
        }
    }
}

/// The forms of an ARTIFACT, told apart by syntax alone.
enum Form<'a> {
    Path,
    Digest,
    Actor(&'a str),
    SigningKey(&'a str),
    Purl,
    /// Without the escape `name:`.
    Name(&'a str),
}

impl<'a> Form<'a> {
    fn of(text: &'a str) -> Self {
        if text.starts_with('/') || text.starts_with("./") || text.starts_with("../") {
            Self::Path
        } else if after_sha256(text).is_some() || is_hex_digest(text) {
            Self::Digest
        } else if let Some(id) = text.strip_prefix("actor:") {
            Self::Actor(id)
        } else if let Some(keyid) = text.strip_prefix("key:") {
            Self::SigningKey(keyid)
        } else if text.starts_with("pkg:") {
            Self::Purl
        } else {
            Self::Name(text.strip_prefix("name:").unwrap_or(text))
        }
    }
}

/// Returns the name that an ARTIFACT gives to a subject, so that the same words look it up.
///
/// # Errors
/// [`ArtifactError`] if the text is no name, or has another form.
pub fn subject_name(text: &str) -> Result<&str, ArtifactError> {
    let form = match Form::of(text) {
        Form::Name(text) => return artifact_name(text),
        Form::Path => "a path",
        Form::Digest => "a digest",
        Form::Actor(_) => "an actor",
        Form::SigningKey(_) => "a signing key",
        Form::Purl => "a package URL",
    };
    let found = text.to_string();
    Err(ArtifactError::NotAName { found, form })
}

/// Parses a SHA-256 digest: 64 hex digits, with or without `sha256:` before them; letters in either case.
#[must_use]
pub fn parse_digest(text: &str) -> Option<Hash> {
    let digits = after_sha256(text).unwrap_or(text);
    let bytes = hex_decode(&digits.to_ascii_lowercase())?;
    bytes.try_into().ok().map(Hash::from_bytes)
}

/// Returns the text after `sha256:`, whose letters may be capitals.
fn after_sha256(text: &str) -> Option<&str> {
    let (algorithm, rest) = text.split_once(':')?;
    algorithm.eq_ignore_ascii_case("sha256").then_some(rest)
}

fn is_hex_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Makes the key of a name: all versions of `name`, or the one of `name@version`; the last `@` separates the two.
fn named(text: &str) -> Result<LookupKey, ArtifactError> {
    let text = artifact_name(text)?;
    let kind = match text.rsplit_once('@') {
        Some((base, _)) if !base.is_empty() => KeyKind::Version,
        _ => KeyKind::Name,
    };
    Ok(LookupKey::new(kind, text))
}

/// Refuses `NAME@`: a variable with the version may have been empty, and the binding would be for good.
fn artifact_name(text: &str) -> Result<&str, ArtifactError> {
    match name(text)?.rsplit_once('@') {
        Some((base, "")) if !base.is_empty() => Err(ArtifactError::EmptyVersion {
            found: text.to_string(),
        }),
        _ => Ok(text),
    }
}

fn name(text: &str) -> Result<&str, ArtifactError> {
    if is_name(text) {
        Ok(text)
    } else {
        Err(ArtifactError::Name {
            found: text.to_string(),
        })
    }
}

/// Returns a digest as it is looked up: `sha256:` and lower-case hex.
fn digest(text: &str) -> Result<String, ArtifactError> {
    match parse_digest(text) {
        Some(digest) => Ok(format!("sha256:{}", digest.to_hex())),
        None => Err(ArtifactError::Digest {
            found: text.to_string(),
        }),
    }
}

/// Returns the digest in a package URL: its version, or its `checksum` qualifier, percent-decoded.
fn purl_digest(text: &str) -> Result<String, ArtifactError> {
    let (path, qualifiers) = text.split_once('?').unwrap_or((text, ""));
    let path = path.split_once('#').map_or(path, |(path, _)| path);
    let qualifiers = qualifiers
        .split_once('#')
        .map_or(qualifiers, |(qualifiers, _)| qualifiers);
    let version = path.rsplit_once('@').map(|(_, version)| version);
    let checksums = qualifiers
        .split('&')
        .filter_map(|qualifier| qualifier.strip_prefix("checksum="));
    let candidates: Vec<String> = version
        .into_iter()
        .chain(checksums)
        .filter_map(percent_decode)
        .collect();
    let parts = candidates.iter().flat_map(|candidate| candidate.split(','));
    let mut digests = BTreeSet::new();
    digests.extend(parts.filter_map(|part| digest(part).ok()));
    let found = || text.to_string();
    match (digests.first(), digests.len()) {
        (Some(digest), 1) => Ok(digest.clone()),
        (None, _) => Err(ArtifactError::PurlWithoutDigest { found: found() }),
        (_, count) => Err(ArtifactError::PurlDigests {
            found: found(),
            count,
        }),
    }
}

fn percent_decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'%' {
            let (&[high, low], after) = rest.split_first_chunk()?;
            let digit = |ascii: u8| char::from(ascii).to_digit(16);
            let value = digit(high)? << 4 | digit(low)?;
            decoded.push(u8::try_from(value).ok()?);
            rest = after;
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}

/// Parses an ARTIFACT into the key to look up, and tells whether only that key is looked up. Nothing is linked to an actor
/// or a signing key, so a question about one is never exact.
pub(crate) fn question(artifact: &str, exact: bool) -> Result<(LookupKey, bool), ArtifactError> {
    let key = ArtifactQuery::parse(artifact)?.into_key()?;
    let exact = exact && !matches!(key.kind, KeyKind::Actor | KeyKind::SigningKey);
    Ok((key, exact))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:92745110b1ab4368471cbe31664e10174e954b113a3df333db860317b2c6dec4";

    #[test]
    fn syntax_alone_decides() {
        let table = [
            ("resnet50", KeyKind::Name, "resnet50"),
            ("resnet50@2.1", KeyKind::Version, "resnet50@2.1"),
            ("a@b@c", KeyKind::Version, "a@b@c"),
            ("@scope/model", KeyKind::Name, "@scope/model"),
            ("name:actor:x", KeyKind::Name, "actor:x"),
            ("name:sha256:x@1", KeyKind::Version, "sha256:x@1"),
            ("actor:ci@example.org", KeyKind::Actor, "ci@example.org"),
            (DIGEST, KeyKind::Digest, DIGEST),
        ];
        for (text, kind, id) in table {
            let key = LookupKey::new(kind, id);
            assert_eq!(
                ArtifactQuery::parse(text),
                Ok(ArtifactQuery::Key(key)),
                "{text}"
            );
        }
        let key = format!("key:{DIGEST}");
        let expected = LookupKey::new(KeyKind::SigningKey, DIGEST);
        assert_eq!(ArtifactQuery::parse(&key), Ok(ArtifactQuery::Key(expected)));
        // A digest is looked up in one spelling, in whichever it is written.
        let hex = after_sha256(DIGEST).unwrap();
        let upper = hex.to_ascii_uppercase();
        for text in [
            hex,
            &upper,
            &format!("SHA256:{upper}"),
            &format!("Sha256:{hex}"),
        ] {
            let key = ArtifactQuery::parse(text).unwrap().into_key().unwrap();
            assert_eq!(key, LookupKey::new(KeyKind::Digest, DIGEST), "{text}");
            let key = ArtifactQuery::parse(&format!("key:{text}")).unwrap();
            let expected = LookupKey::new(KeyKind::SigningKey, DIGEST);
            assert_eq!(key, ArtifactQuery::Key(expected), "{text}");
        }
        for path in ["/m.bin", "./m.bin", "../m.bin"] {
            assert_eq!(
                ArtifactQuery::parse(path),
                Ok(ArtifactQuery::Path(path.to_string()))
            );
        }
    }

    #[test]
    fn a_package_url_is_looked_up_by_its_digest() {
        let escaped = DIGEST.replace(':', "%3A");
        for purl in [
            format!("pkg:oci/fraud@{escaped}?repository_url=registry.example.org"),
            format!("pkg:generic/model@1.0?checksum=sha1:00,{DIGEST}"),
            // The same digest twice is one.
            format!("pkg:oci/fraud@{escaped}?checksum={DIGEST}"),
        ] {
            let key = LookupKey::new(KeyKind::Digest, DIGEST);
            assert_eq!(
                ArtifactQuery::parse(&purl),
                Ok(ArtifactQuery::Key(key)),
                "{purl}"
            );
        }
        let error = ArtifactQuery::parse("pkg:mlflow/fraud@3").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the package URL `pkg:mlflow/fraud@3` holds no SHA-256 digest"
        );
        let other = DIGEST.replace("sha256:9", "sha256:8");
        for purl in [
            format!("pkg:oci/fraud@{escaped}?checksum={other}"),
            format!("pkg:generic/model@1.0?checksum={other},{DIGEST}"),
        ] {
            let error = ArtifactQuery::parse(&purl).unwrap_err();
            assert_eq!(error.code(), "artifact-purl-digests", "{purl}");
        }
    }

    #[test]
    fn a_recorded_name_is_found_by_the_same_words() {
        for (text, name) in [
            ("m@1", "m@1"),
            ("name:foo", "foo"),
            ("name:key:x", "key:x"),
            ("name:name:x", "name:x"),
            ("name:./m", "./m"),
            ("@scope/model", "@scope/model"),
            ("hf:org/model@1", "hf:org/model@1"),
        ] {
            assert_eq!(subject_name(text), Ok(name), "{text}");
            let key = ArtifactQuery::parse(text).unwrap().into_key().unwrap();
            assert_eq!(key.id, name, "{text}");
        }
        for (text, form) in [
            ("./m", "a path"),
            ("/m@1", "a path"),
            (DIGEST, "a digest"),
            (after_sha256(DIGEST).unwrap(), "a digest"),
            ("SHA256:x", "a digest"),
            ("actor:ci@example.org", "an actor"),
            ("key:x", "a signing key"),
            ("pkg:huggingface/bert@1", "a package URL"),
        ] {
            let error = subject_name(text).unwrap_err();
            assert_eq!(error.code(), "artifact-not-a-name", "{text}");
            assert!(error.to_string().contains(form), "{error}");
            let escaped = format!("name:{text}");
            assert_eq!(subject_name(&escaped), Ok(text));
        }
        for text in ["", "name:", "two words", "modèle"] {
            assert_eq!(subject_name(text).unwrap_err().code(), "artifact-name");
        }
        for text in ["m@", "name:m@", "@scope/m@"] {
            let error = subject_name(text).unwrap_err();
            assert_eq!(error.code(), "artifact-empty-version", "{text}");
        }
    }

    #[test]
    fn what_is_no_artifact_is_refused() {
        for (text, code) in [
            ("", "artifact-name"),
            ("two words", "artifact-name"),
            ("modèle", "artifact-name"),
            ("sha256:00", "artifact-digest"),
            ("key:x", "artifact-digest"),
            ("actor:", "artifact-name"),
            ("m@", "artifact-empty-version"),
            ("m@1@", "artifact-empty-version"),
            ("name:m@", "artifact-empty-version"),
        ] {
            assert_eq!(
                ArtifactQuery::parse(text).unwrap_err().code(),
                code,
                "{text}"
            );
        }
    }
}
