//! A server that answers as the test says, and a source that reads from it.
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use super::*;
use crate::http_client::MAX_REDIRECTS;

/// Answers each request with the next of `answers`, one connection each; remembers the paths asked for.
fn serve(answers: Vec<Vec<u8>>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/log/", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let paths = Arc::clone(&asked);
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let first = lines.next().unwrap().unwrap();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            paths
                .lock()
                .unwrap()
                .push(first.split(' ').nth(1).unwrap().to_owned());
            // The reader may hang up early.
            let _ = stream.write_all(&answer);
        }
    });
    (address, asked)
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

fn fetch(address: &str, path: &str) -> Answer {
    let log = Http::new(parse_address(address).unwrap(), None).unwrap();
    log.read(path)
}

#[test]
fn a_missing_file_is_asked_for_once() {
    let (address, asked) = serve(vec![answer("404 Not Found", "", b"<html>")]);
    assert_eq!(fetch(&address, "tile/0/000"), Ok(None));
    assert_eq!(*asked.lock().unwrap(), ["/log/tile/0/000"]);
}

#[test]
fn a_busy_server_is_asked_again() {
    let (address, asked) = serve(vec![
        answer("429 Too Many Requests", "retry-after: 0\r\n", b""),
        answer("503 Service Unavailable", "retry-after: 0\r\n", b""),
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\ncut".to_vec(),
        answer("200 OK", "", b"head"),
    ]);
    assert_eq!(fetch(&address, "checkpoint"), Ok(Some(b"head".to_vec())));
    assert_eq!(asked.lock().unwrap().len(), 4);
}

#[test]
fn tries_end() {
    let busy = || answer("500 Internal Server Error", "retry-after: 0\r\n", b"");
    let (address, _) = serve(vec![busy(), busy(), busy(), busy()]);
    let error = fetch(&address, "checkpoint").unwrap_err();
    assert_eq!(error.code(), "http-status");
    assert_eq!(
        error.to_string(),
        format!("`{address}checkpoint`: the server answered 500 Internal Server Error")
    );
}

#[test]
fn other_answers_are_failures_at_once() {
    for status in [
        "204 No Content",
        "206 Partial Content",
        "403 Forbidden",
        "401 Unauthorized",
    ] {
        let (address, _) = serve(vec![answer(status, "", b"")]);
        assert_eq!(
            fetch(&address, "checkpoint").unwrap_err().code(),
            "http-status",
            "{status}"
        );
    }
}

#[test]
fn redirects_stay_on_the_host() {
    let (address, asked) = serve(vec![
        answer("302 Found", "location: /other/checkpoint\r\n", b""),
        answer("200 OK", "", b"head"),
    ]);
    assert_eq!(fetch(&address, "checkpoint"), Ok(Some(b"head".to_vec())));
    assert_eq!(
        *asked.lock().unwrap(),
        ["/log/checkpoint", "/other/checkpoint"]
    );

    let (elsewhere, untouched) = serve(vec![answer("200 OK", "", b"stolen")]);
    let secure = address.replace("http://", "https://");
    for (target, why) in [
        (elsewhere.as_str(), "redirect to another host refused"),
        (secure.as_str(), "redirect to another scheme refused"),
    ] {
        let (address, _) = serve(vec![answer(
            "301 Moved Permanently",
            &format!("location: {target}\r\n"),
            b"",
        )]);
        let error = fetch(&address, "checkpoint").unwrap_err();
        let words = format!("`{address}checkpoint`: {why}: `{target}`");
        assert_eq!(
            (error.code(), error.to_string()),
            ("redirect", words),
            "{target}"
        );
        assert_eq!(error.hint(), None, "{target} is not the same file");
    }
    let (address, _) = serve(vec![answer(
        "301 Moved Permanently",
        "location: file:///etc/hostname\r\n",
        b"",
    )]);
    let error = fetch(&address, "checkpoint").unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("refused: `file:///etc/hostname`")
    );
    assert!(untouched.lock().unwrap().is_empty());
}

