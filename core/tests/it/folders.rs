//! Folders: digests as `model_signing` computes them, and comparison with registrations.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::files::{ALICE_ID, BOB_ID, digest, say_with};
use crate::support::*;
use glasslog_core::event::{
    AccessEvent, Action, Envelope, FileList, FileListReference, FolderFile, Subject,
};
use glasslog_core::merkle::sha256;
use glasslog_core::report::{Class, FolderView, Report};
use glasslog_core::text::wire::base64_decode;
use glasslog_core::verify::HistoryQuery;
use serde_json::Value;

const BY_ALICE: (&str, u8) = (ALICE_ID, ALICE);
const BY_BOB: (&str, u8) = (BOB_ID, BOB);

fn file(path: &str, content: &str) -> FolderFile {
    FolderFile {
        path: path.into(),
        size: content.len() as u64,
        digest: sha256(content.as_bytes()),
    }
}

fn folder(files: &[(&str, &str)]) -> FileList {
    let files = files.iter().map(|(path, content)| file(path, content));
    FileList::new(files.collect()).unwrap()
}

#[test]
fn digests_are_those_of_model_signing() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../docs/formats/vectors/folders/model_signing.json");
    let vectors: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let vectors = vectors["folders"].as_array().unwrap();
    assert!(vectors.len() >= 6);
    for vector in vectors {
        let about = vector["about"].as_str().unwrap();
        let payload = vector["envelope"]["payload"].as_str().unwrap();
        let signed: Value = serde_json::from_slice(&base64_decode(payload).unwrap()).unwrap();
        let contents: BTreeMap<&str, &str> = vector["files"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(path, content)| (path.as_str(), content.as_str().unwrap()))
            .collect();
        let resources = signed["predicate"]["resources"].as_array().unwrap();
        let names: Vec<&str> = resources
            .iter()
            .map(|resource| resource["name"].as_str().unwrap())
            .collect();
        // The walk over a real folder decides which files count.
        let files = names.iter().rev().map(|name| {
            let content = contents[name];
            let linked = content.strip_prefix("-> ");
            let linked = linked.map(|to| contents[to.trim_start_matches("../")]);
            file(name, linked.unwrap_or(content))
        });
        let list = FileList::new(files.collect()).unwrap();
        let paths: Vec<&str> = list.files().iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, names, "{about}");
        for (file, resource) in list.files().iter().zip(resources) {
            assert_eq!(resource["digest"], file.digest.to_hex(), "{about}");
        }
        let subject = &signed["subject"][0]["digest"]["sha256"];
        assert_eq!(*subject, list.root().to_hex(), "{about}");
    }
}

#[test]
fn lists_are_those_of_the_vectors() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../docs/formats/vectors/folders/lists.json");
    let vectors: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    for case in vectors["cases"].as_array().unwrap() {
        let (about, text) = (&case["about"], case["text"].as_str().unwrap());
        match FileList::parse(text.as_bytes()) {
            Ok(list) => {
                assert_eq!(case["error"], Value::Null, "{about}");
                assert_eq!(list.encode(), text, "{about}");
                assert_eq!(case["root"], list.root().to_hex(), "{about}");
                assert_eq!(case["digest"], list.digest().to_hex(), "{about}");
            }
            Err(error) => assert_eq!(case["error"], error.code(), "{about}"),
        }
    }
}

const MODEL: &[(&str, &str)] = &[
    ("config.json", "{}"),
    ("model-1.bin", "first weights"),
    ("model-2.bin", "second weights, longer"),
    ("tokenizer/vocab.json", "[]"),
];

/// Registers a folder, with its files as `list` says.
fn register(
    log: &mut TestLog,
    name: &str,
    files: &FileList,
    list: impl FnOnce(&mut AccessEvent),
) -> u64 {
    let subject = [(name, files.root())];
    say_with(log, BY_ALICE, Action::Register, &subject, list)
}

fn all(files: &FileList) -> impl FnOnce(&mut AccessEvent) {
    |event| event.files = files.files().to_vec()
}

fn some(files: &FileList, count: usize) -> impl FnOnce(&mut AccessEvent) {
    move |event| {
        event.files = files.largest(count);
        event.file_list = Some(FileListReference {
            digest: files.digest(),
            files: files.files().len() as u64,
        });
    }
}

fn verify(
    log: &mut TestLog,
    files: &FileList,
    list: Option<&FileList>,
    version: Option<&str>,
) -> Report {
    log.publish(&[]);
    let query =
        HistoryQuery::of_folder(files.clone(), list.cloned(), version, &policy(), options());
    log.run(query.unwrap())
}

