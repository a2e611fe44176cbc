//! Secret keys that were given in the wrong place do not come back in messages, which end in logs of CI and terminals.

use std::borrow::Cow;

/// Beginning of a secret key (`docs/formats/note-and-policy.md`, "Keys and signatures").
const SECRET: &str = "PRIVATE+KEY+";

/// Returns the text with the rest of each secret key left out.
pub(crate) fn without_secrets(text: &str) -> Cow<'_, str> {
    if !text.contains(SECRET) {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split(SECRET);
    let mut safe = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|end: char| end.is_whitespace() || matches!(end, '`' | '\'' | '"'));
        safe.push_str(SECRET);
        safe.push('\u{2026}');
        safe.push_str(end.and_then(|end| part.get(end..)).unwrap_or_default());
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_a_secret_key_is_left_out() {
        for (text, safe) in [
            ("no key", "no key"),
            ("`PRIVATE+KEY+w1+ab+AAA=`: no", "`PRIVATE+KEY+…`: no"),
            ("PRIVATE+KEY+a PRIVATE+KEY+b", "PRIVATE+KEY+… PRIVATE+KEY+…"),
        ] {
            assert_eq!(without_secrets(text), safe);
        }
    }
}
