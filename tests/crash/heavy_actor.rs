//! One enrolled actor who submits as fast as the log takes: the index keeps up, because admission waits for it, and no
//! history becomes unknown. Another actor's writer is not turned away.
//!
//! Loopback only; 12,000 events, and 150,000 with `GLASSLOG_LONG_TESTS=1`.
use crate::alone;
use crate::hostile::{KEY, Target, event, percentile, post};
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use glasslog_core::text::limits::MAX_READING;
use glasslog_tests::glasslog::glasslog;
use glasslog_tests::words;

const HEAVY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const HONEST: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
/// Batches at once, and the events of each.
const SENDERS: u32 = 4;
const LINES: u32 = 500;
/// Numbers of events of the honest writer begin here.
const OTHERS: u32 = 10_000_000;

#[test]
fn a_heavy_actor_does_not_outrun_the_index() {
    let _alone = alone();
    let events = match std::env::var_os("GLASSLOG_LONG_TESTS") {
        Some(_) => 150_000,
        None => 12_000,
    };
    let mut target = Target::start(&[]);
    let address = target.server.address;
    // The reader asks about a model that has an event from the start.
    let (status, _) = post(HEAVY, address, "/add", &event(0, KEY)).expect("an answer");
    assert_eq!(status, 200);
    let (next, over) = (AtomicU32::new(0), AtomicBool::new(false));
    let began = Instant::now();
    let (mut latencies, histories, most) = thread::scope(|scope| {
        let (next, over, target) = (&next, &over, &target);
        let senders: Vec<_> = (0..SENDERS)
            .map(|_| {
                scope.spawn(move || {
                    loop {
                        let first = next.fetch_add(LINES, Ordering::Relaxed);
                        if first >= events {
                            return;
                        }
                        let lines = first..(first + LINES).min(events);
                        let body: Vec<_> = lines.map(|number| event(number, KEY)).collect();
                        let answer = post(HEAVY, address, "/batch?ack=durable", &body.join(&b'\n'));
                        let (status, text) = answer.expect("the server answers");
                        assert_eq!(status, 200);
                        let text = String::from_utf8(text).expect("an answer is text");
                        assert!(!text.contains("error"), "{text}");
                    }
                })
            })
            .collect();
        let honest = scope.spawn(move || {
            let mut latencies = Vec::new();
            while !over.load(Ordering::Relaxed) {
                let number = OTHERS + latencies.len() as u32;
                let began = Instant::now();
                let (status, _) =
                    post(HONEST, address, "/add", &event(number, KEY)).expect("an answer");
                assert_eq!(status, 200, "no other client is turned away");
                latencies.push(began.elapsed());
                thread::sleep(Duration::from_millis(20));
            }
            latencies
        });
        let reader = scope.spawn(move || {
            let (mut histories, mut most) = (0_u32, 0);
            let policy = target.log().join("trust.policy");
            while !over.load(Ordering::Relaxed) {
                let model = "model0@1";
                glasslog(words![
                    "history",
                    model,
                    "--log",
                    &target.server.url,
                    "--policy",
                    policy,
                    "--accept-index"
                ])
                .expect(0);
                histories += 1;
                let metrics = target.metrics();
                let lag = metrics
                    .lines()
                    .find_map(|line| line.strip_prefix("glasslog_index_lag_entries "));
                most = most.max(
                    lag.expect("it is measured")
                        .parse::<u64>()
                        .expect("a number"),
                );
            }
            (histories, most)
        });
        for sender in senders {
            sender.join().expect("every event was taken");
        }
        over.store(true, Ordering::Relaxed);
        let latencies = honest.join().expect("every honest event was taken");
        let (histories, most) = reader.join().expect("every history was verified");
        (latencies, histories, most)
    });
    println!(
        "{events} events of one actor in {:.1} s; index at most {most} entries behind; {histories} histories, all verified; \
         beside them {} honest events, p99 {:?}",
        began.elapsed().as_secs_f64(),
        latencies.len(),
        percentile(&mut latencies, 99),
    );
    assert!(histories > 0);
    assert!(most <= MAX_READING / 2 + u64::from(LINES), "{most} entries");
    target.server.terminate();
}
