//! Conditions under which a key of a trust policy counts (`docs/formats/trust-policy.md`, "Validity").

use crate::merkle::tree::TreeHead;
use crate::note::key::VerifierKey;
use crate::text::time;
use alloc::string::String;
use core::fmt;

/// A time from which on, and one from which on no more; without them always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The first second inside, since the epoch.
    pub from: Option<u64>,
    /// The first second after it.
    pub until: Option<u64>,
}

impl Window {
    /// Returns true if the window has a beginning or an end.
    #[must_use]
    pub const fn is_limited(self) -> bool {
        self.from.is_some() || self.until.is_some()
    }

    /// Returns true if no time is inside.
    pub(crate) fn is_empty(self) -> bool {
        let (from, until) = (self.from.unwrap_or(0), self.until.unwrap_or(u64::MAX));
        from >= until
    }

    /// Returns the times that are inside both windows.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            from: self.from.max(other.from),
            until: least(self.until, other.until),
        }
    }

    /// Checks a time; a time that nobody states is outside every window that is limited.
    ///
    /// # Errors
    /// [`Invalid::Undated`], [`Invalid::TooEarly`] or [`Invalid::TooLate`].
    pub fn check(self, time: Option<u64>) -> Result<(), Invalid> {
        if !self.is_limited() {
            return Ok(());
        }
        let time = time.ok_or(Invalid::Undated)?;
        match (self.from, self.until) {
            (Some(from), _) if time < from => Err(Invalid::TooEarly { from }),
            (_, Some(until)) if time >= until => Err(Invalid::TooLate { until }),
            _ => Ok(()),
        }
    }
}

/// The conditions on the key of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validity {
    /// The times for which witnesses vouch, of checkpoints that count.
    pub window: Window,
    /// The smallest size of a tree whose checkpoint counts.
    pub from_size: Option<u64>,
    /// The largest size of a tree whose checkpoint counts.
    pub up_to_size: Option<u64>,
}

impl Validity {
    /// Returns true if no tree has a size inside.
    pub(crate) fn has_no_size(&self) -> bool {
        self.from_size.unwrap_or(0) > self.up_to_size.unwrap_or(u64::MAX)
    }

    /// Returns the conditions of both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            window: self.window.and(other.window),
            from_size: self.from_size.max(other.from_size),
            up_to_size: least(self.up_to_size, other.up_to_size),
        }
    }

    /// Checks the size of a checkpoint.
    ///
    /// # Errors
    /// [`Invalid::TooLarge`] or [`Invalid::TooSmall`].
    pub fn check_size(&self, size: u64) -> Result<(), Invalid> {
        match (self.from_size, self.up_to_size) {
            (_, Some(limit)) if size > limit => Err(Invalid::TooLarge { limit }),
            (Some(limit), _) if size < limit => Err(Invalid::TooSmall { limit }),
            _ => Ok(()),
        }
    }
}

/// Returns the lower of two limits.
fn least(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        _ => one.or(other),
    }
}

/// The reason why a signature by a known key does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Invalid {
    /// The tree is larger than those that the key may sign.
    #[error("the trust policy accepts that key up to size {limit}")]
    TooLarge {
        /// The largest size.
        limit: u64,
    },
    /// The tree is smaller than those that the key may sign.
    #[error("the trust policy accepts that key from size {limit} on")]
    TooSmall {
        /// The smallest size.
        limit: u64,
    },
    /// The key counts within a window, and witnesses vouch for no time.
    #[error("the trust policy limits the time of that key, and too few witnesses vouch for a time")]
    Undated,
    /// Witnesses vouch for a time before the window.
    #[error("the trust policy accepts that key from {} on", time::format(*.from))]
    TooEarly {
        /// The beginning of the window, in seconds since the epoch.
        from: u64,
    },
    /// Witnesses vouch for a time after the window.
    #[error("the trust policy accepts that key until {}", time::format(*.until))]
    TooLate {
        /// The end of the window, in seconds since the epoch.
        until: u64,
    },
    /// The log has a further key, which did not sign.
    #[error("not by the key `{key}`, which has to sign it too, as the trust policy says")]
    AlsoAbsent {
        /// The name and id of that key.
        key: String,
    },
    /// The log has ended, and this is not its last checkpoint.
    #[error(
        "the trust policy says that the log ended with size {size}, and accepts that checkpoint alone"
    )]
    NotLast {
        /// The size of the last checkpoint.
        size: u64,
    },
}

/// The key or the log that a line of `[validity]` is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A key, by its `NAME+ID`.
    Key(String),
    /// A log, by its origin: every key of it.
    Log(String),
}

/// A line of `[validity]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The key or log.
    pub subject: Subject,
    /// `from` and `until`.
    pub window: Window,
    /// `from-size`.
    pub from_size: Option<u64>,
    /// `up-to-size`.
    pub up_to_size: Option<u64>,
    /// `max-age`, in seconds.
    pub max_age: Option<u64>,
    /// `final`: the last tree of the log.
    pub last: Option<TreeHead>,
    /// `also`: a further key of the log.
    pub also: Option<VerifierKey>,
}

impl Terms {
    pub(crate) const fn new(subject: Subject) -> Self {
        Self {
            subject,
            window: Window {
                from: None,
                until: None,
            },
            from_size: None,
            up_to_size: None,
            max_age: None,
            last: None,
            also: None,
        }
    }

    /// Returns the conditions on each key of a log. A log that ended has no larger tree.
    pub(crate) fn validity(&self) -> Validity {
        Validity {
            window: self.window,
            from_size: self.from_size,
            up_to_size: least(self.up_to_size, self.last.map(|last| last.size)),
        }
    }
}

impl fmt::Display for Terms {
    /// Writes the line in its one spelling.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subject {
            Subject::Key(key) => write!(f, "key {key}")?,
            Subject::Log(origin) => write!(f, "log {origin}")?,
        }
        if let Some(from) = self.window.from {
            write!(f, " from {}", time::format(from))?;
        }
        if let Some(until) = self.window.until {
            write!(f, " until {}", time::format(until))?;
        }
        if let Some(size) = self.from_size {
            write!(f, " from-size {size}")?;
        }
        if let Some(size) = self.up_to_size {
            write!(f, " up-to-size {size}")?;
        }
        if let Some(seconds) = self.max_age {
            write!(f, " max-age {seconds}s")?;
        }
        if let Some(last) = self.last {
            write!(f, " final {} {}", last.size, last.root)?;
        }
        if let Some(key) = &self.also {
            write!(f, " also {key}")?;
        }
        Ok(())
    }
}
