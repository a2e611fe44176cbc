//! Progress bars on standard error, if that is a terminal and the work takes a while.

use core::cell::RefCell;
use core::time::Duration;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

use super::console::Console;

/// Work that ends sooner shows no bar.
const PATIENCE: Duration = Duration::from_millis(300);

/// A bar that appears if the work takes longer.
pub(crate) struct Progress {
    wanted: bool,
    template: &'static str,
    began: Instant,
    bar: RefCell<Option<ProgressBar>>,
}

impl Progress {
    /// Prepares a bar in indicatif's template language.
    pub(crate) fn new(console: &Console, template: &'static str) -> Self {
        Self {
            wanted: console.has_terminal(),
            template,
            began: Instant::now(),
            bar: RefCell::new(None),
        }
    }

    /// Shows how much of the work is done.
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

    fn clear(&mut self) {
        if let Some(bar) = self.bar.get_mut().take() {
            bar.finish_and_clear();
        }
    }
}

/// A bar for work that several threads do.
pub(crate) struct SharedProgress(Mutex<Progress>);

impl SharedProgress {
    /// Prepares a bar in indicatif's template language.
    pub(crate) fn new(console: &Console, template: &'static str) -> Self {
        Self(Mutex::new(Progress::new(console, template)))
    }

    /// Shows how much of the work is done.
    pub(crate) fn show(&self, done: u64, total: u64) {
        let bar = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bar.show(done, total);
    }

    /// Removes the bar; it appears again with the next progress.
    pub(crate) fn clear(&self) {
        let mut bar = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bar.clear();
    }
}

impl Drop for Progress {
    /// Leaves the terminal as it was, also if the work failed.
    fn drop(&mut self) {
        self.clear();
    }
}
