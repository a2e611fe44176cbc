//! The section `[witnesses]` of `glasslog.toml`: the policy that a checkpoint meets before it is public, and the pace at
//! which witnesses are asked.

use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

/// Least time between two rounds without `every`: one's own witnesses are idle otherwise, public ones ration all logs
/// together.
const OWN_EVERY: Duration = Duration::from_secs(1);
const PUBLIC_EVERY: Duration = Duration::from_secs(10);

/// Time limit of one witness without `timeout`: more than a sync on a slow disk behind a slow line takes.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Age of the quorum's cosignatures at which those of an idle log are renewed, without `renew`: four times a day, so that
/// readers who ask for a checkpoint of the last day are served, and witnesses hardly notice.
const RENEW: Duration = Duration::from_secs(6 * 3_600);

const DAY: Duration = Duration::from_secs(86_400);

/// Shortest and longest time in the section: a witness needs a sync for each request, and submitters wait for a round.
const BOUNDS: (f64, f64) = (0.01, 86_400.0);

/// The witnesses of a log, and the pace at which they are asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Witnessing {
    /// The policy with the witnesses and their addresses, relative to the log's directory.
    pub policy: PathBuf,
    /// Least time between two rounds.
    #[serde(default)]
    pub every: Option<Seconds>,
    /// Requests a day to each witness that the operator declared.
    #[serde(default)]
    pub qpd: Option<NonZeroU32>,
    /// Time for each witness to answer.
    #[serde(default)]
    pub timeout: Option<Seconds>,
    /// Age of the cosignatures of an idle log at which it asks for new ones.
    #[serde(default)]
    pub renew: Option<Seconds>,
}

/// A time in seconds, with or without a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Seconds(Duration);

impl TryFrom<f64> for Seconds {
    type Error = String;

    fn try_from(seconds: f64) -> Result<Self, String> {
        let (least, most) = BOUNDS;
        match (least..=most).contains(&seconds) {
            true => Ok(Self(Duration::from_secs_f64(seconds))),
            false => Err(format!(
                "a time of {seconds} seconds is not between {least} and {most}"
            )),
        }
    }
}

impl From<Seconds> for f64 {
    fn from(seconds: Seconds) -> Self {
        seconds.0.as_secs_f64()
    }
}

/// The pace at which witnesses are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Least time between two rounds.
    pub every: Duration,
    /// Time for each witness to answer.
    pub timeout: Duration,
    /// Time that each request to a witness costs at the declared rate; zero without a declaration.
    pub gap: Duration,
    /// Age of the quorum's cosignatures at which a log without new entries asks again.
    pub renew: Duration,
}

impl Witnessing {
    /// Returns the pace; `are_own` tells whether all witnesses are on this machine or in a private network.
    ///
    /// # Errors
    /// `every` asks more often than `qpd` declares.
    pub fn pace(&self, are_own: bool) -> Result<Pace, String> {
        let gap = self.qpd.map_or(Duration::ZERO, |qpd| DAY / qpd.get());
        let usual = match are_own {
            true => OWN_EVERY,
            false => PUBLIC_EVERY,
        };
        if let (Some(Seconds(every)), Some(qpd)) = (self.every, self.qpd)
            && every < gap
        {
            return Err(format!(
                "`every = {}` may ask more often than the {qpd} times a day that `qpd` declares; {} s is the least",
                every.as_secs_f64(),
                gap.as_secs_f64()
            ));
        }
        let every = self.every.map_or(usual.max(gap), |Seconds(every)| every);
        let timeout = self.timeout.map_or(TIMEOUT, |Seconds(timeout)| timeout);
        let renew = self.renew.map_or(RENEW, |Seconds(renew)| renew);
        Ok(Pace {
            every,
            timeout,
            gap,
            renew,
        })
    }

    /// Encodes the section with a comment.
    pub(crate) fn encode(&self) -> String {
        let Self {
            policy,
            every,
            qpd,
            timeout,
            renew,
        } = self;
        let policy = toml::Value::from(policy.to_string_lossy().as_ref());
        let seconds = |name: &str, seconds: Option<Seconds>| {
            let line = |Seconds(time): Seconds| format!("{name} = {}\n", time.as_secs_f64());
            seconds.map(line).unwrap_or_default()
        };
        let qpd = qpd.map(|qpd| format!("qpd = {qpd}\n")).unwrap_or_default();
        format!(
            "\n# A checkpoint is public once the quorum of this policy cosigned it. Seconds between two rounds (`every`) and for\n\
             # each witness to answer (`timeout`); requests a day to each witness that were declared (`qpd`); seconds after\n\
             # which an idle log has its cosignatures renewed (`renew`).\n\
             [witnesses]\npolicy = {policy}\n{}{qpd}{}{}",
            seconds("every", *every),
            seconds("timeout", *timeout),
            seconds("renew", *renew)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Witnessing, String> {
        toml::from_str(text).map_err(|error: toml::de::Error| error.message().to_owned())
    }

    #[test]
    fn the_section_is_read_strictly() {
        let whole = "policy = \"w.policy\"\nevery = 2.5\nqpd = 86400\ntimeout = 3\nrenew = 3600\n";
        let read = parse(whole).unwrap();
        assert_eq!(read.policy, PathBuf::from("w.policy"));
        assert_eq!(read.every, Some(Seconds(Duration::from_millis(2_500))));
        let written = read.encode();
        let (_, section) = written.split_once("[witnesses]\n").unwrap();
        assert_eq!(parse(section), Ok(read));
        for (text, problem) in [
            ("every = 1\n", "missing field `policy`"),
            ("policy = \"p\"\nevery = 0\n", "not between"),
            ("policy = \"p\"\nevery = -1\n", "not between"),
            ("policy = \"p\"\nevery = nan\n", "not between"),
            ("policy = \"p\"\nevery = 86401\n", "not between"),
            ("policy = \"p\"\ntimeout = inf\n", "not between"),
            ("policy = \"p\"\nrenew = 0\n", "not between"),
            ("policy = \"p\"\nrenew = 86401\n", "not between"),
            ("policy = \"p\"\nqpd = 0\n", "nonzero"),
            ("policy = \"p\"\nquorum = 2\n", "unknown field"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(problem), "{text}: {error}");
        }
    }

    #[test]
    fn public_witnesses_are_asked_less_often_and_never_beyond_the_declared_rate() {
        let seconds = |seconds| Seconds::try_from(seconds).ok();
        for (every, qpd, are_own, expected) in [
            (None, None, true, Ok(1)),
            (None, None, false, Ok(10)),
            (seconds(3.0), None, false, Ok(3)),
            (None, Some(86_400), false, Ok(10)),
            (None, Some(24), false, Ok(3_600)),
            (None, Some(24), true, Ok(3_600)),
            (seconds(3_600.0), Some(24), true, Ok(3_600)),
            (
                seconds(60.0),
                Some(24),
                true,
                Err(
                    "`every = 60` may ask more often than the 24 times a day that `qpd` declares; 3600 s is the least",
                ),
            ),
        ] {
            let settings = Witnessing {
                policy: PathBuf::new(),
                every,
                qpd: qpd.and_then(NonZeroU32::new),
                timeout: None,
                renew: None,
            };
            let pace = settings.pace(are_own);
            let found = pace.as_ref().map(|pace| pace.every.as_secs());
            assert_eq!(found.map_err(String::as_str), expected);
        }
    }
}
