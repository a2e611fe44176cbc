//! Progress bars on standard error, where that is a terminal and the work takes a while.
use core::cell::RefCell;
use core::time::Duration;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

use crate::console::Console;

/// What is done sooner needs no bar.
const PATIENCE: Duration = Duration::from_millis(300);

/// A bar that appears when there is something to wait for.
pub(crate) struct Progress {
    wanted: bool,
    template: &'static str,
    began: Instant,
    bar: RefCell<Option<ProgressBar>>,
}

impl Progress {
    /// A bar in indicatif's template language.
    pub(crate) fn new(console: &Console, template: &'static str) -> Self {
        Self {
            wanted: console.has_terminal(),
            template,
            began: Instant::now(),
            bar: RefCell::new(None),
        }
    }

    /// Says how far the work is.
    pub(crate) fn show(&self, done: u64, total: u64) {
        if !self.wanted || total == 0 || self.began.elapsed() < PATIENCE {
            return;
        }
        let mut bar = self.bar.borrow_mut();
        let bar = bar.get_or_insert_with(|| {
            let bar = ProgressBar::new(total);
            if let Ok(style) = ProgressStyle::with_template(self.template) {
                bar.set_style(style);
            }
            bar
        });
        bar.set_length(total);
        bar.set_position(done);
    }
}

/// The same, for work that several threads do.
pub(crate) struct SharedProgress(Mutex<Progress>);

impl SharedProgress {
    /// A bar in indicatif's template language.
    pub(crate) fn new(console: &Console, template: &'static str) -> Self {
        Self(Mutex::new(Progress::new(console, template)))
    }

    /// Says how far the work is.
    pub(crate) fn show(&self, done: u64, total: u64) {
        let bar = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bar.show(done, total);
    }
}

impl Drop for Progress {
    /// Leaves the terminal as it was, also when the work failed.
    fn drop(&mut self) {
        if let Some(bar) = self.bar.get_mut() {
            bar.finish_and_clear();
        }
    }
}
