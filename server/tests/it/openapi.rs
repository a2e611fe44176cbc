//! The OpenAPI document matches the server: each answer of the server is looked up in it.

use crate::support::*;
use glasslog_core::crypto::SecretKey;
use glasslog_core::note::{KeyName, SignatureType, SignerKey};
use glasslog_server::{Options, Rate};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::num::NonZeroU32;
use std::time::Duration;
use tempfile::TempDir;

/// Answers that need a signed log, or a log that has stopped; the tests of the flood and of the command line cover them.
const ELSEWHERE: [(&str, &str, &str); 5] = [
    ("/add", "post", "403"),
    ("/add", "post", "409"),
    ("/add", "post", "422"),
    ("/add", "post", "503"),
    ("/readyz", "get", "503"),
];

/// The document, and the answers of it that were seen.
struct Document {
    value: Value,
    seen: BTreeSet<(String, String, String)>,
}

impl Document {
    fn of(server: &Running) -> Self {
        Self {
            value: server.get("/openapi.json").json(),
            seen: BTreeSet::new(),
        }
    }

    /// Follows a reference within the document.
    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value.get("$ref").and_then(Value::as_str) {
            Some(path) => self.value.pointer(path.trim_start_matches('#')).unwrap(),
            None => value,
        }
    }

    fn validator(&self, schema: &Value) -> Validator {
        // References in a schema lead to the document's components.
        let schema = json!({ "allOf": [schema], "components": self.value["components"] });
        jsonschema::draft202012::new(&schema).unwrap()
    }

    #[track_caller]
    fn check_value(&self, schema: &Value, value: &Value) {
        let validator = self.validator(schema);
        let error = validator.iter_errors(value).next();
        assert!(error.is_none(), "{value}: {}", error.unwrap());
    }

    /// Looks up an answer: its status, its headers, its type and its body.
    #[track_caller]
    fn check(&mut self, method: &str, path: &str, answer: &Answer) {
        let status = answer.status.to_string();
        let response = &self.value["paths"][path][method]["responses"][&status];
        assert!(
            response.is_object(),
            "{method} {path}: {status} is not declared"
        );
        let response = self.resolve(response);
        for (name, header) in response["headers"].as_object().into_iter().flatten() {
            let value = answer.header(name);
            let value = value.unwrap_or_else(|| panic!("{method} {path}: no {name}"));
            self.check_value(&self.resolve(header)["schema"], &json!(value));
        }
        if let Some(content) = response.get("content") {
            let kind = answer.header("content-type").unwrap();
            let media = &content[kind];
            assert!(
                media.is_object(),
                "{method} {path}: {status} as {kind} is not declared"
            );
            let body = match kind {
                "application/json" => answer.json(),
                // Binary content has the schema of any string.
                _ => json!(String::from_utf8_lossy(&answer.body)),
            };
            self.check_value(&media["schema"], &body);
            if let Some(item) = media.get("itemSchema") {
                answer
                    .lines()
                    .iter()
                    .for_each(|line| self.check_value(item, line));
            }
        } else {
            assert_eq!(answer.body.len(), 0, "{method} {path}: {status} has a body");
        }
        self.seen.insert((path.into(), method.into(), status));
    }

    /// Returns every answer that the document declares.
    fn declared(&self) -> BTreeSet<(String, String, String)> {
        let mut declared = BTreeSet::new();
        for (path, methods) in self.value["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                for status in operation["responses"].as_object().unwrap().keys() {
                    declared.insert((path.clone(), method.clone(), status.clone()));
                }
            }
        }
        declared
    }
}

/// A log whose only witness is never there: its entries are durable, and not published.
fn log_with_a_dead_witness() -> TempDir {
    let directory = raw_log();
    let name = KeyName::parse("w.example").unwrap();
    let secret = SecretKey::from_seed(&[7; 32]);
    let key = SignerKey::new(name, SignatureType::CosignatureV1, secret);
    // No program listens at the first port.
    let witness = format!(
        "witness w {} http://127.0.0.1:1/\nquorum w\n",
        key.verifier()
    );
    fs::write(directory.path().join("w.policy"), witness).unwrap();
    let config = directory.path().join("glasslog.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text + "\n[witnesses]\npolicy = \"w.policy\"\n").unwrap();
    directory
}

