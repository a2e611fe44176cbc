//! Procedures of one request: reading and removing an object.

use super::request::{Answer, Machine, Object, Request};

/// Reads one object.
#[derive(Clone, Debug)]
pub struct Read(pub String);

impl Machine for Read {
    type Output = Option<Object>;

    fn ask(&self) -> Request {
        Request::Get(self.0.clone())
    }

    fn hear(&mut self, answer: Answer) -> Option<Self::Output> {
        match answer {
            Answer::Found(object) => Some(Some(object)),
            Answer::Missing => Some(None),
            _ => None,
        }
    }
}

/// Removes one object; a missing one is not an error.
#[derive(Clone, Debug)]
pub struct Remove(pub String);

impl Machine for Remove {
    type Output = ();

    fn ask(&self) -> Request {
        Request::Delete(self.0.clone())
    }

    fn hear(&mut self, answer: Answer) -> Option<()> {
        matches!(answer, Answer::Done(_) | Answer::Missing).then_some(())
    }
}
