//! Sources: how the files of a log are read.

mod address;
mod cache;
mod directory;
mod file;
mod http;
mod pace;
#[expect(clippy::module_inception, reason = "the file of the trait itself")]
mod source;

pub use address::{is_address, parse_address};
pub use cache::cache_directory;
pub use directory::Directory;
pub use file::read_file;
pub use http::Http;
pub use pace::Pace;
pub use source::{Answer, Fetches, Source, limit_bytes};
