//! HTTP status of each class of refusal, in the one table of this crate (`docs/formats/submission-api.md`, "Refusals").

use axum::http::StatusCode;
use glasslog_core::rules;

/// Class of a refusal: the rules for entries decide the first five, the server the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefusalClass {
    /// The entry or the request breaks its format.
    Malformed,
    /// The entry is larger than an entry may be.
    TooLarge,
    /// A signature is false or missing.
    Signature,
    /// No key that is valid at this position vouches for the entry.
    Untrusted,
    /// The entry is well signed and contradicts the log.
    Conflict,
    /// The client did not send the body in time.
    TooSlow,
    /// The client submits more entries a second than it may.
    TooOften,
    /// The server cannot take the request now; the client may send it again.
    Unavailable,
}

impl RefusalClass {
    pub(crate) const ALL: [Self; 8] = [
        Self::Malformed,
        Self::TooLarge,
        Self::Signature,
        Self::Untrusted,
        Self::Conflict,
        Self::TooSlow,
        Self::TooOften,
        Self::Unavailable,
    ];

    /// Returns the HTTP status.
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Signature => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Untrusted => StatusCode::FORBIDDEN,
            Self::Conflict => StatusCode::CONFLICT,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooOften => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Returns whether refusals of some class have this status.
    pub(crate) fn has_status(status: StatusCode) -> bool {
        Self::ALL.iter().any(|class| class.status() == status)
    }
}

impl From<rules::RefusalClass> for RefusalClass {
    fn from(class: rules::RefusalClass) -> Self {
        match class {
            rules::RefusalClass::Malformed => Self::Malformed,
            rules::RefusalClass::TooLarge => Self::TooLarge,
            rules::RefusalClass::Signature => Self::Signature,
            rules::RefusalClass::Untrusted => Self::Untrusted,
            rules::RefusalClass::Conflict => Self::Conflict,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_have_the_documented_statuses() {
        let statuses = RefusalClass::ALL.map(|class| class.status().as_u16());
        assert_eq!(statuses, [400, 413, 422, 403, 409, 408, 429, 503]);
        assert!(RefusalClass::has_status(StatusCode::FORBIDDEN));
        assert!(!RefusalClass::has_status(StatusCode::BAD_GATEWAY));
    }
}
