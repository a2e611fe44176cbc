//! The one loop that feeds a query with the files of a log, and the retries around it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use glasslog_core::fetch::{LogFile, Query};
use glasslog_core::report::{Check, CheckCode, Class, Outcome as Checked, Report};

use crate::error::{Error, StatusReason};
use crate::source::{Answer, Fetches, Source};

/// Number of times that a log is read again because it has grown: a log that outruns three readings stays unfinished.
const NEWER_HEADS: usize = 2;

/// Receives news of a reading. The methods do nothing unless a caller implements them.
pub trait Observer {
    /// Reports the entries that were read, and those to read; 0 while their number is not known.
    fn progress(&self, done: u64, total: u64) {
        let _ = (done, total);
    }

    /// Reports that the log is read again.
    fn again(&self, reason: Again) {
        let _ = reason;
    }

    /// Reports a server's answer for a file that it does not have, after a reading that ended unfinished.
    fn absent(&self, answer: &Error) {
        let _ = answer;
    }
}

impl Observer for () {}

/// The reason for reading a log again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Again {
    /// A verdict that rests on remembered files failed; they may be damaged.
    WithoutRemembered,
    /// The log has grown, and may have deleted files of the older checkpoint.
    NewerHead,
}

/// Properties of an outcome that decide whether to read the log again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Something is proven wrong, which damaged remembered files may have caused.
    pub is_failed: bool,
    /// Files are missing, which a newer checkpoint may explain.
    pub is_unfinished: bool,
}

impl From<Option<&Report>> for Outcome {
    fn from(report: Option<&Report>) -> Self {
        Self {
            is_failed: report.is_some_and(|report| report.checks.iter().any(fails_for_the_log)),
            is_unfinished: report.is_some_and(|report| report.class() == Class::Unfinished),
        }
    }
}

/// Tells whether a check failed for a reason that damaged files of the log can cause. A hold, and contents of the reader's own
/// files that differ, are found in a log whose files are right.
fn fails_for_the_log(check: &Check) -> bool {
    let is_failed = check.required && check.outcome == Checked::Fail;
    is_failed && !matches!(check.code, CheckCode::Hold | CheckCode::Contents)
}

/// Runs a query to its report. `make` starts it, once for each reading of the log.
///
/// # Errors
/// The errors of `make`, and a file that cannot be read. A missing file is not an error: the query judges it.
pub fn run<Q: Query, E: From<Error>>(
    source: &dyn Source,
    observer: &dyn Observer,
    make: impl Fn() -> Result<Q, E>,
) -> Result<Q, E> {
    let attempt = |reading: &Reading<'_>| {
        let mut query = make()?;
        feed(&mut query, reading, observer, |_| true)?;
        Ok(query)
    };
    let outcome = |query: &Q| Outcome::from(query.report());
    read_with_retries(source, observer, attempt, outcome)
}

/// Makes an attempt, and makes it again if it is unfinished and the log has grown meanwhile. Each is made once more without
/// remembered files if it failed with them. A server that forbids a file (403) may mean that it is missing.
///
/// # Errors
/// The errors of `attempt`, and those of reading the checkpoints again.
pub fn read_with_retries<T, E: From<Error>>(
    source: &dyn Source,
    observer: &dyn Observer,
    mut attempt: impl FnMut(&Reading<'_>) -> Result<T, E>,
    outcome: impl Fn(&T) -> Outcome,
) -> Result<T, E> {
    // Files that an earlier log at this address left behind must not make an honest one false, in any attempt.
    let mut read = || {
        let reading = Reading::new(source);
        let done = attempt(&reading);
        if matches!(&done, Ok(done) if outcome(done).is_failed) && source.forget_remembered() {
            observer.again(Again::WithoutRemembered);
            let reading = Reading::new(source);
            let done = attempt(&reading);
            return (reading, done);
        }
        (reading, done)
    };
    let (mut reading, mut done) = read();
    for _ in 0..NEWER_HEADS {
        let is_outdated = match &done {
            Ok(done) => outcome(done).is_unfinished && reading.has_newer_head()?,
            Err(_) => reading.was_forbidden() && reading.has_newer_head().unwrap_or(false),
        };
        if !is_outdated {
            break;
        }
        observer.again(Again::NewerHead);
        source.take_absences();
        (reading, done) = read();
    }
    let absences = source.take_absences();
    if matches!(&done, Ok(done) if outcome(done).is_unfinished) {
        absences.iter().for_each(|answer| observer.absent(answer));
    }
    done
}

/// Hands over the files that a query asks for, until it needs no more or `goes_on` says so.
///
/// A file that cannot be read is missing for the query, which judges the others: a time-out hides nothing that is proven to be
/// false.
///
/// # Errors
/// A file that cannot be read, unless the report has a reason that takes precedence.
pub fn feed<Q: Query>(
    query: &mut Q,
    source: &dyn Source,
    observer: &dyn Observer,
    goes_on: impl Fn(&Q) -> bool,
) -> Result<(), Error> {
    let mut asked = BTreeSet::new();
    let mut unread = None;
    let mut fetches = source.fetches();
    while goes_on(query) {
        for path in query.needs() {
            if asked.insert(path.clone()) {
                fetches.ask(path);
            }
        }
        let Some((path, answer)) = fetches.next() else {
            break;
        };
        asked.remove(&path);
        let bytes = answer.unwrap_or_else(|error| {
            unread.get_or_insert(error);
            None
        });
        query.supply(&path, bytes);
        let so_far = query.progress();
        observer.progress(so_far.done, so_far.total);
    }
    match unread {
        Some(error) if !precedes_unread(query.report()) => Err(error),
        _ => Ok(()),
    }
}

/// Returns true if the reason of a report takes precedence over a file that could not be read: it does not depend on the
/// file.
pub(crate) fn precedes_unread(report: Option<&Report>) -> bool {
    report.is_some_and(|report| report.class() < Class::Unfinished)
}

/// A source that keeps the files which change when the log grows, to tell whether it has grown.
pub struct Reading<'a> {
    source: &'a dyn Source,
    heads: Mutex<BTreeMap<String, Option<Vec<u8>>>>,
    /// True once a file was forbidden.
    forbidden: AtomicBool,
}

