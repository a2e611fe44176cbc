//! Tests that a store honours conditional requests. Some stores accept them and ignore the condition; this protocol
//! does not work on those, and they are refused with the condition that they broke.

use super::request::{Answer, ETag, Machine, Request};
use thiserror::Error;

/// A tag that no content has: an MD5 of zeros.
const NO_TAG: &str = "\"00000000000000000000000000000000\"";

/// Seven requests on a scratch object with required answers.
#[derive(Clone, Debug)]
pub struct Probe {
    key: String,
    step: Step,
}

#[derive(Clone, Debug)]
enum Step {
    Create,
    CreateAgain(ETag),
    SwapWrong(ETag),
    SwapMissing(ETag),
    Swap(ETag),
    SwapStale(ETag),
    Read,
    Remove,
}

/// A condition that a store broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Unfit {
    /// `If-None-Match: *` was ignored.
    #[error("it created an object that existed (`If-None-Match: *` ignored)")]
    CreatedTwice,
    /// `If-Match` was ignored.
    #[error("it replaced an object under a wrong ETag (`If-Match` ignored)")]
    SwappedWrongTag,
    /// `If-Match` of an earlier content was accepted.
    #[error("it replaced an object under the ETag of an earlier content")]
    SwappedStaleTag,
    /// `If-Match` made an object.
    #[error("it created an object instead of replacing one")]
    SwappedMissing,
    /// `If-Match` with the right tag was refused.
    #[error("it refused to replace an object under its own ETag")]
    RefusedRightTag,
    /// A write was answered without a tag, or two contents have one tag.
    #[error("it gave no ETag for a written object, or the same for two contents")]
    NoTag,
    /// A read returned another content than the last one written.
    #[error("it did not return the content that was written last")]
    ReadOther,
    /// Several writers, or none, won a race for one swap.
    #[error("of 8 writers that raced for one object, it let {0} win")]
    RaceWinners(usize),
}

impl Probe {
    /// Prepares to probe with the object `key`, which no other process uses.
    pub fn new(key: String) -> Self {
        let step = Step::Create;
        Self { key, step }
    }
}

impl Machine for Probe {
    /// `Ok` if the store is fit; [`Answer::Unknown`] if an answer was lost: the caller probes again with another key.
    type Output = Result<(), Result<Unfit, Answer>>;

    fn ask(&self) -> Request {
        let key = self.key.clone();
        let swap = |etag: &ETag, text: &str| Request::Swap(key.clone(), etag.clone(), text.into());
        match &self.step {
            Step::Create => Request::Create(key, b"one".into()),
            Step::CreateAgain(_) => Request::Create(key, b"two".into()),
            Step::SwapWrong(_) => swap(&ETag(NO_TAG.into()), "three"),
            Step::SwapMissing(etag) => {
                Request::Swap(format!("{key}-missing"), etag.clone(), b"four".into())
            }
            Step::Swap(etag) => swap(etag, "five"),
            Step::SwapStale(etag) => swap(etag, "six"),
            Step::Read => Request::Get(key),
            Step::Remove => Request::Delete(key),
        }
    }

    fn hear(&mut self, answer: Answer) -> Option<Self::Output> {
        let unfit = |what: Unfit| Some(Err(Ok(what)));
        self.step = match (self.step.clone(), answer) {
            (Step::Create, Answer::Done(Some(etag))) => Step::CreateAgain(etag),
            (Step::Create, Answer::Done(None)) => return unfit(Unfit::NoTag),
            (Step::CreateAgain(etag), Answer::Refused) => Step::SwapWrong(etag),
            (Step::CreateAgain(_), Answer::Done(_)) => return unfit(Unfit::CreatedTwice),
            (Step::SwapWrong(etag), Answer::Refused) => Step::SwapMissing(etag),
            (Step::SwapWrong(_), Answer::Done(_)) => return unfit(Unfit::SwappedWrongTag),
            (Step::SwapMissing(etag), Answer::Refused | Answer::Missing) => Step::Swap(etag),
            (Step::SwapMissing(_), Answer::Done(_)) => return unfit(Unfit::SwappedMissing),
            (Step::Swap(old), Answer::Done(Some(new))) if new != old => Step::SwapStale(old),
            (Step::Swap(_), Answer::Done(_)) => return unfit(Unfit::NoTag),
            (Step::Swap(_), Answer::Refused) => return unfit(Unfit::RefusedRightTag),
            (Step::SwapStale(_), Answer::Refused) => Step::Read,
            (Step::SwapStale(_), Answer::Done(_)) => return unfit(Unfit::SwappedStaleTag),
            (Step::Read, Answer::Found(object)) if object.bytes == b"five" => Step::Remove,
            (Step::Read, Answer::Found(_) | Answer::Missing) => return unfit(Unfit::ReadOther),
            (Step::Remove, Answer::Done(_) | Answer::Missing) => return Some(Ok(())),
            (_, other) => return Some(Err(Err(other))),
        };
        None
    }
}
