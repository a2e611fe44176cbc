//! Results on standard output, everything else on standard error.

mod console;
mod file;
mod format;
mod head;
mod irreplaceable;
mod logging;
mod observer;
mod progress;
mod render;
mod secrets;

pub(crate) use console::{Console, say, show_usage};
pub(crate) use file::{Output, Staged, check_current_folder, put, write_new};
pub(crate) use format::Format;
pub(crate) use head::Head;
pub(crate) use irreplaceable::check_replaceable;
pub(crate) use logging::{LogFormat, LogLevel, begin as begin_logging};
pub(crate) use observer::Watch;
pub(crate) use progress::{Progress, SharedProgress};
pub(crate) use render::{Extent, mark, visible};
