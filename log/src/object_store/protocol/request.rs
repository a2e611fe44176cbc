//! Requests of a state machine to an object store, and the answers.

/// The tag of one content of an object. Equal contents may have equal tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ETag(pub String);

/// An object that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The tag; some servers pair it with the content of a later moment.
    pub etag: ETag,
    /// The content.
    pub bytes: Vec<u8>,
}

/// One operation on the store. Keys are relative to the log's prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Reads an object.
    Get(String),
    /// Creates an object if it is missing (`If-None-Match: *`).
    Create(String, Vec<u8>),
    /// Replaces an object if it has this tag (`If-Match`).
    Swap(String, ETag, Vec<u8>),
    /// Removes an object.
    Delete(String),
}

/// The result of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The object.
    Found(Object),
    /// The object is missing.
    Missing,
    /// Written or removed; with the tag of the written content.
    Done(Option<ETag>),
    /// The condition does not hold.
    Refused,
    /// No answer came: the request is carried out now, later or never.
    Unknown,
}

/// A procedure that needs several operations.
pub trait Machine {
    /// The result of the procedure.
    type Output;

    /// Returns the next request; calling it again returns the same.
    fn ask(&self) -> Request;

    /// Receives the answer to the last [`ask`](Self::ask); returns the result if there is one.
    fn hear(&mut self, answer: Answer) -> Option<Self::Output>;
}
