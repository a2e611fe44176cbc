//! A small sort for short lists: the standard library's sorts are faster on long ones, but add 5 kB to the browser's
//! copy for each type that is sorted.

/// Sorts in place, in n log n steps for every input; equal items may change places.
pub(crate) fn sort<T: Ord>(items: &mut [T]) {
    let length = items.len();
    for root in (0..length / 2).rev() {
        sift_down(items, root, length);
    }
    for end in (1..length).rev() {
        items.swap(0, end);
        sift_down(items, 0, end);
    }
}

/// Moves the item at `root` down the heap `..end` until neither child is greater.
fn sift_down<T: Ord>(items: &mut [T], mut root: usize, end: usize) {
    loop {
        let mut child = 2 * root + 1;
        if child >= end {
            return;
        }
        if child + 1 < end && items.get(child) < items.get(child + 1) {
            child += 1;
        }
        if items.get(root) >= items.get(child) {
            return;
        }
        items.swap(root, child);
        root = child;
    }
}

#[cfg(test)]
mod tests {
    use super::sort;
    use std::vec::Vec;

    #[test]
    fn sorts_as_the_standard_library_does() {
        let mut state = 1u32;
        for length in 0..200 {
            let mut items: Vec<u32> = (0..length)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    state >> 28
                })
                .collect();
            let mut expected = items.clone();
            expected.sort_unstable();
            sort(&mut items);
            assert_eq!(items, expected);
        }
    }
}
