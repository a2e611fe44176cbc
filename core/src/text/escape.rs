//! Escapes for hostile text: characters that would move the cursor, turn the direction of writing or stay invisible
//! become `\u{…}` ([UTR 36, "Unicode Security Considerations"](https://www.unicode.org/reports/tr36/)).
//!
//! For terminals and messages. Look-alike letters are not escaped: all names that decide a verdict are ASCII.

use alloc::format;
use alloc::string::String;

/// Characters that a reader cannot see or that change how others are shown, as inclusive ranges.
///
/// Unicode 17: general categories Cc, Cf, Zl, Zp, Co, Cn's noncharacters, the white space other than the plain space,
/// and the `Default_Ignorable_Code_Point` fillers and variation selectors.
const UNSEEN: &[(u32, u32)] = &[
    (0x00, 0x1f),
    (0x7f, 0xa0),
    (0xad, 0xad),
    (0x034f, 0x034f),
    (0x0600, 0x0605),
    (0x061c, 0x061c),
    (0x06dd, 0x06dd),
    (0x070f, 0x070f),
    (0x0890, 0x0891),
    (0x08e2, 0x08e2),
    (0x115f, 0x1160),
    (0x1680, 0x1680),
    (0x17b4, 0x17b5),
    (0x180b, 0x180f),
    (0x2000, 0x200f),
    (0x2028, 0x202f),
    (0x205f, 0x206f),
    (0x2800, 0x2800),
    (0x3000, 0x3000),
    (0x3164, 0x3164),
    (0xe000, 0xf8ff),
    (0xfdd0, 0xfdef),
    (0xfe00, 0xfe0f),
    (0xfeff, 0xfeff),
    (0xffa0, 0xffa0),
    (0xfff0, 0xfffb),
    (0xfffe, 0xffff),
    (0x110bd, 0x110bd),
    (0x110cd, 0x110cd),
    (0x13430, 0x1345f),
    (0x1bca0, 0x1bca3),
    (0x1d173, 0x1d17a),
    (0xe0000, 0x10_ffff),
];

/// Bytes of foreign text that a message repeats, enough to recognise it and too few to bury the message.
const EXCERPT: usize = 64;

/// Escapes text for display on one line.
///
/// A backslash that would begin such an escape is escaped too, so two different texts never look the same.
#[must_use]
pub fn display_safe(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        let fakes_an_escape = character == '\\' && rest.as_str().starts_with("u{");
        if fakes_an_escape || is_unseen(character) {
            shown.push_str(&format!("\\u{{{:x}}}", u32::from(character)));
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Escapes the beginning of a text for a message, followed by `…` if the rest was cut off.
#[must_use]
pub fn excerpt(text: &str) -> String {
    match text.get(..text.floor_char_boundary(EXCERPT)) {
        Some(start) if start.len() < text.len() => format!("{}…", display_safe(start)),
        _ => display_safe(text),
    }
}

fn is_unseen(character: char) -> bool {
    let code = u32::from(character);
    UNSEEN
        .iter()
        .any(|&(first, last)| first <= code && code <= last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_text_is_untouched() {
        for text in [
            "",
            "Promote to prod, gate 12",
            "naïve Ünïcödé 日本語 عربى 😀",
            r"C:\models\u",
            "<b>&amp;</b>",
        ] {
            assert_eq!(display_safe(text), text);
        }
    }

    #[test]
    fn tricks_become_visible() {
        for (text, shown) in [
            ("a\nb\r\tc", r"a\u{a}b\u{d}\u{9}c"),
            ("\u{1b}[31mred", r"\u{1b}[31mred"),
            ("\u{9b}31m", r"\u{9b}31m"),
            ("a\u{202e}gpj.exe", r"a\u{202e}gpj.exe"),
            ("a\u{2066}b\u{2069}", r"a\u{2066}b\u{2069}"),
            ("zero\u{200b}width\u{feff}", r"zero\u{200b}width\u{feff}"),
            ("no\u{a0}break\u{3000}", r"no\u{a0}break\u{3000}"),
            ("line\u{2028}end", r"line\u{2028}end"),
            ("soft\u{ad}hyphen", r"soft\u{ad}hyphen"),
            ("filler\u{3164}", r"filler\u{3164}"),
            ("tag\u{e0041}\u{e0100}", r"tag\u{e0041}\u{e0100}"),
            ("vs\u{fe0f}", r"vs\u{fe0f}"),
            ("\u{0}\u{7f}", r"\u{0}\u{7f}"),
            (r"\u{202e}", r"\u{5c}u{202e}"),
        ] {
            assert_eq!(display_safe(text), shown);
        }
    }

    #[test]
    fn excerpts_are_short() {
        assert_eq!(excerpt("short"), "short");
        let long = "é".repeat(100);
        assert_eq!(excerpt(&long), format!("{}…", "é".repeat(32)));
        let odd = format!("a{long}");
        assert_eq!(excerpt(&odd), format!("a{}…", "é".repeat(31)));
    }

    #[test]
    fn ranges_are_sorted_and_apart() {
        assert!(UNSEEN.iter().all(|(first, last)| first <= last));
        assert!(UNSEEN.windows(2).all(|pair| pair[0].1 < pair[1].0));
    }

    proptest! {
        #[test]
        fn no_control_survives_and_nothing_collides(a in any::<String>(), b in any::<String>()) {
            prop_assert!(!display_safe(&a).chars().any(char::is_control));
            if a != b {
                prop_assert_ne!(display_safe(&a), display_safe(&b));
            }
        }
    }
}
