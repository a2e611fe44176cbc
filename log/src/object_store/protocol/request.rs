//! What a state machine asks of an object store, and what it hears.

/// A store's name for one content of an object. Two equal contents may have equal tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ETag(pub String);

/// An object as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its tag; some servers pair it with the content that came after.
    pub etag: ETag,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// One operation on the store. Keys are relative to the log's prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Reads an object.
    Get(String),
    /// Makes an object that is not there (`If-None-Match: *`).
    Create(String, Vec<u8>),
    /// Replaces an object that has this tag (`If-Match`).
    Swap(String, ETag, Vec<u8>),
    /// Removes an object.
    Delete(String),
}

/// What came of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The object.
    Found(Object),
    /// There is no such object.
    Missing,
    /// Written, or removed; the tag of what is there now, where there is something.
    Done(Option<ETag>),
    /// The condition does not hold.
    Refused,
    /// Nobody knows: no answer came. The operation may be carried out now, later, or never.
    Unknown,
}

/// A procedure that needs several operations.
pub trait Machine {
    /// What it comes to.
    type Output;

    /// The next operation. Asking twice gives the same.
    fn ask(&self) -> Request;

    /// Takes the answer to the last [`ask`](Self::ask); yields the result when there is one.
    fn hear(&mut self, answer: Answer) -> Option<Self::Output>;
}
