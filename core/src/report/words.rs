//! Sentences and phrases that several checks share.

/// Detail of a check that was not reached.
pub(crate) const NOT_REACHED: &str = "not reached";
