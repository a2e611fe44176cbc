//! A fast parser of canonical envelopes: one pass, without JSON values and without encoding them again. Most envelopes
//! are canonical, and an audit reads millions.

use super::{Envelope, EnvelopeSignature, decode_signature, is_keyid, is_media_type};
use crate::text::limits::{MAX_ENTRY, MAX_SIGNATURES};
use crate::text::wire;
use alloc::string::ToString as _;
use alloc::vec::Vec;

/// Parses exactly the bytes that [`Envelope::encode`] writes for a valid envelope, and returns `None` for all others.
///
/// Accepted strings have no quote and no backslash, so the text between two quotes is the string that JSON reads.
/// Base64 has one spelling only, see [`wire`].
pub(super) fn read(bytes: &[u8]) -> Option<Envelope> {
    let text = core::str::from_utf8(bytes).ok();
    let text = text.filter(|text| text.len() <= MAX_ENTRY)?;
    let (payload, rest) = string_after(r#"{"payload":"#, text)?;
    let (payload_type, rest) = string_after(r#","payloadType":"#, rest)?;
    let signatures = rest.strip_prefix(r#","signatures":["#)?;
    Some(Envelope {
        payload_type: is_media_type(payload_type).then(|| payload_type.to_string())?,
        payload: wire::base64_decode(payload)?,
        signatures: read_signatures(signatures)?,
    })
}

/// Parses the envelope from after the opening bracket of the list to its end.
fn read_signatures(mut rest: &str) -> Option<Vec<EnvelopeSignature>> {
    let mut signatures: Vec<EnvelopeSignature> = Vec::new();
    while rest != "]}" {
        if !signatures.is_empty() {
            rest = rest.strip_prefix(',')?;
        }
        let (keyid, after) = string_after(r#"{"keyid":"#, rest)?;
        let (sig, after) = string_after(r#","sig":"#, after)?;
        rest = after.strip_prefix('}')?;
        let is_known = signatures.iter().any(|other| other.keyid == keyid);
        if is_known || !is_keyid(keyid) || signatures.len() == MAX_SIGNATURES {
            return None;
        }
        signatures.push(EnvelopeSignature {
            keyid: keyid.to_string(),
            sig: decode_signature(sig)?,
        });
    }
    Some(signatures)
}

/// Returns the quoted text after `before`, and the text after the quotes.
fn string_after<'a>(before: &str, text: &'a str) -> Option<(&'a str, &'a str)> {
    let quoted = text.strip_prefix(before)?.strip_prefix('"')?;
    quoted.split_once('"')
}
