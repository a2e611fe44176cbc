//! What a submitter asks for in the query: when to be answered, and with what.

use super::answer::Refused;
use axum::extract::Query;
use axum::http::{StatusCode, Uri};
use glasslog_log::sequencer::Acknowledgement;

/// A submitter's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    /// When to answer.
    pub(crate) acknowledgement: Acknowledgement,
    /// Whether the answer carries a proof.
    pub(crate) is_proof: bool,
}

impl Wish {
    /// Reads `?ack=published|durable&answer=index|proof`.
    ///
    /// # Errors
    /// A value that there is none of, and a proof before there is a checkpoint that holds the entry.
    pub(crate) fn of(uri: &Uri) -> Result<Self, Refused> {
        let mut wish = Self {
            acknowledgement: Acknowledgement::Published,
            is_proof: false,
        };
        if uri.query().is_none() {
            return Ok(wish);
        }
        let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(uri) else {
            return Err(refuse(
                "query-malformed",
                "the query is not `name=value`".into(),
            ));
        };
        for (name, value) in pairs {
            match (&*name, &*value) {
                ("ack", "published") => wish.acknowledgement = Acknowledgement::Published,
                ("ack", "durable") => wish.acknowledgement = Acknowledgement::Durable,
                ("ack", _) => {
                    let message = format!("`ack={value}` is neither `published` nor `durable`");
                    return Err(refuse("unknown-acknowledgement", message));
                }
                ("answer", "index") => wish.is_proof = false,
                ("answer", "proof") => wish.is_proof = true,
                ("answer", _) => {
                    let message = format!("`answer={value}` is neither `index` nor `proof`");
                    return Err(refuse("unknown-answer", message));
                }
                // Others may mean something to a proxy in front.
                _ => {}
            }
        }
        match wish {
            Self {
                acknowledgement: Acknowledgement::Durable,
                is_proof: true,
            } => Err(refuse(
                "proof-too-early",
                "`ack=durable` answers before there is a proof".into(),
            )),
            _ => Ok(wish),
        }
    }
}

fn refuse(code: &'static str, message: String) -> Refused {
    Refused::request(StatusCode::BAD_REQUEST, code, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_asked_for() {
        let of = |query: &str| {
            let uri = format!("/add{query}").parse().unwrap();
            Wish::of(&uri)
                .map(|wish| (wish.acknowledgement, wish.is_proof))
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
            ("?answer=all", Err("unknown-answer")),
            ("?ack=durable&answer=proof", Err("proof-too-early")),
        ] {
            assert_eq!(of(query), expected, "{query}");
        }
    }
}
