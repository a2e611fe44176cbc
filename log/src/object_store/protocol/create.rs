//! Creation of an immutable file: any process that creates it writes the same content.

use super::request::{Answer, Machine, Request};

/// An exclusive creation.
#[derive(Clone, Debug)]
pub struct Create {
    key: String,
    bytes: Vec<u8>,
    is_reading: bool,
}

/// The result of a creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The file exists with the requested content.
    There,
    /// The file exists with another content.
    Differs,
}

impl Create {
    /// Prepares to create an object.
    pub fn new(key: String, bytes: Vec<u8>) -> Self {
        Self {
            key,
            bytes,
            is_reading: false,
        }
    }

    /// Returns the key of the object.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl Machine for Create {
    type Output = Presence;

    fn ask(&self) -> Request {
        match self.is_reading {
            true => Request::Get(self.key.clone()),
            false => Request::Create(self.key.clone(), self.bytes.clone()),
        }
    }

    fn hear(&mut self, answer: Answer) -> Option<Presence> {
        match answer {
            Answer::Done(_) if !self.is_reading => Some(Presence::There),
            Answer::Found(object) if object.bytes == self.bytes => Some(Presence::There),
            Answer::Found(_) => Some(Presence::Differs),
            Answer::Refused => {
                self.is_reading = true;
                None
            }
            // The object is missing after all, or the answer was lost: creating it again is harmless.
            _ => {
                self.is_reading = false;
                None
            }
        }
    }
}
