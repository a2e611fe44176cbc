//! Where our builder cuts a log into runs (`docs/formats/index.md`, "Manifest"): whole units, four equal neighbours joined again and again, and a tail.
//!
//! Readers take any partition. Ours is a function of the size alone, so that a rebuild from the log gives the same files.

use crate::limits::MAX_RUN;
use alloc::vec::Vec;
use core::ops::Range;

/// Entries of the smallest run that is joined: 16 entry bundles, so that units of work are whole files.
pub const UNIT: u64 = 4_096;

/// Neighbours that one joining takes: each entry is written again once for each power of it.
pub const FAN_IN: u64 = 4;

/// The ranges of a log of `size` entries, in order.
#[must_use]
pub fn partition(size: u64) -> Vec<Range<u64>> {
    partition_up_to(size, MAX_RUN)
}

/// As [`partition`], for a builder that joins no wider than `widest` entries, a [`UNIT`] times a power of [`FAN_IN`].
#[must_use]
pub fn partition_up_to(size: u64, widest: u64) -> Vec<Range<u64>> {
    let mut ranges = Vec::new();
    let mut start = 0u64;
    let mut width = widest;
    while width >= UNIT {
        // Wider runs come first, so each start is aligned to its width.
        while size.saturating_sub(start) >= width {
            ranges.push(start..start.saturating_add(width));
            start = start.saturating_add(width);
        }
        width /= FAN_IN;
    }
    if start < size {
        ranges.push(start..size);
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MAX_RUNS;

    #[test]
    fn ranges_cover_each_size_and_join_by_fours() {
        let unit = UNIT;
        let sizes = [
            0,
            1,
            unit - 1,
            unit,
            unit + 1,
            4 * unit,
            1 << 28,
            1_000_000_000,
        ];
        for size in sizes.into_iter().chain((0..200).map(|n| n * 1_777)) {
            let ranges = partition(size);
            let mut at = 0;
            for range in &ranges {
                assert_eq!(range.start, at);
                at = range.end;
                let width = range.end - range.start;
                assert!(width <= MAX_RUN);
                let is_tail = range.end == size && width < unit;
                let level = (0..9).find(|level| unit * FAN_IN.pow(*level) == width);
                assert!(is_tail || level.is_some(), "{range:?} of {size}");
                assert!(is_tail || range.start % width == 0);
            }
            assert_eq!(at, size);
            for run in ranges.windows(4) {
                let width = run[0].end - run[0].start;
                let equal = run.iter().all(|range| range.end - range.start == width);
                let aligned = run[0].start % (4 * width) == 0;
                assert!(!equal || !aligned || width == MAX_RUN, "{run:?}");
            }
        }
    }

    #[test]
    fn a_builder_may_stop_joining_earlier() {
        let widest = UNIT * FAN_IN;
        let runs = partition_up_to(3 * widest + UNIT + 7, widest);
        let widths: Vec<u64> = runs.iter().map(|run| run.end - run.start).collect();
        assert_eq!(widths, [widest, widest, widest, UNIT, 7]);
    }

    #[test]
    fn a_log_of_ten_billion_entries_fits_a_manifest() {
        // The worst size below: three runs of each width below the widest, and a tail.
        let worst = 39 * MAX_RUN - 1;
        assert!(worst > 10_000_000_000);
        assert_eq!(partition(worst).len(), 38 + 3 * 8 + 1);
        assert!(partition(worst).len() <= MAX_RUNS);
    }
}
