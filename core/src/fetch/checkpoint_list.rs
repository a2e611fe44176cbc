//! The list of a log's archived checkpoints, by which a reader finds those around an entry
//! (`docs/formats/checkpoint-archive.md`).
//!
//! ```text
//! glasslog-checkpoint-list/v1
//! page 12
//! 88012
//! 88340
//! ```
//!
//! The list is a hint: it is not signed, and every checkpoint that it leads to is verified. So a list that is malformed is
//! worth as much as none.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::fetch::log_file::LogFile;
use crate::text::wire::parse_decimal;
use crate::tiles::edge::PublicFile;

const HEADER: &str = "glasslog-checkpoint-list/v1\n";

/// Begins the line of a page, which holds earlier sizes.
const PAGE: &str = "page ";

/// Sizes in a page.
pub const PAGE_SIZES: usize = 256;

/// The sizes of the archived checkpoints of a log, ascending: those of full pages by their first one alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckpointList {
    pages: Vec<u64>,
    sizes: Vec<u64>,
}

impl CheckpointList {
    /// Parses a list, or a page of one; `None` if it is malformed.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let text = core::str::from_utf8(bytes).ok()?.strip_prefix(HEADER)?;
        let mut list = Self::default();
        for line in text.strip_suffix('\n')?.split('\n') {
            let page = line.strip_prefix(PAGE).filter(|_| list.sizes.is_empty());
            let size = parse_decimal(page.unwrap_or(line))?;
            if list.last().is_some_and(|last| last >= size) {
                return None;
            }
            match page {
                Some(_) => list.pages.push(size),
                None => list.sizes.push(size),
            }
        }
        (1..=PAGE_SIZES).contains(&list.sizes.len()).then_some(list)
    }

    /// Writes the list.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut text = String::from(HEADER);
        let pages = self.pages.iter().map(|size| (PAGE, size));
        for (word, size) in pages.chain(self.sizes.iter().map(|size| ("", size))) {
            text.extend([word, &size.to_string(), "\n"]);
        }
        text.into_bytes()
    }

    /// Adds a size, and returns the page that became full before; a size that is not larger than the last one changes nothing.
    pub fn append(&mut self, size: u64) -> Option<PublicFile> {
        if self.last().is_some_and(|last| last >= size) {
            return None;
        }
        let mut page = None;
        if self.sizes.len() == PAGE_SIZES {
            let number = u64::try_from(self.pages.len()).unwrap_or(u64::MAX);
            let full = Self {
                pages: Vec::new(),
                sizes: core::mem::take(&mut self.sizes),
            };
            page = Some(PublicFile {
                path: LogFile::CheckpointPage(number).path(),
                bytes: full.encode(),
            });
            self.pages.extend(full.sizes.first());
        }
        self.sizes.push(size);
        page
    }

    /// Returns the page in which the sizes around an entry are; `None` if they are in this file.
    #[must_use]
    pub fn page_around(&self, index: u64) -> Option<u64> {
        if self.sizes.first().is_none_or(|first| *first <= index) {
            return None;
        }
        let after = self.pages.partition_point(|first| *first <= index);
        u64::try_from(after.checked_sub(1)?).ok()
    }

    /// Returns the sizes in this file.
    #[must_use]
    pub fn sizes(&self) -> BTreeSet<u64> {
        let mut sizes = BTreeSet::new();
        sizes.extend(self.pages.iter().chain(&self.sizes));
        sizes
    }

    fn last(&self) -> Option<u64> {
        self.sizes.last().or(self.pages.last()).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    fn list_of(count: u64) -> (CheckpointList, Vec<PublicFile>) {
        let mut list = CheckpointList::default();
        let pages = (0..count).filter_map(|at| list.append(10 * at)).collect();
        (list, pages)
    }

    #[test]
    fn full_pages_are_split_off_and_named_by_their_first_size() {
        let (list, pages) = list_of(600);
        let paths: Vec<&str> = pages.iter().map(|page| page.path.as_str()).collect();
        assert_eq!(paths, ["checkpoints/list-0", "checkpoints/list-1"]);
        for (at, page) in pages.iter().enumerate() {
            let page = CheckpointList::parse(&page.bytes).unwrap();
            assert_eq!((page.pages.len(), page.sizes.len()), (0, PAGE_SIZES));
            assert_eq!(list.pages[at], page.sizes[0]);
        }
        assert_eq!(list.sizes.len(), 600 - 512);
        assert_eq!(CheckpointList::parse(&list.encode()), Some(list.clone()));
        let (same, _) = list_of(256);
        assert!(
            same.pages.is_empty(),
            "a page is split off by the next size"
        );
        let mut again = list.clone();
        assert_eq!((again.append(5_990), again.append(7)), (None, None));
        assert_eq!(again, list);
    }

    #[test]
    fn the_page_of_an_entry_has_the_sizes_around_it() {
        let (list, pages) = list_of(600);
        for index in (0..6_100).step_by(7) {
            let mut known = list.sizes();
            if let Some(number) = list.page_around(index) {
                let page = &pages[usize::try_from(number).unwrap()];
                known.append(&mut CheckpointList::parse(&page.bytes).unwrap().sizes());
            }
            let before = known.range(..=index).next_back().copied();
            let after = known.range(index + 1..).next().copied();
            let last = 5_990;
            assert_eq!(before, Some((index / 10 * 10).min(last)), "{index}");
            let next = index / 10 * 10 + 10;
            assert_eq!(after, (next <= last).then_some(next), "{index}");
        }
        let mut late = CheckpointList::default();
        late.append(50);
        assert_eq!(late.page_around(3), None);
        assert_eq!(CheckpointList::default().page_around(3), None);
    }

    #[test]
    fn anything_else_is_malformed() {
        let good = format!("{HEADER}page 0\npage 7\n9\n12\n");
        assert!(CheckpointList::parse(good.as_bytes()).is_some());
        let many: String = (0..257).map(|size| format!("{size}\n")).collect();
        for bad in [
            "".to_string(),
            HEADER.to_string(),
            format!("{HEADER}page 0\n"),
            format!("{HEADER}9"),
            format!("{HEADER}09\n"),
            format!("{HEADER}9\n9\n"),
            format!("{HEADER}9\n8\n"),
            format!("{HEADER}page 9\n9\n"),
            format!("{HEADER}9\npage 10\n"),
            format!("{HEADER}page  1\n9\n"),
            format!("{HEADER}9\n\n"),
            format!("{HEADER}9\r\n"),
            format!("{HEADER}-9\n"),
            format!("{HEADER}18446744073709551616\n"),
            format!("{HEADER}{many}"),
            "glasslog-checkpoint-list/v2\n9\n".to_string(),
        ] {
            assert_eq!(CheckpointList::parse(bad.as_bytes()), None, "{bad:?}");
        }
    }
}
