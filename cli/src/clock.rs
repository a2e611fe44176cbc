//! The clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use glasslog_core::text::time;

use crate::failure::Failure;

/// Returns seconds since the epoch; 0 if the clock is before it.
pub(crate) fn now() -> u64 {
    seconds(SystemTime::now()).unwrap_or(0)
}

/// Returns the time that is written into what is signed now, in seconds since the epoch.
///
/// # Errors
/// As [`signing_clock`].
pub(crate) fn signing_time() -> Result<u64, Failure> {
    Ok(signing_clock()?.as_secs())
}

/// Returns the time that is written into what is signed now, since the epoch.
///
/// # Errors
/// The clock is before 1970 or after 9999 (exit 1), which no event can state.
pub(crate) fn signing_clock() -> Result<Duration, Failure> {
    statable(SystemTime::now())
}

fn seconds(time: SystemTime) -> Option<u64> {
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    Some(since.as_secs())
}

fn statable(clock: SystemTime) -> Result<Duration, Failure> {
    let wrong = |reading: &str| {
        let message = format!("the clock reads {reading}, a time that nothing can be signed at");
        Err(Failure::unfinished("clock", message).hint("set the clock of this machine"))
    };
    match clock.duration_since(UNIX_EPOCH) {
        Err(_) => wrong("a time before 1970"),
        Ok(now) if time::parse(&time::format(now.as_secs())).is_none() => {
            wrong("a time after 9999")
        }
        Ok(now) => Ok(now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn a_clock_outside_of_the_calendar_is_named() {
        let year = Duration::from_secs(365 * 86_400);
        assert_eq!(statable(UNIX_EPOCH + year).unwrap(), year);
        for (clock, reading) in [
            (UNIX_EPOCH - year, "before 1970"),
            (UNIX_EPOCH + year * 9_000, "after 9999"),
        ] {
            let failure = statable(clock).unwrap_err();
            assert!(failure.message.contains(reading), "{failure:?}");
            assert!(
                failure.message.starts_with("the clock reads"),
                "{failure:?}"
            );
            assert_eq!((failure.exit, failure.code), (Exit::Unfinished, "clock"));
        }
        assert_eq!(seconds(UNIX_EPOCH - year), None);
    }
}
