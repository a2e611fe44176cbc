//! Times as text: the UTC form of [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339#section-5.6), as seconds since the epoch.
//!
//! One spelling only: `YYYY-MM-DDTHH:MM:SSZ`, optionally with 1 to 9 decimals of a second, which are dropped.
//! Days must exist in the Gregorian calendar, years are 1970 to 9999, and leap seconds (`:60`) are refused, so each
//! text has one number on every machine.

use crate::text::wire;
use alloc::format;
use alloc::string::String;

const DAY: u64 = 86_400;

/// The last second that RFC 3339 can express: 9999-12-31T23:59:59Z.
pub(crate) const MAX_TIME: u64 = 253_402_300_799;

/// Parses `YYYY-MM-DDTHH:MM:SS[.f{1,9}]Z` into seconds since 1970-01-01T00:00:00Z.
#[must_use]
pub fn parse(text: &str) -> Option<u64> {
    let (whole, fraction) = text.as_bytes().split_first_chunk::<19>()?;
    let [
        y0,
        y1,
        y2,
        y3,
        b'-',
        m0,
        m1,
        b'-',
        d0,
        d1,
        b'T',
        h0,
        h1,
        b':',
        n0,
        n1,
        b':',
        s0,
        s1,
    ] = *whole
    else {
        return None;
    };
    let digits = |ascii: &[u8]| {
        ascii.iter().try_fold(0u64, |value, digit| {
            digit
                .is_ascii_digit()
                .then(|| value * 10 + u64::from(digit - b'0'))
        })
    };
    let year = digits(&[y0, y1, y2, y3])?;
    let month = digits(&[m0, m1])?;
    let day = digits(&[d0, d1])?;
    let (hour, minute, second) = (digits(&[h0, h1])?, digits(&[n0, n1])?, digits(&[s0, s1])?);
    match fraction {
        b"Z" => {}
        [b'.', decimals @ .., b'Z'] if (1..=9).contains(&decimals.len()) => {
            digits(decimals)?;
        }
        _ => return None,
    }
    let real = year >= 1970
        && (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    real.then(|| days_from_epoch(year, month, day) * DAY + hour * 3600 + minute * 60 + second)
}

/// Parses a duration into seconds: a decimal number and `s`, `m`, `h` or `d`.
#[must_use]
pub fn parse_duration(text: &str) -> Option<u64> {
    let unit = match text.as_bytes().last()? {
        b's' => 1,
        b'm' => 60,
        b'h' => 3600,
        b'd' => DAY,
        _ => return None,
    };
    let number = text.get(..text.len().checked_sub(1)?)?;
    wire::parse_decimal(number)?.checked_mul(unit)
}

/// Formats seconds since the epoch as `YYYY-MM-DDTHH:MM:SSZ`; times after
/// the year 9999, which RFC 3339 cannot express, as `@` and the seconds.
#[must_use]
pub fn format(seconds: u64) -> String {
    if seconds > MAX_TIME {
        return format!("@{seconds}");
    }
    let (year, month, day) = date_from_days(seconds / DAY);
    let second = seconds % DAY;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn days_in_month(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01, counting years from 1 March so that the leap day is a year's last.
const fn days_from_epoch(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    // 719,468 days lie between 0000-03-01 and 1970-01-01.
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

/// The inverse of [`days_from_epoch`], by 400-year cycles of 146,097 days.
const fn date_from_days(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let day_of_cycle = days % 146_097;
    let year_of_cycle =
        (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36_524 - day_of_cycle / 146_096) / 365;
    let day_of_year =
        day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = days / 146_097 * 400 + year_of_cycle + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, seconds) in [
            ("90s", Some(90)),
            ("15m", Some(900)),
            ("24h", Some(86_400)),
            ("7d", Some(604_800)),
            ("0s", Some(0)),
            ("", None),
            ("h", None),
            ("24", None),
            ("024h", None),
            ("-1h", None),
            ("1h30m", None),
            ("1 h", None),
            ("1w", None),
            ("213503982334602d", None),
            ("\u{e9}", None),
        ] {
            assert_eq!(parse_duration(text), seconds, "{text}");
        }
    }

    #[test]
    fn known_times() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1999-12-31T23:59:59Z", 946_684_799),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2026-11-22T15:04:05Z", 1_795_359_845),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
            ("9999-12-31T23:59:59Z", MAX_TIME),
        ] {
            assert_eq!(parse(text), Some(seconds), "{text}");
            assert_eq!(format(seconds), text);
        }
        assert_eq!(parse("1970-01-01T00:00:01.999999999Z"), Some(1));
        assert_eq!(parse("1970-01-01T00:00:01.5Z"), Some(1));
    }

    #[test]
    fn every_day_to_2400_follows_the_calendar() {
        let mut days = 0;
        for year in 1970..2400 {
            for month in 1..=12 {
                for day in 1..=days_in_month(year, month) {
                    assert_eq!(days_from_epoch(year, month, day), days);
                    assert_eq!(date_from_days(days), (year, month, day));
                    days += 1;
                }
            }
        }
        let text = format(days * DAY - 1);
        assert_eq!(text, "2399-12-31T23:59:59Z");
        assert_eq!(parse(&text), Some(days * DAY - 1));
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in [
            "",
            "2026-11-22",
            "2026-11-22T15:04:05",
            "2026-11-22T15:04:05z",
            "2026-11-22t15:04:05Z",
            "2026-11-22 15:04:05Z",
            "2026-11-22T15:04:05+00:00",
            "2026-11-22T15:04:05.Z",
            "2026-11-22T15:04:05.1234567890Z",
            "2026-11-22T15:04:05.1xZ",
            "2026-11-22T15:04:05ZZ",
            " 2026-11-22T15:04:05Z",
            "2026-11-22T15:04:60Z",
            "2026-11-22T15:60:05Z",
            "2026-11-22T24:00:00Z",
            "2026-11-31T15:04:05Z",
            "2026-02-29T15:04:05Z",
            "2100-02-29T00:00:00Z",
            "2026-00-22T15:04:05Z",
            "2026-13-22T15:04:05Z",
            "2026-11-00T15:04:05Z",
            "1969-12-31T23:59:59Z",
            "0000-01-01T00:00:00Z",
            "2026-11-2xT15:04:05Z",
            "+026-11-22T15:04:05Z",
            "2026-11-22T15:04:0\u{0665}Z",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn beyond_the_calendar() {
        assert_eq!(format(MAX_TIME + 1), "@253402300800");
        assert_eq!(format(u64::MAX), "@18446744073709551615");
    }
}
