//! Change of a file that other processes change too, without losing their changes: read, decide, and replace if it is
//! unchanged.

use super::request::{Answer, ETag, Machine, Request};

/// One change of one file. `decide` receives the present content, `None` if the file is missing, and returns the new
/// content, `None` to leave it. It is called again if another process changed the file meanwhile, or if the answer was
/// lost.
#[derive(Debug)]
pub struct Update<F> {
    key: String,
    decide: F,
    write: Option<(Option<ETag>, Vec<u8>)>,
}

impl<F, E> Update<F>
where
    F: FnMut(Option<Vec<u8>>) -> Result<Option<Vec<u8>>, E>,
{
    /// Prepares to change the object `key`.
    pub fn new(key: String, decide: F) -> Self {
        Self {
            key,
            decide,
            write: None,
        }
    }

    fn decide(&mut self, etag: Option<ETag>, found: Option<Vec<u8>>) -> Option<Result<(), E>> {
        match (self.decide)(found) {
            Err(error) => Some(Err(error)),
            Ok(None) => Some(Ok(())),
            Ok(Some(bytes)) => {
                self.write = Some((etag, bytes));
                None
            }
        }
    }
}

impl<F, E> Machine for Update<F>
where
    F: FnMut(Option<Vec<u8>>) -> Result<Option<Vec<u8>>, E>,
{
    type Output = Result<(), E>;

    fn ask(&self) -> Request {
        let key = self.key.clone();
        match &self.write {
            None => Request::Get(key),
            Some((None, bytes)) => Request::Create(key, bytes.clone()),
            Some((Some(etag), bytes)) => Request::Swap(key, etag.clone(), bytes.clone()),
        }
    }

    fn hear(&mut self, answer: Answer) -> Option<Self::Output> {
        match (&self.write, answer) {
            (Some(_), Answer::Done(_)) => Some(Ok(())),
            (Some(_), _) => {
                self.write = None;
                None
            }
            (None, Answer::Found(object)) => self.decide(Some(object.etag), Some(object.bytes)),
            (None, Answer::Missing) => self.decide(None, None),
            (None, _) => None,
        }
    }
}