impl<'a> Reading<'a> {
    fn new(source: &'a dyn Source) -> Self {
        Self {
            source,
            heads: Mutex::default(),
            forbidden: AtomicBool::new(false),
        }
    }

    /// Returns a file that changes when the log grows, as it was read.
    pub(crate) fn kept(&self, path: &str) -> Option<Vec<u8>> {
        let heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        heads.get(path).cloned().flatten()
    }

    fn was_forbidden(&self) -> bool {
        self.forbidden.load(Ordering::Relaxed)
    }

    fn keep(&self, path: &str, answer: &Answer) {
        if let Err(Error::Status { reason, .. }) = answer
            && *reason == StatusReason::Forbidden
        {
            self.forbidden.store(true, Ordering::Relaxed);
        }
        let is_changing = LogFile::parse(path).is_some_and(|file| !file.is_immutable());
        if let (true, Ok(bytes)) = (is_changing, answer) {
            let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
            heads.insert(path.to_owned(), bytes.clone());
        }
    }

    fn has_newer_head(&self) -> Result<bool, Error> {
        let heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        for (path, bytes) in heads.iter() {
            if self.source.read(path)? != *bytes {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Source for Reading<'_> {
    fn read(&self, path: &str) -> Answer {
        let answer = self.source.read(path);
        self.keep(path, &answer);
        answer
    }

    fn fetches(&self) -> Box<dyn Fetches + '_> {
        Box::new(Keeping {
            reading: self,
            fetches: self.source.fetches(),
        })
    }

    fn list(&self) -> Result<Option<Vec<String>>, Error> {
        self.source.list()
    }

    fn forget_remembered(&self) -> bool {
        self.source.forget_remembered()
    }

    fn take_absences(&self) -> Vec<Error> {
        self.source.take_absences()
    }
}

/// The fetches of a [`Reading`].
struct Keeping<'a> {
    reading: &'a Reading<'a>,
    fetches: Box<dyn Fetches + 'a>,
}

impl Fetches for Keeping<'_> {
    fn ask(&mut self, path: String) {
        self.fetches.ask(path);
    }

