//! Partition of a log into runs by this builder (`docs/formats/index.md`, "Manifest"): whole units, equal neighbours joined repeatedly, and a tail.
//!
//! Readers accept any partition. This one depends on the size alone, so that a rebuild from the log makes the same
//! files.

use crate::text::limits::MAX_RUN;
use alloc::vec::Vec;
use core::ops::Range;

/// Entries of the smallest run that is joined: 16 entry bundles, so that units of work are whole files. The tail of a
/// log, which is written again with each manifest, is shorter than a unit.
pub const UNIT: u64 = 4_096;

/// The widest run that is joined of four. A narrow run costs more bytes for each entry than a wide one, so this builder
/// writes narrow runs seldom and keeps the number of wide ones low: `docs/decisions/index-joining.md`.
const WIDEST_OF_FOUR: u64 = 65_536;

/// Number of equal neighbours that a run of this width is joined of. Each joining writes each entry again.
#[must_use]
pub const fn fan_in(width: u64) -> u64 {
    if width <= WIDEST_OF_FOUR { 4 } else { 2 }
}

/// The ranges of a log of `size` entries, in order.
#[must_use]
pub fn partition(size: u64) -> Vec<Range<u64>> {
    partition_up_to(size, MAX_RUN)
}

/// As [`partition`], for a builder that joins no wider than `widest` entries, the width of a run.
#[must_use]
pub(crate) fn partition_up_to(size: u64, widest: u64) -> Vec<Range<u64>> {
    let mut ranges = Vec::new();
    let mut start = 0u64;
    let mut width = widest;
    while width >= UNIT {
        // Wider runs come first, so each start is aligned to its width.
        while size.saturating_sub(start) >= width {
            ranges.push(start..start.saturating_add(width));
            start = start.saturating_add(width);
        }
        width /= fan_in(width);
    }
    if start < size {
        ranges.push(start..size);
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::limits::MAX_RUNS;

    /// All widths of runs other than the tail, from the narrowest.
    fn widths() -> Vec<u64> {
        let mut widths: Vec<u64> =
            core::iter::successors(Some(MAX_RUN), |width| Some(width / fan_in(*width)))
                .take_while(|width| *width >= UNIT)
                .collect();
        widths.reverse();
        widths
    }

    #[test]
    fn widths_begin_with_the_unit() {
        let by_four = [4_096, 16_384, 65_536];
        assert_eq!(widths()[..3], by_four);
        assert_eq!(widths()[3..5], [131_072, 262_144]);
        assert_eq!(widths().last(), Some(&MAX_RUN));
    }

    #[test]
    fn ranges_cover_each_size_and_join_wherever_they_can() {
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
                assert!(is_tail || widths().contains(&width), "{range:?} of {size}");
                assert!(is_tail || range.start % width == 0);
            }
            assert_eq!(at, size);
            for wide in widths().into_iter().skip(1) {
                let parts = usize::try_from(fan_in(wide)).unwrap();
                let width = wide / fan_in(wide);
                for run in ranges.windows(parts) {
                    let equal = run.iter().all(|range| range.end - range.start == width);
                    let aligned = run[0].start % wide == 0;
                    assert!(!equal || !aligned, "{run:?}");
                }
            }
        }
    }

    #[test]
    fn a_builder_may_stop_joining_earlier() {
        let widest = 4 * UNIT;
        let runs = partition_up_to(3 * widest + UNIT + 7, widest);
        let widths: Vec<u64> = runs.iter().map(|run| run.end - run.start).collect();
        assert_eq!(widths, [widest, widest, widest, UNIT, 7]);
    }

    #[test]
    fn a_log_of_ten_billion_entries_fits_a_manifest() {
        // The size with the most runs: of each width as many as are not yet joined, and a tail.
        let worst = 39 * MAX_RUN - 1;
        assert!(worst > 10_000_000_000);
        assert_eq!(partition(worst).len(), 38 + 12 + 3 * 2 + 1);
        assert!(partition(worst).len() <= MAX_RUNS);
    }

    #[test]
    fn a_log_of_a_billion_entries_takes_fourteen_requests() {
        assert_eq!(partition(1_000_000_000).len(), 14);
    }
}
