//! The part of a path that tiles and entry bundles share: `<N>[.p/<W>]` ([C2SP tlog-tiles](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-tiles.md#merkle-tree), 2026-07-22).

use crate::text::wire;
use crate::tiles::width::FULL_WIDTH;
use alloc::string::String;

/// Writes `/<N>[.p/<W>]`.
pub(crate) fn push_place(path: &mut String, index: u64, width: u16) {
    // Groups of three digits, the highest first; 7 of them hold any u64.
    let groups = index.checked_ilog(1000).unwrap_or(0);
    for group in (0..=groups).rev() {
        path.push_str(if group > 0 { "/x" } else { "/" });
        push_decimal(path, index / 1000u64.saturating_pow(group) % 1000, 3);
    }
    if width < FULL_WIDTH {
        path.push_str(".p/");
        push_decimal(path, u64::from(width), 1);
    }
}

/// Writes at least `digits` digits. It avoids `core::fmt`, because a browser makes thousands of paths.
pub(crate) fn push_decimal(text: &mut String, value: u64, digits: u32) {
    let length = value
        .checked_ilog10()
        .map_or(1, |log| log.saturating_add(1))
        .max(digits);
    for place in (0..length).rev() {
        let digit = u8::try_from(value / 10u64.saturating_pow(place) % 10).unwrap_or(0);
        text.push(char::from(b'0'.saturating_add(digit)));
    }
}

/// Parses `<N>[.p/<W>]` into index and width.
pub(crate) fn parse_place(place: &str) -> Result<(u64, u16), PathError> {
    let (number, width) = match place.split_once(".p/") {
        None => (place, FULL_WIDTH),
        Some((number, width)) => {
            let width = wire::parse_decimal(width).and_then(|width| u16::try_from(width).ok());
            (
                number,
                width
                    .filter(|width| (1..FULL_WIDTH).contains(width))
                    .ok_or(PathError::Width)?,
            )
        }
    };
    parse_index(number)
        .map(|index| (index, width))
        .ok_or(PathError::Index)
}

fn parse_index(number: &str) -> Option<u64> {
    // Only the number zero begins with a group of zeros, and it has one group.
    if number.starts_with("x000") {
        return None;
    }
    let (higher, last) = number
        .rsplit_once('/')
        .map_or((None, number), |(higher, last)| (Some(higher), last));
    let groups = higher
        .into_iter()
        .flat_map(|higher| higher.split('/'))
        .map(|group| group.strip_prefix('x'))
        .chain([Some(last)]);
    groups.into_iter().try_fold(0u64, |index, group| {
        let &[a, b, c] = group?.as_bytes() else {
            return None;
        };
        let value = [a, b, c].iter().try_fold(0u64, |value, digit| {
            let digit = digit.checked_sub(b'0').filter(|digit| *digit <= 9)?;
            Some(value.saturating_mul(10).saturating_add(u64::from(digit)))
        })?;
        index.checked_mul(1000)?.checked_add(value)
    })
}

/// The reason why a text is not the path of a tile or an entry bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// The path is not below `tile/<L>/`, or `tile/entries/`.
    #[error("the path is not that of a tile")]
    Prefix,
    /// The level is not a canonical decimal from 0 to 63.
    #[error("the level in the path is not a decimal from 0 to 63")]
    Level,
    /// The index is not in groups of three digits, all but the last after an `x`, the first not zero, or exceeds `u64`.
    #[error("the index in the path is not written in groups of three digits")]
    Index,
    /// The width after `.p/` is not a canonical decimal from 1 to 255.
    #[error("the width in the path is not a decimal from 1 to 255")]
    Width,
}

impl PathError {
    /// Returns the stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Prefix => "tile-path-prefix",
            Self::Level => "tile-path-level",
            Self::Index => "tile-path-index",
            Self::Width => "tile-path-width",
        }
    }
}
