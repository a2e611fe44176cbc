//! News of a reading, as progress bars and notes.

use glasslog_client::Error;
use glasslog_client::drive::{Again, Observer};

use super::console::Console;
use super::progress::SharedProgress;

/// Shows the news of a reading on the console.
pub(crate) struct Watch<'a> {
    console: &'a Console,
    progress: SharedProgress,
}

impl<'a> Watch<'a> {
    /// Shows entries as they are read.
    pub(crate) fn reading(console: &'a Console) -> Self {
        let template = "reading {wide_bar} {human_pos}/{human_len} entries";
        Self::with(console, template)
    }

    /// Shows entries as they are audited.
    pub(crate) fn auditing(console: &'a Console) -> Self {
        let template = "auditing {wide_bar} {human_pos}/{human_len} entries";
        Self::with(console, template)
    }

    /// Shows entries as they are copied.
    pub(crate) fn copying(console: &'a Console) -> Self {
        let template = "copying {wide_bar} {human_pos}/{human_len} entries";
        Self::with(console, template)
    }

    fn with(console: &'a Console, template: &'static str) -> Self {
        Self {
            console,
            progress: SharedProgress::new(console, template),
        }
    }
}

impl Observer for Watch<'_> {
    fn progress(&self, done: u64, total: u64) {
        self.progress.show(done, total);
    }

    fn absent(&self, answer: &Error) {
        self.progress.clear();
        self.console.note(answer);
        if let Some(hint) = answer.hint() {
            self.console.hint(hint);
        }
    }

    fn again(&self, reason: Again) {
        self.progress.clear();
        self.console.note(match reason {
            Again::WithoutRemembered => {
                "remembered files may be damaged: reading the log again without them"
            }
            _ => "the log has grown meanwhile: reading it again with its newer checkpoint",
        });
    }
}