fn texts(paths: &[String]) -> Vec<&str> {
    paths.iter().map(String::as_str).collect()
}

/// Paths that changed, are missing and are extra.
fn differences(report: &Report) -> (Vec<&str>, Vec<&str>, Vec<&str>) {
    let FolderView {
        changed,
        missing,
        extra,
        ..
    } = report.members.folder.as_ref().unwrap();
    (texts(changed), texts(missing), texts(extra))
}

/// A change of the model, and the paths that it changes, removes and adds.
type Change = (
    &'static [(&'static str, &'static str)],
    [&'static [&'static str]; 3],
);

const CHANGES: &[Change] = &[
    // A byte flipped.
    (
        &[
            ("config.json", "{}"),
            ("model-1.bin", "First weights"),
            ("model-2.bin", "second weights, longer"),
            ("tokenizer/vocab.json", "[]"),
        ],
        [&["model-1.bin"], &[], &[]],
    ),
    // A file added.
    (
        &[
            ("config.json", "{}"),
            ("evil.py", "x"),
            ("model-1.bin", "first weights"),
            ("model-2.bin", "second weights, longer"),
            ("tokenizer/vocab.json", "[]"),
        ],
        [&[], &[], &["evil.py"]],
    ),
    // A file removed.
    (
        &[
            ("model-1.bin", "first weights"),
            ("model-2.bin", "second weights, longer"),
            ("tokenizer/vocab.json", "[]"),
        ],
        [&[], &["config.json"], &[]],
    ),
    // A file renamed, with the same digest of the folder.
    (
        &[
            ("config.jsonx", "{}"),
            ("model-1.bin", "first weights"),
            ("model-2.bin", "second weights, longer"),
            ("tokenizer/vocab.json", "[]"),
        ],
        [&[], &["config.json"], &["config.jsonx"]],
    ),
    // The names of two files swapped.
    (
        &[
            ("config.json", "{}"),
            ("model-1.bin", "second weights, longer"),
            ("model-2.bin", "first weights"),
            ("tokenizer/vocab.json", "[]"),
        ],
        [&["model-1.bin", "model-2.bin"], &[], &[]],
    ),
];

#[test]
fn every_change_of_a_registered_folder_is_named() {
    let model = folder(MODEL);
    let mut log = TestLog::new();
    let at = register(&mut log, "m@1", &model, all(&model));
    for version in [Some("m@1"), None] {
        let report = verify(&mut log, &model, None, version);
        assert_eq!(report.class(), Class::Verified, "{:?}", troubles(&report));
        let view = report.members.folder.as_ref().unwrap();
        assert_eq!((view.files, view.size, view.listed), (4, 39, Some("all")));
        let known_as = view.compared_with.as_ref().unwrap();
        assert_eq!((known_as.name.as_str(), known_as.index), ("m@1", at));
    }
    for (files, [changed, missing, extra]) in CHANGES {
        let report = verify(&mut log, &folder(files), None, Some("m@1"));
        assert_eq!(report.class(), Class::False);
        assert_eq!(report.cause.unwrap().as_str(), "contents");
        assert_eq!(
            differences(&report),
            (changed.to_vec(), missing.to_vec(), extra.to_vec())
        );
    }
}

#[test]
fn a_file_finds_its_model_and_a_changed_folder_the_most_similar_one() {
    let model = folder(MODEL);
    let mut log = TestLog::new();
    let other = folder(&[("model-1.bin", "first weights"), ("readme", "other")]);
    register(&mut log, "other@1", &other, all(&other));
    let at = register(&mut log, "m@1", &model, all(&model));
    log.publish(&[]);
    let digests = [digest("second weights, longer")];
    let query = HistoryQuery::of_files(&digests, None, &policy(), options());
    let report = log.run(query.unwrap());
    assert_eq!(report.class(), Class::Verified, "{:?}", troubles(&report));
    let known_as = &report.members.files.as_ref().unwrap()[0].registered_as[0];
    assert_eq!((known_as.name.as_str(), known_as.index), ("m@1", at));
    assert_eq!(known_as.path.as_deref(), Some("model-2.bin"));
    for (files, [changed, missing, extra]) in CHANGES {
        let report = verify(&mut log, &folder(files), None, None);
        // A folder with the digest of a registration, and other names, is not as it was registered.
        let has_digest = folder(files).root() == model.root();
        let class = match has_digest {
            true => Class::False,
            false => Class::Nothing,
        };
        assert_eq!(report.class(), class);
        assert_eq!(
            differences(&report),
            (changed.to_vec(), missing.to_vec(), extra.to_vec())
        );
        let known_as = report.members.folder.as_ref().unwrap();
        let known_as = known_as.compared_with.as_ref().unwrap();
        assert_eq!((known_as.name.as_str(), known_as.index), ("m@1", at));
        let similar = "; the most similar registration is that of `m@1` by `alice@example.com`";
        assert_eq!(report.headline.ends_with(similar), !has_digest);
    }
    let report = verify(&mut log, &folder(&[("unknown", "x")]), None, None);
    assert_eq!(report.class(), Class::Nothing);
    assert!(report.members.folder.unwrap().compared_with.is_none());
}