    fn next(&mut self) -> Option<(String, Answer)> {
        let (path, answer) = self.fetches.next()?;
        self.reading.keep(&path, &answer);
        Some((path, answer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Peer;
    use core::cell::RefCell;
    use std::sync::atomic::AtomicUsize;

    /// A log whose checkpoint is another one each time that it is read, up to `versions`.
    #[derive(Default)]
    struct Growing {
        versions: usize,
        reads: AtomicUsize,
        remembers: AtomicBool,
        /// The answer for every other file, if it is not that the file is missing.
        forbids: Option<Error>,
    }

    impl Source for Growing {
        fn read(&self, path: &str) -> Answer {
            if path != "checkpoint" {
                return self.forbids.clone().map_or(Ok(None), Err);
            }
            let version = self.reads.fetch_add(1, Ordering::Relaxed);
            Ok(Some(version.min(self.versions).to_string().into_bytes()))
        }

        fn forget_remembered(&self) -> bool {
            self.remembers.swap(false, Ordering::Relaxed)
        }
    }

    #[derive(Default)]
    struct News(RefCell<Vec<Again>>);

    impl Observer for News {
        fn again(&self, reason: Again) {
            self.0.borrow_mut().push(reason);
        }
    }

    /// Reads the checkpoint once an attempt; returns the reasons for further attempts, and the number of attempts.
    fn attempts(source: &Growing, outcome: Outcome) -> (Vec<Again>, usize) {
        let (news, mut count) = (News::default(), 0);
        let attempt = |reading: &Reading<'_>| {
            count += 1;
            reading.read("checkpoint")
        };
        read_with_retries(source, &news, attempt, |_| outcome).unwrap();
        (news.0.into_inner(), count)
    }

    #[test]
    fn a_log_that_grows_is_read_three_times_at_most() {
        let outcome = Outcome {
            is_unfinished: true,
            ..Outcome::default()
        };
        for (versions, newer) in [(0, 0), (1, 1), (9, 2)] {
            let source = Growing {
                versions,
                ..Growing::default()
            };
            let (news, count) = attempts(&source, outcome);
            assert_eq!(news, vec![Again::NewerHead; newer], "{versions}");
            assert_eq!(count, newer + 1, "{versions}");
        }
    }

    #[test]
    fn a_failure_that_rests_on_remembered_files_is_tried_once_without_them() {
        let outcome = Outcome {
            is_failed: true,
            ..Outcome::default()
        };
        assert_eq!(attempts(&Growing::default(), outcome), (Vec::new(), 1));
        let source = Growing {
            remembers: true.into(),
            ..Growing::default()
        };
        let expected = (vec![Again::WithoutRemembered], 2);
        assert_eq!(attempts(&source, outcome), expected);
    }

    #[test]
    fn a_hold_and_other_contents_do_not_doubt_remembered_files() {
        let check = |code, outcome, required| Check {
            code,
            outcome,
            required,
            detail: String::new(),
            evidence: None,
            class: Class::False,
        };
        for (code, outcome, required, doubts) in [
            (CheckCode::Entries, Checked::Fail, true, true),
            (CheckCode::IndexFiles, Checked::Fail, true, true),
            (CheckCode::EventSignatures, Checked::Fail, true, true),
            (CheckCode::Entries, Checked::Fail, false, false),
            (CheckCode::Entries, Checked::Unknown, true, false),
            (CheckCode::Hold, Checked::Fail, true, false),
            (CheckCode::Contents, Checked::Fail, true, false),
        ] {
            let check = check(code, outcome, required);
            assert_eq!(fails_for_the_log(&check), doubts, "{check:?}");
        }
    }

    /// A file of an earlier log at the address may be met only when the log is read again.
    #[test]
    fn so_is_one_after_the_log_has_grown() {
        let source = Growing {
            versions: 9,
            remembers: true.into(),
            ..Growing::default()
        };
        let (news, mut made) = (News::default(), 0);
        let attempt = |reading: &Reading<'_>| {
            made += 1;
            reading.read("checkpoint").map(|_| made)
        };
        let outcome = |attempt: &usize| Outcome {
            is_unfinished: *attempt == 1,
            is_failed: *attempt == 2,
        };
        assert_eq!(read_with_retries(&source, &news, attempt, outcome), Ok(3));
        assert_eq!(
            news.0.into_inner(),
            [Again::NewerHead, Again::WithoutRemembered]
        );
    }

    /// A server that forbids a file may mean that it is missing: a newer checkpoint may do without it.
    #[test]
    fn a_forbidden_file_is_read_again_with_a_newer_head() {
        let forbidden = |reason| Error::Status {
            peer: Peer {
                address: "http://a.example/tile/0/000".into(),
                proxy: None,
            },
            status: "403 Forbidden".into(),
            reason,
        };
        for (versions, reason, count) in [
            (9, StatusReason::Forbidden, 3),
            (0, StatusReason::Forbidden, 1),
            (9, StatusReason::Itself, 1),
        ] {
            let source = Growing {
                versions,
                forbids: Some(forbidden(reason)),
                ..Growing::default()
            };
            let mut made = 0;
            let attempt = |reading: &Reading<'_>| {
                made += 1;
                reading.read("checkpoint")?;
                reading.read("tile/0/000")
            };
            let read = read_with_retries(&source, &(), attempt, |_| Outcome::default());
            assert_eq!(read, Err(forbidden(reason)));
            assert_eq!(made, count, "{versions} {reason:?}");
        }
    }

    #[test]
    fn a_success_is_read_once() {
        let source = Growing {
            versions: 9,
            remembers: true.into(),
            ..Growing::default()
        };
        assert_eq!(attempts(&source, Outcome::default()), (Vec::new(), 1));
    }

    #[test]
    fn files_are_fetched_in_the_order_in_which_they_are_asked() {
        let source = Growing::default();
        let reading = Reading::new(&source);
        let mut fetches = reading.fetches();
        for path in ["b", "checkpoint", "a"] {
            fetches.ask(path.to_owned());
        }
        let order: Vec<String> = core::iter::from_fn(|| fetches.next())
            .map(|(path, _)| path)
            .collect();
        assert_eq!(order, ["b", "checkpoint", "a"]);
    }
}