#[test]
fn the_document_says_what_the_server_does() {
    let mut options = Options::default();
    options.limits.body_timeout = Duration::from_millis(300);
    options.limits.batches_part = 64;
    let server = Running::start_with(options);
    let mut document = Document::of(&server);
    let file = include_str!("../../../docs/formats/openapi.json");
    assert_eq!(server.get("/openapi.json").text(), file);

    let post = |path: &str, body: &[u8]| server.post(path, body);
    document.check("post", "/add", &post("/add", b"one"));
    document.check(
        "post",
        "/add",
        &post("/add?answer=proof&ack=published", b"one"),
    );
    document.check("post", "/add", &post("/add?ack=durable", b"two"));
    document.check("post", "/add", &post("/add", b""));
    document.check("post", "/add", &post("/add?ack=soon", b"x"));
    document.check("post", "/add", &post("/add", &[b'x'; 65_536]));
    document.check("post", "/batch", &post("/batch", b"one\n\nthree\n"));
    document.check(
        "post",
        "/batch",
        &post("/batch?answer=proof", b"one\n\nfour\n"),
    );
    document.check("post", "/batch", &post("/batch?answer=all", b"x"));
    let mut slow = server.begin("POST", "/add", "content-length: 9\r\n");
    slow.write_all(b"half").unwrap();
    document.check("post", "/add", &read(slow));
    // The only place for a batch belongs to the first request, which may be either of the two.
    let (held, busy) = (0..20)
        .find_map(|_| {
            let mut held = server.begin("POST", "/batch", "content-length: 9\r\n");
            held.write_all(b"half").unwrap();
            // On a busy machine the server sees it a moment later.
            std::thread::sleep(Duration::from_millis(50));
            let mut answers = (0..10).map(|_| post("/batch", b"x"));
            let busy = answers.find(|answer| answer.status == 503)?;
            Some((held, busy))
        })
        .unwrap();
    document.check("post", "/batch", &busy);
    document.check("post", "/batch", &read(held));

    document.check("get", "/checkpoint", &server.get("/checkpoint"));
    let tag = server.get("/checkpoint").header("etag").unwrap().to_owned();
    let known = format!("if-none-match: {tag}\r\n");
    document.check(
        "get",
        "/checkpoint",
        &server.send("GET", "/checkpoint", &known, b""),
    );
    let size = server.size();
    let tile = format!("/tile/0/000.p/{size}");
    document.check("get", "/{path}", &server.get(&tile));
    document.check("get", "/{path}", &server.get("/tile/7/000"));
    let tag = server.get(&tile).header("etag").unwrap().to_owned();
    for header in [
        format!("if-none-match: {tag}\r\n"),
        "range: bytes=0-31\r\n".into(),
        "range: bytes=9999-\r\n".into(),
    ] {
        let answer = server.send("GET", &tile, &header, b"");
        match answer.status {
            // Its body is text for people, without a schema.
            416 => drop(
                document
                    .seen
                    .insert(("/{path}".into(), "get".into(), "416".into())),
            ),
            _ => document.check("get", "/{path}", &answer),
        }
    }
    for path in ["/healthz", "/readyz", "/metrics", "/openapi.json"] {
        document.check("get", path, &server.get(path));
    }

    let mut options = Options::default();
    options.limits.rate = Some(Rate {
        each_second: NonZeroU32::MIN,
        burst: NonZeroU32::MIN,
    });
    let strict = Running::start_with(options);
    strict.post("/add", b"one");
    document.check("post", "/add", &strict.post("/add", b"two"));

    let waiting = Running::start_in(log_with_a_dead_witness(), Options::default());
    let answer = waiting.post("/add", b"one");
    assert_eq!(answer.json()["waitingFor"][0]["name"], "w");
    document.check("post", "/add", &answer);
    document.check("post", "/batch", &waiting.post("/batch", b"two\nthree\n"));

    let elsewhere =
        ELSEWHERE.map(|(path, method, status)| (path.into(), method.into(), status.into()));
    let unseen: Vec<_> = document
        .declared()
        .into_iter()
        .filter(|answer| !document.seen.contains(answer) && !elsewhere.contains(answer))
        .collect();
    assert!(unseen.is_empty(), "declared and never seen: {unseen:?}");
}