/// Folders that nobody registered: what strangers register is shown, and decides nothing.
#[test]
fn a_strangers_similar_folder_decides_nothing() {
    let mine = folder(&[("config.json", "{}"), ("model.bin", "weights")]);
    let theirs = folder(&[("config.json", "{}"), ("other.bin", "others")]);
    let mut log = TestLog::new();
    assert_eq!(verify(&mut log, &mine, None, None).class(), Class::Nothing);
    register(&mut log, "n@1", &theirs, all(&theirs));
    let report = verify(&mut log, &mine, None, None);
    assert_eq!(report.class(), Class::Nothing, "{:?}", troubles(&report));
    let view = report.members.folder.as_ref().unwrap();
    assert_eq!(view.compared_with.as_ref().unwrap().name, "n@1");
    // A mention is evidence, and a similar registration is not shown beside it.
    let subject = [("mine@1", mine.root())];
    say_with(&mut log, BY_BOB, Action::Read, &subject, |_| {});
    let report = verify(&mut log, &mine, None, None);
    assert_eq!(report.class(), Class::Verified);
    assert!(report.members.folder.unwrap().compared_with.is_none());
    // The version that the reader names decides.
    let report = verify(&mut log, &mine, None, Some("n@1"));
    assert_eq!(report.class(), Class::False);
}

#[test]
fn a_list_beside_the_log_names_the_files_that_an_entry_does_not_hold() {
    let model = folder(MODEL);
    for count in [0, 2] {
        let mut log = TestLog::new();
        register(&mut log, "m@1", &model, some(&model, count));
        // The folder itself shows that its list is the named one.
        let report = verify(&mut log, &model, None, Some("m@1"));
        assert_eq!(report.class(), Class::Verified, "{:?}", troubles(&report));
        for (files, [changed, missing, extra]) in CHANGES {
            let report = verify(&mut log, &folder(files), Some(&model), Some("m@1"));
            assert_eq!(report.class(), Class::False);
            assert_eq!(
                differences(&report),
                (changed.to_vec(), missing.to_vec(), extra.to_vec())
            );
            // Without the list, or with another one, it is false all the same.
            for list in [None, Some(&folder(files))] {
                let report = verify(&mut log, &folder(files), list, Some("m@1"));
                assert_eq!(report.class(), Class::False);
                let view = report.members.folder.unwrap();
                assert_eq!(view.listed, Some("some"));
            }
        }
    }
}

#[test]
fn a_digest_without_names_is_said_to_have_none() {
    let model = folder(MODEL);
    let mut log = TestLog::new();
    let at = register(&mut log, "m@1", &model, |_| {});
    let renamed = folder(CHANGES[3].0);
    for files in [&model, &renamed] {
        let report = verify(&mut log, files, None, Some("m@1"));
        assert_eq!(report.class(), Class::Verified);
        let contents = report
            .checks
            .iter()
            .find(|check| check.code.as_str() == "contents");
        assert_eq!(
            contents.unwrap().detail,
            format!("entry {at} registers `m@1` with this digest; the registration lists no files")
        );
    }
    let report = verify(&mut log, &folder(CHANGES[0].0), None, Some("m@1"));
    assert_eq!(report.class(), Class::False);
}

#[test]
fn a_file_that_imitates_a_folder_is_none() {
    let model = folder(MODEL);
    let mut log = TestLog::new();
    register(&mut log, "m@1", &model, all(&model));
    log.publish(&[]);
    let imitation = format!("sha256:{}", model.root().to_hex());
    for (version, class) in [(None, Class::Nothing), (Some("m@1"), Class::False)] {
        let digests = [imitation.clone()];
        let query = HistoryQuery::of_files(&digests, version, &policy(), options()).unwrap();
        assert_eq!(log.run(query).class(), class, "{version:?}");
    }
}

