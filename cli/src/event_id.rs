//! The identity of a recorded event: its id, and the time that it states.
//!
//! Both are part of the signed bytes, so an event that is made again with the same id and time is the same entry, and the
//! log answers with its index.

use glasslog_core::text::time;
use uuid::{NoContext, Timestamp, Uuid};

use crate::clock::signing_clock;
use crate::failure::Failure;

/// The identity of an event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) event_id: String,
    pub(crate) occurred_at: String,
}

/// Makes the identity from `--event-id` and `--occurred-at`, in seconds; without them, from the clock. An id of version 7
/// has a time, which is that of the event unless another is given.
///
/// # Errors
/// The id is no UUID, or has no time and none is given (exit 2); or the clock is wrong (exit 1).
pub(crate) fn identity(
    event_id: Option<&str>,
    occurred_at: Option<u64>,
) -> Result<Identity, Failure> {
    let id = match event_id {
        Some(text) => Uuid::try_parse(text)
            .map_err(|_| Failure::usage(format!("`--event-id {text}`: expected a UUID")))?,
        None => new_id()?,
    };
    let time = match (
        occurred_at,
        id.get_timestamp().filter(|_| id.get_version_num() == 7),
    ) {
        (Some(time), _) => time,
        (None, Some(time)) => time.to_unix().0,
        (None, None) => {
            return Err(Failure::usage(format!(
                "`--event-id {id}` has no time: the same command would make another event each second"
            ))
            .hint("give `--occurred-at TIME` as well, or an id of version 7"));
        }
    };
    let occurred_at = time::format(time);
    // An id has room for times that no event can state.
    if time::parse(&occurred_at).is_none() {
        return Err(Failure::usage(format!(
            "`--event-id {id}` has a time after the year 9999"
        )));
    }
    Ok(Identity {
        event_id: id.hyphenated().to_string(),
        occurred_at,
    })
}

fn new_id() -> Result<Uuid, Failure> {
    let now = signing_clock()?;
    let now = Timestamp::from_unix(NoContext, now.as_secs(), now.subsec_nanos());
    Ok(Uuid::new_v7(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    const V7: &str = "019a8c3e-7d1b-7f0e-9b7a-000000000001";
    const V4: &str = "6a2f41a3-c54c-4ce8-92b5-7b1b1a1a1a1a";

    #[test]
    fn an_id_of_version_7_has_the_time() {
        let made = identity(Some(&V7.to_uppercase()), None).unwrap();
        assert_eq!(made.event_id, V7);
        assert_eq!(made.occurred_at, "2025-11-16T10:38:16Z");
        let made = identity(Some(V7), Some(0)).unwrap();
        assert_eq!(made.occurred_at, "1970-01-01T00:00:00Z");
    }

    #[test]
    fn other_ids_need_a_time() {
        let made = identity(Some(V4), Some(1)).unwrap();
        assert_eq!(
            (made.event_id.as_str(), made.occurred_at.as_str()),
            (V4, "1970-01-01T00:00:01Z")
        );
        for refused in [V4, "", "x", "ffffffff-ffff-7f0e-9b7a-000000000001"] {
            let failure = identity(Some(refused), None).unwrap_err();
            assert_eq!(failure.code, "usage", "{refused}");
        }
    }

    #[test]
    fn new_events_are_made_again_by_their_id() {
        let made = identity(None, None).unwrap();
        assert_eq!(identity(Some(&made.event_id), None).unwrap(), made);
    }
}
