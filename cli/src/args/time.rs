//! Durations and times as arguments.

use glasslog_core::text::{time, wire};

/// Reads a duration in words, or in seconds.
pub(crate) fn parse_duration(text: &str) -> Result<u64, String> {
    if let Some(seconds) = wire::parse_decimal(text) {
        return Ok(seconds);
    }
    humantime::parse_duration(text)
        .map(|duration| duration.as_secs())
        .map_err(|error| format!("{error}, expected a duration such as `90s`, `15m` or `2days`"))
}

/// Reads the length of a pause or of a limit, which is a second at least.
pub(crate) fn parse_period(text: &str) -> Result<u64, String> {
    match parse_duration(text)? {
        0 => Err(
            "it is less than a second, expected a duration such as `90s`, `15m` or `2days`".into(),
        ),
        seconds => Ok(seconds),
    }
}

/// Reads the time of `--now`, in UTC or with an offset (RFC 3339 §5.6).
pub(crate) fn parse_time(text: &str) -> Result<u64, String> {
    let text = text.to_ascii_uppercase();
    let (time, offset) = split_offset(&text).unwrap_or((text.clone(), 0));
    time::parse(&time)
        .and_then(|seconds| seconds.checked_add_signed(-offset))
        .ok_or_else(|| {
            let year = text.split_once('-').and_then(|(year, _)| year.parse().ok());
            let from = match year {
                Some(0..1970_u16) => " from 1970 on,",
                _ => "",
            };
            format!("expected a time{from} such as `2026-11-23T12:00:00Z`")
        })
}

/// Splits `+01:00` off a time: the same time of day in UTC, and the offset in seconds.
fn split_offset(text: &str) -> Option<(String, i64)> {
    let (time, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let digits = |part: &str| {
        let two = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        two.then(|| part.parse().ok())?
    };
    let (hours, minutes): (i64, i64) = (digits(hours)?, digits(minutes)?);
    let seconds = hours * 3600 + minutes * 60;
    let sign = match offset.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    (hours < 24 && minutes < 60).then(|| (format!("{time}Z"), sign * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_before_the_calendar_of_logs_is_told_so() {
        for (text, words) in [
            ("1969-12-31T23:59:59Z", "a time from 1970 on, such as"),
            ("0001-01-01T00:00:00Z", "a time from 1970 on, such as"),
            ("yesterday", "a time such as"),
            ("2026-11-23", "a time such as"),
        ] {
            let error = parse_time(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn times_are_in_utc_or_with_an_offset() {
        for (text, seconds) in [
            ("2026-11-23T12:00:00Z", Some(1_795_435_200)),
            ("2026-11-23t12:00:00.5z", Some(1_795_435_200)),
            ("2026-11-23T13:00:00+01:00", Some(1_795_435_200)),
            ("2026-11-23T06:30:00-05:30", Some(1_795_435_200)),
            ("2026-11-23T12:00:00+00:00", Some(1_795_435_200)),
            ("1970-01-01T00:00:00+00:01", None),
            ("2026-11-23T12:00:00+24:00", None),
            ("2026-11-23T12:00:00+1:000", None),
            ("2026-11-23T12:00:00", None),
            ("2026-02-29T12:00:00Z", None),
            ("2026-11-23", None),
            ("\u{e9}\u{e9}\u{e9}\u{e9}", None),
            ("", None),
        ] {
            assert_eq!(parse_time(text).ok(), seconds, "{text}");
        }
    }

    #[test]
    fn durations_have_units_or_are_seconds() {
        for (text, seconds) in [
            ("90s", Some(90)),
            ("2days", Some(172_800)),
            ("1h 30m", Some(5400)),
            ("3600", Some(3600)),
            ("soon", None),
            ("", None),
            ("-1", None),
        ] {
            assert_eq!(parse_duration(text).ok(), seconds, "{text}");
            assert_eq!(parse_period(text).ok(), seconds, "{text}");
        }
        for text in ["0", "0s", "500ms"] {
            assert_eq!(parse_duration(text), Ok(0), "{text}");
            assert!(parse_period(text).is_err(), "{text}");
        }
    }
}