#[test]
fn a_file_of_a_folder_is_a_content_of_its_version() {
    let model = folder(MODEL);
    let mut log = TestLog::new();
    register(&mut log, "m@1", &model, all(&model));
    register(&mut log, "m@2", &model, some(&model, 1));
    // Reading one of the files of a version is no contradiction; reading another file is.
    let subject = [("m@1", sha256(b"{}"))];
    say_with(&mut log, BY_BOB, Action::Read, &subject, |_| {});
    let subject = [("m@2", sha256(b"not listed"))];
    say_with(&mut log, BY_BOB, Action::Read, &subject, |_| {});
    let subject = [("m@1", sha256(b"other"))];
    let other = say_with(&mut log, BY_BOB, Action::Read, &subject, |_| {});
    log.publish(&[]);
    let verify = |content: &str, version: &str| {
        let digests = [digest(content)];
        let query = HistoryQuery::of_files(&digests, Some(version), &policy(), options());
        log.run(query.unwrap()).class()
    };
    assert_eq!(verify("{}", "m@1"), Class::Verified);
    assert_eq!(verify("other", "m@1"), Class::False);
    assert_eq!(verify("second weights, longer", "m@2"), Class::Verified);
    assert_eq!(verify("not listed", "m@2"), Class::Undecided);
    for (name, marked) in [("m@1", vec![other]), ("m@2", vec![])] {
        let query = HistoryQuery::new(name, &policy(), options(), true).unwrap();
        let report = log.run(query);
        let events = report.members.events.unwrap();
        let noted = events
            .iter()
            .filter(|event| event.notes.contains(&"other-contents"));
        assert_eq!(noted.map(|event| event.index).collect::<Vec<_>>(), marked);
    }
}

/// A registration whose payload is `change`d after it was encoded.
fn refusal(change: impl FnOnce(String) -> String) -> &'static str {
    let model = folder(&[("a", "1"), ("b", "2")]);
    let mut event = access_event(Action::Register, ALICE_ID);
    event.files = model.files().to_vec();
    let payload = event
        .to_payload(&[Subject::new("m@1", &model.root())])
        .unwrap();
    let payload = change(String::from_utf8(payload).unwrap());
    let entry = Envelope::sign(payload.into_bytes(), &[&secret(ALICE)])
        .unwrap()
        .encode();
    glasslog_core::event::parse(&entry).map_or_else(|error| error.code(), |_| "ok")
}

#[test]
fn lists_of_files_are_read_strictly() {
    assert_eq!(refusal(|payload| payload), "ok");
    for (from, to, code) in [
        (r#""path":"a""#, r#""path":"../a""#, "member-malformed"),
        (r#""path":"a""#, r#""path":"/a""#, "member-malformed"),
        (r#""path":"a""#, r#""path":"b""#, "member-malformed"),
        (r#""path":"a""#, r#""path":"c""#, "member-malformed"),
        (r#""path":"a""#, r#""path":"a\n""#, "member-malformed"),
        (r#""path":"b""#, r#""path":"a/b""#, "member-malformed"),
        (r#""size":1"#, r#""size":-1"#, "member-malformed"),
        (r#""size":1"#, r#""size":"1""#, "member-malformed"),
        (
            r#""digest":"sha256:6b"#,
            r#""digest":"sha256:6B"#,
            "member-malformed",
        ),
        (
            r#""digest":"sha256:6b"#,
            r#""digest":"sha512:6b"#,
            "member-malformed",
        ),
        (
            r#""digest":"sha256:6b"#,
            r#""digest":"sha256:6c"#,
            "access-files-root",
        ),
        (
            r#""action":"register""#,
            r#""action":"read""#,
            "access-files-elsewhere",
        ),
        (r#""path":"a","#, "", "member-missing"),
    ] {
        let changed = refusal(|payload| {
            let changed = payload.replacen(from, to, 1);
            assert_ne!(changed, payload, "{from}");
            changed
        });
        assert_eq!(changed, code, "{from} {to}");
    }
    let empty = |payload: String| {
        let (before, rest) = payload.split_once(r#""files":["#).unwrap();
        let (_, after) = rest.split_once(']').unwrap();
        format!(r#"{before}"files":[]{after}"#)
    };
    assert_eq!(refusal(empty), "member-malformed");
}
