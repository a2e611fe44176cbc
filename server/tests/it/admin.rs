//! Health, readiness and metrics.

use crate::support::*;
use glasslog_core::crypto::SecretKey;
use glasslog_core::note::cosignature::cosign;
use glasslog_core::note::{Checkpoint, KeyName, SignatureType, SignerKey};
use glasslog_server::Options;
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the value of a sample, by its name and labels.
fn sample(text: &str, name: &str) -> f64 {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} is not in\n{text}"))
        .parse()
        .unwrap()
}

#[test]
fn a_server_says_that_it_is_there() {
    let server = Running::start();
    for (path, body) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let answer = server.get(path);
        assert_eq!((answer.status, answer.text()), (200, body));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[test]
fn what_happens_is_counted() {
    let server = Running::start();
    let answer = server.get("/metrics");
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    for name in [
        "glasslog_checkpoint_size",
        "glasslog_last_publish_time_seconds",
        "glasslog_http_requests_total{route=\"add\",status=\"200\"}",
        "glasslog_refused_total{status=\"403\"}",
        "glasslog_refused_total{status=\"503\"}",
        "glasslog_connections_turned_away_total{reason=\"client\"}",
        "glasslog_entries_answered_total",
        "glasslog_index_failures_total",
        "glasslog_index_lag_seconds",
    ] {
        assert_eq!(sample(answer.text(), name), 0.0, "{name}");
    }
    server.post("/add", b"one");
    server.post("/add", b"one");
    server.post("/add", b"");
    server.post("/batch", b"two\n\nthree\n");
    server.get("/checkpoint");
    server.get("/nothing");
    // The memory of an entry is freed a moment after its answer.
    let answer = soon(|| {
        let answer = server.get("/metrics");
        (sample(answer.text(), "glasslog_queue_bytes") == 0.0).then_some(answer)
    });
    let text = answer.text();
    for (name, value) in [
        ("glasslog_checkpoint_size", 3.0),
        ("glasslog_entries_answered_total", 4.0),
        ("glasslog_entries_answered_bytes_total", 14.0),
        (
            "glasslog_refusals_total{code=\"entry-empty\",status=\"400\"}",
            2.0,
        ),
        (
            "glasslog_http_requests_total{route=\"add\",status=\"200\"}",
            2.0,
        ),
        (
            "glasslog_http_requests_total{route=\"add\",status=\"400\"}",
            1.0,
        ),
        (
            "glasslog_http_requests_total{route=\"batch\",status=\"200\"}",
            1.0,
        ),
        (
            "glasslog_http_requests_total{route=\"file\",status=\"404\"}",
            1.0,
        ),
        (
            "glasslog_http_request_duration_seconds_count{route=\"add\"}",
            3.0,
        ),
        ("glasslog_refused_total{status=\"400\"}", 2.0),
        ("glasslog_queue_bytes", 0.0),
        ("glasslog_queue_submissions", 0.0),
        ("glasslog_ready", 1.0),
        ("glasslog_entries", 3.0),
        ("glasslog_admitted_entries_total", 3.0),
        ("glasslog_duplicate_entries_total", 1.0),
        ("glasslog_publish_lag_seconds", 0.0),
    ] {
        assert_eq!(sample(text, name), value, "{name}");
    }
    assert!(sample(text, "glasslog_connections") >= 1.0);
    let version = format!(
        "glasslog_build_info{{version=\"{}\"}}",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(sample(text, &version), 1.0);
    assert!(sample(text, "glasslog_memory_bytes") > 1e6);
    let free = sample(text, "glasslog_disk_free_bytes");
    assert!(free > 0.0 && free <= sample(text, "glasslog_disk_size_bytes"));
    let (indexed, lag) = (
        sample(text, "glasslog_index_size"),
        sample(text, "glasslog_index_lag_entries"),
    );
    assert_eq!(indexed + lag, 3.0);
    assert!(sample(text, "glasslog_commits_total") >= 2.0);
    assert!(sample(text, "glasslog_last_publish_time_seconds") > 1.6e9);
}

/// One rule alarms of an old cosignature and of a missing one.
#[test]
fn cosignatures_have_an_age() {
    let server = Running::start();
    server.post("/add", b"one");
    let log = server.directory.path();
    let path = log.join("public/checkpoint");
    let checkpoint = Checkpoint::parse(&fs::read(&path).unwrap()).unwrap();
    let [near, far] = [1, 2].map(|seed| {
        let name = KeyName::parse("w.example.org").unwrap();
        let secret = SecretKey::from_seed(&[seed; 32]);
        SignerKey::new(name, SignatureType::CosignatureV1, secret)
    });
    let own = SignerKey::parse(fs::read_to_string(log.join("keys/log")).unwrap().trim()).unwrap();
    let policy = format!(
        "log {}\nwitness near {}\nwitness far {}\nquorum near\n",
        own.verifier(),
        near.verifier(),
        far.verifier()
    );
    fs::write(log.join("trust.policy"), policy).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let line = cosign(&checkpoint, &near, now.as_secs() - 500).unwrap();
    let cosigned = checkpoint.with_signature(line).unwrap();
    fs::write(&path, cosigned.encode()).unwrap();
    let answer = server.get("/metrics");
    let age = |name: &str| {
        let labels = format!("{{role=\"witness\",name=\"{name}\"}}");
        sample(
            answer.text(),
            &format!("glasslog_cosignature_age_seconds{labels}"),
        )
    };
    assert!((500.0..600.0).contains(&age("near")), "{}", age("near"));
    assert!(age("far") > 1.7e9);
}

#[test]
fn metrics_can_have_an_address_of_their_own() {
    let mut options = Options::default();
    options.admin = Some(([127, 0, 0, 1], 0).into());
    let mut server = Running::start_with(options);
    assert_eq!(server.get("/metrics").status, 404);
    assert_eq!(server.get("/healthz").status, 200);
    server.address = server.admin.unwrap();
    assert_eq!(server.get("/metrics").status, 200);
    assert_eq!(server.get("/healthz").status, 200);
    assert_eq!(server.get("/readyz").status, 200);
    assert_eq!(server.get("/checkpoint").status, 404);
    assert_eq!(server.post("/add", b"not here").status, 404);
}
