//! The one door for reading a log: relative paths in, bytes out
//! ([c2sp.org/tlog-tiles](https://c2sp.org/tlog-tiles), "Parameters").

use std::collections::VecDeque;

use glasslog_core::fetch::LogFile;
use glasslog_core::text::limits::MAX_NOTE;

use crate::error::Error;

/// The bytes of a file, or `None` if the log has no such file.
pub type Answer = Result<Option<Vec<u8>>, Error>;

/// A log whose public tree can be read. It is not trusted: its bytes are checked by the core.
///
/// Many threads may read at once.
pub trait Source: Sync {
    /// Reads a file by its path relative to the public tree. A file over its limit is returned with one byte more than
    /// the limit, so that the verification refuses it.
    ///
    /// # Errors
    /// The file cannot be read, or the source cannot tell whether it exists.
    fn read(&self, path: &str) -> Answer;

    /// Returns a queue of reads. Sources behind a network keep several in flight.
    fn fetches(&self) -> Box<dyn Fetches + '_> {
        Box::new(OneByOne {
            read: move |path: &str| self.read(path),
            queue: VecDeque::new(),
        })
    }

    /// Reads several files; the answers are in the order of the paths.
    ///
    /// # Errors
    /// The first error of [`Source::read`] in that order.
    fn read_many(&self, paths: &[String]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let mut fetches = self.fetches();
        for path in paths {
            fetches.ask(path.clone());
        }
        core::iter::from_fn(|| fetches.next())
            .map(|(_, answer)| answer)
            .collect()
    }

    /// Returns the path of every file of the public tree, or `None` if the source cannot be listed.
    ///
    /// # Errors
    /// The disk or permissions.
    fn list(&self) -> Result<Option<Vec<String>>, Error> {
        Ok(None)
    }

    /// Forgets the files that were remembered from earlier runs and used since, and uses none from here on. Returns true
    /// if there were any.
    fn forget_remembered(&self) -> bool {
        false
    }

    /// Returns the answers of a server for files that it does not have, for a message that names address and status, and
    /// forgets them. Some of the first ones.
    fn take_absences(&self) -> Vec<Error> {
        Vec::new()
    }
}

impl<S: Source + ?Sized> Source for &S {
    fn read(&self, path: &str) -> Answer {
        (**self).read(path)
    }

    fn fetches(&self) -> Box<dyn Fetches + '_> {
        (**self).fetches()
    }

    fn list(&self) -> Result<Option<Vec<String>>, Error> {
        (**self).list()
    }

    fn forget_remembered(&self) -> bool {
        (**self).forget_remembered()
    }

    fn take_absences(&self) -> Vec<Error> {
        (**self).take_absences()
    }
}

/// Reads of a [`Source`] that are under way, answered in the order in which they were asked.
///
/// The order makes a verdict independent of the network's: of two missing files the report always names the same one.
pub trait Fetches {
    /// Adds a file at the end of the queue.
    fn ask(&mut self, path: String);

    /// Waits for the first file of the queue; `None` if the queue is empty.
    fn next(&mut self) -> Option<(String, Answer)>;
}

/// Reads each file when it is its turn.
struct OneByOne<F> {
    read: F,
    queue: VecDeque<String>,
}

impl<F: Fn(&str) -> Answer> Fetches for OneByOne<F> {
    fn ask(&mut self, path: String) {
        self.queue.push_back(path);
    }

    fn next(&mut self) -> Option<(String, Answer)> {
        let path = self.queue.pop_front()?;
        let answer = (self.read)(&path);
        Some((path, answer))
    }
}

/// Returns the most bytes of the file at `path`. Sources read one more, so that the verification, which alone judges
/// the file, sees that it is too long.
#[must_use]
pub fn limit_bytes(path: &str) -> usize {
    LogFile::parse(path).map_or(MAX_NOTE, |file| file.limit())
}
