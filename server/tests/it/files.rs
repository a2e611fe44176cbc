//! The public tree: types of files, caching, and names that are not served.

use crate::support::*;
use glasslog_core::merkle::leaf_hash;
use glasslog_server::Options;
use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn files_say_what_they_are_and_how_long_they_last() {
    let server = Running::start();
    let batch: Vec<u8> = (0..300)
        .flat_map(|index| format!("entry {index}\n").into_bytes())
        .collect();
    server.post("/batch", &batch);
    let portal = server.directory.path().join("public/portal");
    fs::create_dir(&portal).unwrap();
    for name in ["index.html", "verify.wasm", "portal.js"] {
        fs::write(portal.join(name), name).unwrap();
    }
    let (text, bytes) = ("text/plain; charset=utf-8", "application/octet-stream");
    let (forever, ask) = ("public, max-age=31536000, immutable", "no-cache");
    for (path, kind, caching) in [
        ("checkpoint", text, ask),
        ("checkpoints/0", text, forever),
        ("tile/0/000", bytes, forever),
        ("tile/0/001.p/44", bytes, forever),
        ("tile/1/000.p/1", bytes, forever),
        ("tile/entries/000", bytes, forever),
        ("tile/entries/001.p/44", bytes, forever),
        ("portal/index.html", "text/html", ask),
        ("portal/verify.wasm", "application/wasm", ask),
        ("portal/portal.js", "text/javascript", ask),
    ] {
        let answer = server.send(
            "GET",
            &format!("/{path}"),
            "origin: https://elsewhere.example\r\n",
            b"",
        );
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), Some(kind), "{path}");
        assert_eq!(answer.header("cache-control"), Some(caching), "{path}");
        assert_eq!(
            answer.header("access-control-allow-origin"),
            Some("*"),
            "{path}"
        );
        assert_eq!(
            answer.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        assert!(answer.body == server.public(path), "{path}");
        let tag = answer.header("etag").unwrap().to_owned();
        let again = server.send(
            "GET",
            &format!("/{path}"),
            &format!("if-none-match: {tag}\r\n"),
            b"",
        );
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        let head = server.send("HEAD", &format!("/{path}"), "", b"");
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
    }
    let part = server.send("GET", "/tile/0/000", "range: bytes=32-63\r\n", b"");
    assert_eq!(
        (part.status, &part.body[..]),
        (206, &leaf_hash(b"entry 1").as_bytes()[..])
    );
}

#[test]
fn a_validator_follows_the_content() {
    let server = Running::start();
    let mut tags = Vec::new();
    for entry in ["a", "b", "c", "d"] {
        server.post("/add", entry.as_bytes());
        let tag = server.get("/checkpoint").header("etag").unwrap().to_owned();
        assert!(!tags.contains(&tag));
        tags.push(tag);
    }
}

#[test]
fn what_is_missing_is_asked_for_again() {
    let server = Running::start();
    for path in [
        "/tile/0/000",
        "/checkpoints/7",
        "/index/run/00/000",
        "/portal/",
        "/",
    ] {
        let answer = server.get(path);
        assert_eq!(
            (answer.status, answer.header("cache-control")),
            (404, Some("no-store")),
            "{path}"
        );
    }
}

#[test]
fn the_front_door_leads_to_the_portal() {
    let server = Running::start();
    let portal = server.directory.path().join("public/portal");
    fs::create_dir(&portal).unwrap();
    fs::write(portal.join("index.html"), "<!doctype html>").unwrap();
    let answer = server.get("/");
    assert_eq!(
        (answer.status, answer.header("location")),
        (302, Some("portal/"))
    );
    assert_eq!(server.get("/portal/").text(), "<!doctype html>");
}