/// A redirect of the same file names the address to use.
#[test]
fn a_refused_redirect_says_where_to() {
    let (address, _) = serve(vec![answer(
        "301 Moved Permanently",
        "location: https://log.example/access/checkpoint\r\n",
        b"",
    )]);
    let error = fetch(&address, "checkpoint").unwrap_err();
    let hint = error.hint().unwrap();
    assert_eq!(
        hint,
        "use `https://log.example/access/`, if that is the log's address"
    );
}

/// A bucket that readers may not list answers 403 for each missing file; of files that a log need not have, that is the
/// answer that they are missing.
#[test]
fn a_forbidden_file_that_a_log_need_not_have_is_missing() {
    for path in [
        "tile/0/001.p/3",
        "tile/entries/001.p/3",
        "index/audited.tlog-proof",
        "log-key/05bba325",
    ] {
        let (address, _) = serve(vec![answer("403 Forbidden", "", b"AccessDenied")]);
        let log = Http::new(parse_address(&address).unwrap(), None).unwrap();
        assert_eq!(log.read(path), Ok(None), "{path}");
        let told: Vec<String> = log.take_absences().iter().map(Error::to_string).collect();
        let words = format!("`{address}{path}`: the server answered 403 Forbidden");
        assert_eq!(told, [words]);
    }
    for path in ["checkpoint", "tile/0/001", "tile/entries/001"] {
        let (address, _) = serve(vec![answer("403 Forbidden", "", b"AccessDenied")]);
        let error = fetch(&address, path).unwrap_err();
        let hint = error.hint().unwrap();
        assert!(
            hint.contains("answers so for a missing file"),
            "{path}: {hint}"
        );
    }
}

#[test]
fn redirects_end() {
    let around = || answer("302 Found", "location: /log/checkpoint\r\n", b"");
    let (address, asked) = serve((0..9).map(|_| around()).collect());
    assert_eq!(
        fetch(&address, "checkpoint").unwrap_err().to_string(),
        format!("`{address}checkpoint`: too many redirects: `{address}checkpoint`")
    );
    assert_eq!(asked.lock().unwrap().len(), MAX_REDIRECTS + 1);
}

#[test]
fn nothing_is_read_past_the_limit() {
    let endless = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n"
        .iter()
        .copied()
        .chain([0; 100_000])
        .collect();
    let (address, _) = serve(vec![endless]);
    assert_eq!(fetch(&address, "tile/0/000").unwrap().unwrap().len(), 8193);
}

#[test]
fn compressed_answers_are_limited_after_decompression() {
    // 100,000 zero bytes in 132.
    let (address, _) = serve(vec![answer(
        "200 OK",
        "content-encoding: gzip\r\n",
        include_bytes!("zeros.gz"),
    )]);
    assert_eq!(
        fetch(&address, "tile/0/000").unwrap().unwrap(),
        vec![0; 8193]
    );
}

#[test]
fn nobody_listens() {
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    let error = fetch(&address, "checkpoint").unwrap_err();
    assert_eq!(error.code(), "unreachable");
    let words = format!("`{address}checkpoint`: cannot connect: ");
    assert!(error.to_string().starts_with(&words), "{error}");
}

#[test]
fn remembered_files_are_not_fetched() {
    let dir = tempfile::tempdir().unwrap();
    let (address, asked) = serve(vec![
        answer("200 OK", "", b"tile"),
        answer("200 OK", "", b"new"),
    ]);
    let base = parse_address(&address).unwrap();
    let open = || {
        Http::new(
            base.clone(),
            Some(Cache::at(dir.path().to_owned(), base.as_str())),
        )
        .unwrap()
    };
    let first = open();
    assert_eq!(first.read("tile/0/000"), Ok(Some(b"tile".to_vec())));
    let second = open();
    assert_eq!(second.read("tile/0/000"), Ok(Some(b"tile".to_vec())));
    assert!(second.forget_remembered());
    assert_eq!(second.read("tile/0/000"), Ok(Some(b"new".to_vec())));
    assert_eq!(asked.lock().unwrap().len(), 2);
}
