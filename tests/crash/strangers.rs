//! Strangers at many addresses who hold thousands of idle connections and send batches of forged entries: no honest entry
//! is turned away, and its answer comes about as soon as without them.
//!
//! Loopback only, and a few seconds; forty with `GLASSLOG_LONG_TESTS=1`. The two latencies are printed: their ratio on a
//! machine with other work is no measure of the server, and so no bound of this test.
use crate::alone;
use crate::hostile::{KEY, STRANGER, Target, connect, event, percentile, post};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use glasslog_tests::fixture::forge;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

const HONEST: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
const WRITERS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(40);
/// Idle connections: all that 47 addresses may have.
const IDLE_ADDRESSES: u8 = 47;
const IDLE_EACH: usize = 64;
/// Batches of forged entries, and the addresses that they come from.
const BATCHES: u8 = 64;
const BATCH_ADDRESSES: u8 = 16;
const LINES: u32 = 100;
/// A bound with room for a slow machine that has other work, on a build that is not optimised.
const SLOWEST: Duration = Duration::from_secs(5);
/// Far above what it takes: what hangs must fail its test.
const PATIENCE: Duration = Duration::from_secs(120);

/// Submits entries one after another until `over`; returns the latency of each. Every one of them must be taken.
fn honest(
    address: SocketAddr,
    numbers: impl Iterator<Item = u32>,
    over: &AtomicBool,
) -> Vec<Duration> {
    let mut latencies = Vec::new();
    for number in numbers {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let began = Instant::now();
        let (status, answer) = post(HONEST, address, "/add", &event(number, KEY))
            .expect("an honest entry has an answer");
        let answer = String::from_utf8_lossy(&answer);
        assert_eq!(status, 200, "entry {number}: {answer}");
        latencies.push(began.elapsed());
        thread::sleep(PAUSE);
    }
    latencies
}

/// Lets honest writers work for a time; returns their latencies.
fn measure(address: SocketAddr, first: u32, time: Duration) -> Vec<Duration> {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let over = &over;
        let begin = |writer| (first + writer..).step_by(WRITERS as usize);
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| scope.spawn(move || honest(address, begin(writer), over)))
            .collect();
        thread::sleep(time);
        over.store(true, Ordering::Relaxed);
        let joined = writers.into_iter().map(|writer| writer.join());
        joined
            .flat_map(|latencies| latencies.expect("every honest entry was taken"))
            .collect()
    })
}

/// Opens a connection that asks for little and sends less.
fn open_idle(from: Ipv4Addr, to: SocketAddr, number: usize) -> std::io::Result<TcpStream> {
    let mut stream = connect(from, to)?;
    let begun: &[u8] = match number % 3 {
        0 => b"",
        1 => b"POST /add HT",
        _ => b"POST /add HTTP/1.1\r\nhost: x\r\ncontent-length: 65535\r\n\r\n",
    };
    stream.write_all(begun)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

/// Returns true if the other end has neither closed a connection nor answered.
fn is_held(mut stream: &TcpStream) -> bool {
    matches!(stream.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
}

/// Holds the connections of one address, and opens those again that the server closes, until `over`.
fn hold_idle(from: Ipv4Addr, to: SocketAddr, held: &AtomicUsize, over: &AtomicBool) {
    let mut streams: Vec<TcpStream> = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let before = streams.len();
        streams.retain(is_held);
        held.fetch_sub(before - streams.len(), Ordering::Relaxed);
        while streams.len() < IDLE_EACH {
            // To be turned away is what it asks for.
            let Ok(stream) = open_idle(from, to, streams.len()) else {
                break;
            };
            streams.push(stream);
            held.fetch_add(1, Ordering::Relaxed);
        }
        thread::sleep(Duration::from_millis(200));
    }
}

/// Sends batches of entries with false signatures and with an unknown key, until `over`.
fn send_junk(from: Ipv4Addr, to: SocketAddr, first: u32, sent: &AtomicUsize, over: &AtomicBool) {
    let lines: Vec<Vec<u8>> = (first..first + LINES)
        .map(|number| match number % 2 {
            0 => forge(&event(number, KEY)),
            _ => event(number, STRANGER),
        })
        .collect();
    let body = lines.join(&b'\n');
    while !over.load(Ordering::Relaxed) {
        match post(from, to, "/batch", &body) {
            Ok((200, _)) => {
                sent.fetch_add(1, Ordering::Relaxed);
            }
            _ => thread::sleep(Duration::from_millis(50)),
        }
    }
}

#[test]
fn strangers_do_not_shut_out_honest_writers() {
    let _alone = alone();
    let time = match std::env::var_os("GLASSLOG_LONG_TESTS") {
        Some(_) => Duration::from_secs(20),
        None => Duration::from_secs(4),
    };
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, raised).expect("the limit may be raised up to the highest");
    let mut target = Target::start(&[]);
    let address = target.server.address;
    let mut calm = measure(address, 0, time);
    let (over, held, sent) = (
        AtomicBool::new(false),
        AtomicUsize::new(0),
        AtomicUsize::new(0),
    );
    let mut beside = thread::scope(|scope| {
        let (over, held, sent) = (&over, &held, &sent);
        for last in 1..=IDLE_ADDRESSES {
            let from = Ipv4Addr::new(127, 1, 0, last);
            scope.spawn(move || hold_idle(from, address, held, over));
        }
        for batch in 0..BATCHES {
            let from = Ipv4Addr::new(127, 2, 0, 1 + batch % BATCH_ADDRESSES);
            let first = 1_000_000 + u32::from(batch) * LINES;
            scope.spawn(move || send_junk(from, address, first, sent, over));
        }
        let began = Instant::now();
        let all = usize::from(IDLE_ADDRESSES) * IDLE_EACH;
        while held.load(Ordering::Relaxed) < all * 9 / 10 || sent.load(Ordering::Relaxed) == 0 {
            assert!(began.elapsed() < PATIENCE, "the strangers are there");
            thread::sleep(Duration::from_millis(20));
        }
        let beside = measure(address, 500_000, time);
        over.store(true, Ordering::Relaxed);
        beside
    });
    let (before, during) = (percentile(&mut calm, 99), percentile(&mut beside, 99));
    println!(
        "honest p99 {before:?} of {}, beside strangers {during:?} of {}, {:.1} times; {} junk batches, {:?} KiB at most",
        calm.len(),
        beside.len(),
        during.as_secs_f64() / before.as_secs_f64(),
        sent.load(Ordering::Relaxed),
        target.memory(),
    );
    assert!(!calm.is_empty() && !beside.is_empty());
    assert!(during < SLOWEST, "p99 is {during:?}");
    let metrics = target.metrics();
    let refused = |status: u16| {
        let name = format!("glasslog_refused_total{{status=\"{status}\"}} ");
        let value = metrics.lines().find_map(|line| line.strip_prefix(&name));
        value
            .expect("it is counted")
            .parse::<u64>()
            .expect("a number")
    };
    assert!(refused(403) > 0 && refused(422) > 0, "{metrics}");
    target.server.terminate();
}
