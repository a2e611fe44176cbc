//! Parallel work on many items, by a few threads.

use core::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Most threads: each holds a run, or a span of one, in memory.
const MOST_THREADS: usize = 4;

/// Calls `work` for each item and returns the results in order, or the first failure of a thread.
pub(super) fn parallel<T, R, E>(
    items: impl Iterator<Item = T> + Send,
    work: impl Fn(T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E>
where
    R: Send,
    E: Send,
{
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let items = Mutex::new(items.enumerate().fuse());
    let next = || items.lock().unwrap_or_else(PoisonError::into_inner).next();
    let has_failed = AtomicBool::new(false);
    let run = || {
        let mut done = Vec::new();
        while !has_failed.load(Ordering::Relaxed)
            && let Some((number, item)) = next()
        {
            let result = work(item);
            has_failed.fetch_or(result.is_err(), Ordering::Relaxed);
            done.push((number, result));
        }
        done
    };
    let mut done = thread::scope(|scope| {
        let helpers: Vec<_> = (1..threads.min(MOST_THREADS))
            .map(|_| scope.spawn(run))
            .collect();
        let mut done = run();
        for helper in helpers {
            match helper.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_order_and_a_failure_is_one() {
        let halves = |limit| {
            parallel(
                0..1_000u32,
                move |n| if n < limit { Ok(n / 2) } else { Err(n) },
            )
        };
        assert_eq!(halves(1_000), Ok((0..1_000).map(|n| n / 2).collect()));
        assert!(halves(500).is_err_and(|failed| failed >= 500));
        let nothing: Result<Vec<u32>, u32> = parallel(0..0u32, Ok);
        assert_eq!(nothing, Ok(Vec::new()));
    }
}
