//! Sentences and phrases that several checks share.

/// Detail of a check that the verification did not come to.
pub(crate) const NOT_REACHED: &str = "not reached";