/// Operators put the public files where a web server serves them, on the same file system.
#[test]
fn a_public_folder_may_be_a_link() {
    let directory = raw_log();
    let elsewhere = tempfile::tempdir_in(directory.path().parent().unwrap()).unwrap();
    let public = directory.path().join("public");
    let moved = elsewhere.path().join("www");
    fs::rename(&public, &moved).unwrap();
    symlink(&moved, &public).unwrap();
    let server = Running::start_in(directory, Options::default());
    assert_eq!(server.post("/add", b"an entry").status, 200);
    assert_eq!(server.get("/tile/entries/000.p/1").status, 200);
    let begun = Instant::now();
    while server.get("/index/latest.tlog-proof").status != 200 {
        assert!(begun.elapsed() < Duration::from_secs(30), "it has no index");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn only_named_pages_show_the_portal_in_a_frame() {
    let named = ["https://intranet.example.com", "http://*.example.org:8080"];
    for (embedders, expected) in [
        (&named[..0], "frame-ancestors 'none'".to_owned()),
        (&named[..], format!("frame-ancestors {}", named.join(" "))),
    ] {
        let mut options = Options::default();
        let parsed = embedders.iter().map(|origin| origin.parse().unwrap());
        options.embedders.extend(parsed);
        let server = Running::start_with(options);
        let portal = server.directory.path().join("public/portal");
        fs::create_dir(&portal).unwrap();
        fs::write(portal.join("index.html"), "<!doctype html>").unwrap();
        for path in ["/portal/", "/portal/index.html"] {
            let answer = server.get(path);
            assert_eq!(answer.status, 200, "{path}");
            let policy = answer.header("content-security-policy");
            assert_eq!(policy, Some(expected.as_str()), "{path}");
        }
    }
}

#[test]
fn nothing_private_can_be_reached() {
    let server = Running::start();
    for path in [
        "/../glasslog.toml",
        "/tile/../../keys/log",
        "/%2e%2e/keys/log",
        "/..%2fkeys%2flog",
        "/portal/%2e%2e/%2e%2e/state/head",
        "//keys/log",
        "//portal",
        "//tile",
        "/tile",
        "/tile/",
        "/index",
        "/%2e",
        &format!("/{}", "n".repeat(300)),
        &format!("/tile/{}/000", "9".repeat(300)),
        "/checkpoint/none",
        "/keys/log",
        "/state/head",
    ] {
        let answer = server.get(path);
        assert!(
            [400, 404].contains(&answer.status),
            "{path}: {}",
            answer.status
        );
        assert!(
            !answer.text().contains("PRIVATE") && !answer.text().contains("example.com"),
            "{path}"
        );
    }
}

#[test]
fn ranges_of_what_does_not_change() {
    let server = Running::start();
    server.post("/batch", &b"entry\n".repeat(2));
    let whole = server.public("tile/entries/000.p/1");
    let range = |range: &str| {
        server.send(
            "GET",
            "/tile/entries/000.p/1",
            &format!("range: bytes={range}\r\n"),
            b"",
        )
    };
    let part = range("2-4");
    assert_eq!((part.status, &part.body[..]), (206, &whole[2..5]));
    assert_eq!(part.header("content-range"), Some("bytes 2-4/7"));
    assert_eq!(
        (range("-2").status, &range("-2").body[..]),
        (206, &whole[5..])
    );
    let beyond = range("7-9");
    assert_eq!(beyond.status, 416);
    assert_eq!(beyond.header("content-range"), Some("bytes */7"));
    assert_eq!(beyond.header("cache-control"), Some("no-store"));
}

#[test]
fn entries_are_compressed_and_hashes_are_not() {
    let server = Running::start();
    let batch: String = (0..256).map(|n| format!("{n:0>100}\n")).collect();
    server.post("/batch", batch.as_bytes());
    let get = |path: &str| server.send("GET", path, "accept-encoding: br, gzip\r\n", b"");
    let answer = get("/tile/entries/000");
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert_eq!(answer.header("vary"), Some("accept-encoding"));
    let tag = answer.header("etag").unwrap().to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(&answer.body[..])
        .read_to_end(&mut bytes)
        .unwrap();
    assert!(bytes == server.public("tile/entries/000"));
    assert!(answer.body.len() < bytes.len() / 4);
    let headers = format!("accept-encoding: gzip\r\nif-none-match: {tag}\r\n");
    assert_eq!(
        server
            .send("GET", "/tile/entries/000", &headers, b"")
            .status,
        304
    );
    let part = "accept-encoding: gzip\r\nrange: bytes=0-1\r\n";
    let part = server.send("GET", "/tile/entries/000", part, b"");
    assert_eq!((part.status, part.header("content-encoding")), (206, None));
    for path in ["/tile/0/000", "/checkpoint", "/checkpoints/0"] {
        let answer = get(path);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-encoding"), None, "{path}");
        assert!(answer.header("etag").unwrap().starts_with('"'), "{path}");
    }
}

#[test]
fn pages_of_any_origin_may_read_and_none_may_write() {
    let server = Running::start();
    let ask = |path: &str, method: &str| {
        let headers = format!(
            "origin: https://elsewhere.example\r\naccess-control-request-method: {method}\r\n\
             access-control-request-headers: if-none-match\r\n"
        );
        server.send("OPTIONS", path, &headers, b"")
    };
    let answer = ask("/checkpoint", "GET");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    assert_eq!(
        answer.header("access-control-allow-methods"),
        Some("GET,HEAD")
    );
    assert_eq!(
        ask("/add", "POST").header("access-control-allow-origin"),
        None
    );
    let post = server.send(
        "POST",
        "/add",
        "origin: https://elsewhere.example\r\n",
        b"x",
    );
    assert_eq!(post.header("access-control-allow-origin"), None);
}

#[test]
fn nothing_but_plain_files_of_the_tree_is_served() {
    let server = Running::start();
    let public = server.directory.path().join("public");
    fs::create_dir_all(public.join("portal/assets")).unwrap();
    fs::write(public.join("portal/page.html"), "a page").unwrap();
    fs::write(public.join(".hidden"), "secret").unwrap();
    fs::create_dir(public.join(".git")).unwrap();
    fs::write(public.join(".git/config"), "secret").unwrap();
    symlink("../glasslog.toml", public.join("out")).unwrap();
    symlink("../keys", public.join("keys")).unwrap();
    symlink("/etc", public.join("portal/etc")).unwrap();
    symlink("page.html", public.join("portal/again.html")).unwrap();
    let pipe = std::process::Command::new("mkfifo")
        .arg(public.join("pipe"))
        .status();
    assert!(pipe.unwrap().success());
    for path in [
        "/.hidden",
        "/%2ehidden",
        "/.git/config",
        "/out",
        "/keys/log",
        "/portal/etc/hostname",
        "/pipe",
        "/portal/",
        "/portal/assets/",
        "/tile/",
        "/checkpoints/",
    ] {
        for method in ["GET", "HEAD"] {
            let answer = server.send(method, path, "", b"");
            assert_eq!(
                (answer.status, answer.header("cache-control")),
                (404, Some("no-store")),
                "{method} {path}"
            );
            assert_eq!(answer.body.len(), 0, "{path}");
        }
    }
    assert_eq!(server.get("/portal/again.html").text(), "a page");
    for method in ["POST", "PUT", "DELETE"] {
        assert_eq!(
            server.send(method, "/portal/page.html", "", b"").status,
            405
        );
    }
}
