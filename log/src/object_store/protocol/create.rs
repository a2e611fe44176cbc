//! Makes a file that must never be another: whoever was first, the content is the same.

use super::request::{Answer, Machine, Request};

/// An exclusive creation.
#[derive(Clone, Debug)]
pub struct Create {
    key: String,
    bytes: Vec<u8>,
    is_reading: bool,
}

/// How a file came to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is there, with the content that was asked for.
    There,
    /// Something else is there.
    Differs,
}

impl Create {
    /// Prepares to make an object.
    pub fn new(key: String, bytes: Vec<u8>) -> Self {
        Self {
            key,
            bytes,
            is_reading: false,
        }
    }

    /// The object's key.
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
            // It was not there after all, or nobody knows: made again, it is the same.
            _ => {
                self.is_reading = false;
                None
            }
        }
    }
}
