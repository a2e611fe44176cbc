//! The query of a submission: when the server answers, and whether with an index or a proof.

use super::refused::Refused;
use axum::extract::Query;
use axum::http::Uri;
use glasslog_log::sequencer::Acknowledgement;

/// The submitter's choices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SubmitOptions {
    /// When to answer.
    pub(crate) acknowledgement: Acknowledgement,
    /// True if the answer carries a proof.
    pub(crate) is_proof: bool,
}

impl SubmitOptions {
    /// Parses `?ack=published|durable&answer=index|proof`.
    ///
    /// # Errors
    /// A word that is not `name=value`, an unknown value, and a request for a proof before a checkpoint covers the entry.
    pub(crate) fn parse(uri: &Uri) -> Result<Self, Refused> {
        let mut options = Self {
            acknowledgement: Acknowledgement::Published,
            is_proof: false,
        };
        let Some(query) = uri.query() else {
            return Ok(options);
        };
        let mut pairs = query.split('&').filter(|pair| !pair.is_empty());
        if !pairs.all(|pair| pair.contains('=')) {
            return Err(Refused::QueryMalformed);
        }
        let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(uri) else {
            return Err(Refused::QueryMalformed);
        };
        for (name, value) in pairs {
            match (&*name, &*value) {
                ("ack", "published") => options.acknowledgement = Acknowledgement::Published,
                ("ack", "durable") => options.acknowledgement = Acknowledgement::Durable,
                ("ack", _) => return Err(Refused::UnknownAcknowledgement { value }),
                ("answer", "index") => options.is_proof = false,
                ("answer", "proof") => options.is_proof = true,
                ("answer", _) => return Err(Refused::UnknownAnswer { value }),
                // Other names may be meant for a proxy in front.
                _ => {}
            }
        }
        match options {
            Self {
                acknowledgement: Acknowledgement::Durable,
                is_proof: true,
            } => Err(Refused::ProofTooEarly),
            _ => Ok(options),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_the_query() {
        let parse = |query: &str| {
            let uri = format!("/add{query}").parse().unwrap();
            SubmitOptions::parse(&uri)
                .map(|options| (options.acknowledgement, options.is_proof))
                .map_err(|refused| refused.code())
        };
        let (durable, published) = (Acknowledgement::Durable, Acknowledgement::Published);
        for (query, expected) in [
            ("", Ok((published, false))),
            ("?", Ok((published, false))),
            ("?ack=published", Ok((published, false))),
            ("?ack=durable&x=1", Ok((durable, false))),
            ("?answer=proof", Ok((published, true))),
            ("?ack=durable&answer=index", Ok((durable, false))),
            ("?ack=soon", Err("unknown-acknowledgement")),
            ("?ack=", Err("unknown-acknowledgement")),
            ("?ack", Err("query-malformed")),
            ("?ack=durable&answer", Err("query-malformed")),
            ("?ack=durable&", Ok((durable, false))),
            ("?answer=all", Err("unknown-answer")),
            ("?ack=durable&answer=proof", Err("proof-too-early")),
        ] {
            assert_eq!(parse(query), expected, "{query}");
        }
    }
}
