//! Folders as artifacts: hashed as `model_signing` does, registered with their files, verified file by file.
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use glasslog_core::event::{Event, FileList, parse};
use glasslog_core::text::wire::base64_decode;
use glasslog_tests::command::finish;
use glasslog_tests::glasslog::repository;
use glasslog_tests::skip::skipped;
use serde_json::Value;

use super::shell::{CI, Shell};

const REGISTER: &str =
    "record --log log --signer ci.key --action register --reason-code r --reason r";
const POLICY: &str = "--log log --policy log/trust.policy";

fn write(folder: &Path, path: &str, content: &str) {
    let place = folder.join(path);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(place, content).unwrap();
}

/// A folder `model` with four files.
fn with_model() -> Shell {
    let shell = Shell::with_log();
    let model = shell.path("model");
    write(&model, "config.json", "{}");
    write(&model, "model-1.bin", "first weights");
    write(&model, "model-2.bin", "second weights, longer");
    write(&model, "tokenizer/vocab.json", "[]");
    shell
}

fn registered() -> Shell {
    let shell = with_model();
    shell
        .run(&format!("{REGISTER} --artifact m@1 --file model"))
        .expect(0);
    shell
}

/// The digest of a folder, as a registration that is only printed has it.
fn digest(shell: &Shell, arguments: &str) -> String {
    let said = shell
        .run(&format!("{REGISTER} --artifact m@1 --dry-run {arguments}"))
        .expect(0);
    let entry = parse(said.text().trim_end().as_bytes()).unwrap();
    entry.subjects[0].sha256().to_owned()
}

#[test]
fn folders_have_the_digests_of_model_signing() {
    let shell = Shell::with_log();
    let path = repository().join("docs/formats/vectors/folders/model_signing.json");
    let vectors: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    for (at, vector) in vectors["folders"].as_array().unwrap().iter().enumerate() {
        let folder = shell.path(&format!("model{at}"));
        for (path, content) in vector["files"].as_object().unwrap() {
            let content = content.as_str().unwrap();
            match content.strip_prefix("-> ") {
                None => write(&folder, path, content),
                Some(to) => {
                    let link = folder.join(path);
                    fs::create_dir_all(link.parent().unwrap()).unwrap();
                    symlink(to, link).unwrap();
                }
            }
        }
        let mut arguments = format!("--file model{at}");
        for path in vector["ignorePaths"].as_array().unwrap() {
            arguments += &format!(" --ignore-paths {}", path.as_str().unwrap());
        }
        if vector["allowSymlinks"].as_bool().unwrap() {
            arguments += " --allow-symlinks";
        }
        let payload = vector["envelope"]["payload"].as_str().unwrap();
        let signed: Value = serde_json::from_slice(&base64_decode(payload).unwrap()).unwrap();
        let about = &vector["about"];
        assert_eq!(
            digest(&shell, &arguments),
            signed["subject"][0]["digest"]["sha256"],
            "{about}"
        );
    }
}

#[test]
fn a_registered_folder_is_verified_file_by_file() {
    let shell = registered();
    let verify = |rest: &str| shell.run(format!("verify file model {POLICY} {rest}").trim_end());
    for rest in ["", "--artifact m@1"] {
        let said = verify(rest).expect(0);
        let first = said.text().lines().next().unwrap();
        assert!(
            first.starts_with(&format!(
                "✓ Verified: the folder is registered as `m@1` by `{CI}` in"
            )),
            "{first}"
        );
    }
    let model = shell.path("model");
    write(&model, "model-1.bin", "First weights");
    write(&model, "evil.py", "import os");
    fs::remove_file(model.join("config.json")).unwrap();
    let said = verify("--artifact m@1").expect(3);
    for line in [
        "changed model-1.bin",
        "missing config.json",
        "extra   evil.py",
    ] {
        assert!(said.text().contains(&format!("\n  {line}\n")), "{said}");
    }
    let report = verify("--artifact m@1 --format json").expect(3).json();
    assert_eq!(report["cause"], "contents");
    assert_eq!(report["folder"]["changed"][0], "model-1.bin");
    assert_eq!(report["query"]["kind"], "folder");
}

#[test]
fn links_and_special_files_are_refused() {
    let shell = registered();
    let model = shell.path("model");
    let refused = |message: &str| {
        let said = shell.run(&format!("verify file model {POLICY}")).expect(8);
        assert!(said.stderr.contains(message), "{said}");
    };
    let link = model.join("link");
    symlink("config.json", &link).unwrap();
    refused("`model/link` is a symbolic link");
    shell
        .run(&format!("verify file model {POLICY} --ignore-paths link"))
        .expect(0);
    fs::remove_file(&link).unwrap();
    symlink("tokenizer", &link).unwrap();
    let said = shell
        .run(&format!("verify file model {POLICY} --allow-symlinks"))
        .expect(8);
    assert!(
        said.stderr
            .contains("a symbolic link to something other than a file")
    );
    fs::remove_file(&link).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(&link).unwrap();
    refused("`model/link` is neither a file nor a folder");
    fs::remove_file(&link).unwrap();
    write(&model, "back\\slash", "");
    refused("`model/back\\slash` cannot be listed");
    fs::remove_file(model.join("back\\slash")).unwrap();
    let name = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"\xff");
    fs::write(model.join(name), "").unwrap();
    refused("cannot be listed");
}

#[test]
fn allowed_links_count_as_their_files() {
    let shell = registered();
    let model = shell.path("model");
    let verify = |rest: &str| shell.run(format!("verify file model {POLICY} {rest}").trim_end());
    // A file of the folder is a link out of it, as in the cache of a model hub.
    fs::rename(model.join("model-1.bin"), shell.path("blob")).unwrap();
    symlink("../blob", model.join("model-1.bin")).unwrap();
    verify("").expect(8);
    verify("--allow-symlinks").expect(0);
    // The folder itself may be a link.
    symlink("model", shell.path("latest")).unwrap();
    let latest = format!("verify file latest {POLICY} --allow-symlinks");
    shell.run(&latest).expect(0);
    for (to, code, message) in [
        ("link", 1, "`model/link`: "),
        ("nowhere", 1, "`model/link`: "),
        ("..", 8, "a symbolic link to something other than a file"),
        (
            "/dev/null",
            8,
            "a symbolic link to something other than a file",
        ),
    ] {
        symlink(to, model.join("link")).unwrap();
        let said = verify("--allow-symlinks").expect(code);
        assert!(said.stderr.contains(message), "{to}: {said}");
        fs::remove_file(model.join("link")).unwrap();
    }
}

#[test]
fn files_that_cannot_be_read_stop_the_command() {
    let shell = registered();
    // Reading it fails for every user: no page is mapped at its beginning.
    let memory = Path::new("/proc/self/mem");
    if !memory.exists() {
        return skipped("/proc/self/mem is absent");
    }
    symlink(memory, shell.path("model/link")).unwrap();
    let said = shell
        .run(&format!("verify file model {POLICY} --allow-symlinks"))
        .expect(1);
    assert!(said.stderr.contains("`model/link`: "), "{said}");
    assert_eq!(said.text(), "");
}

#[test]
fn git_is_left_out_at_the_top_and_empty_folders_do_not_count() {
    let shell = registered();
    let model = shell.path("model");
    let verify = || shell.run(&format!("verify file model {POLICY}"));
    for path in [
        ".git/HEAD",
        ".github/ci.yml",
        ".gitignore",
        ".gitattributes",
    ] {
        write(&model, path, "x");
    }
    fs::create_dir_all(model.join("void/deeper")).unwrap();
    let said = verify().expect(0);
    let left_out = "not hashed: `.git`, `.gitattributes`, `.github`, `.gitignore`";
    assert!(said.stderr.contains(left_out), "{said}");
    // A name that is no text is not read in a folder that is left out.
    let name = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"\xff");
    fs::write(model.join(".git").join(name), "").unwrap();
    verify().expect(0);
    write(&model, "tokenizer/.git/HEAD", "x");
    write(&model, ".hidden", "");
    // No event is about a folder with these files: the most similar registration is shown, and decides nothing.
    let said = verify().expect(4);
    let similar = format!("; the most similar registration is that of `m@1` by `{CI}`");
    let first = said.text().lines().next().unwrap();
    assert!(first.contains(&similar), "{said}");
    for path in ["tokenizer/.git/HEAD", ".hidden"] {
        assert!(
            said.text().contains(&format!("\n  extra   {path}\n")),
            "{said}"
        );
    }
}

#[test]
fn folders_that_cannot_be_recorded_say_why() {
    let shell = with_model();
    fs::create_dir(shell.path("empty")).unwrap();
    write(&shell.path(""), "file", "x");
    let record = |rest: &str| shell.run(&format!("{REGISTER} --artifact m@1 {rest}"));
    let said = record("--file empty").expect(8);
    assert!(
        said.stderr.contains("`empty`: the folder holds no file"),
        "{said}"
    );
    let said = record("--file model file").expect(2);
    assert!(
        said.stderr
            .contains("`model` is a folder, which is recorded alone"),
        "{said}"
    );
    let said = record("--file model --ignore-paths ../x").expect(2);
    assert!(
        said.stderr
            .contains("`--ignore-paths ../x`: not a path below the folder")
    );
    let said = shell
        .run(&format!("verify file model file {POLICY}"))
        .expect(2);
    assert!(
        said.stderr
            .contains("`model` is a folder, which is verified alone"),
        "{said}"
    );
    assert_eq!(shell.size(), 2);
}

/// A folder with more files than an entry holds.
fn with_many(shell: &Shell) -> PathBuf {
    let many = shell.path("many");
    for at in 0..600 {
        write(&many, &format!("part/{at:05}"), &format!("{at:>at$}"));
    }
    many
}

#[test]
fn files_that_an_entry_does_not_hold_are_in_a_list_beside_the_log() {
    let shell = Shell::with_log();
    let many = with_many(&shell);
    let record =
        |rest: &str| shell.run(format!("{REGISTER} --artifact m@1 --file many {rest}").trim_end());
    let said = record("").expect(2);
    assert!(
        said.stderr
            .contains("an entry does not hold the list of 600 files"),
        "{said}"
    );
    assert!(said.stderr.contains("`--file-list FILE`"), "{said}");
    assert_eq!(shell.size(), 2);
    let said = record("--file-list list --dry-run").expect(0);
    let entry = said.text().trim_end();
    let parsed = parse(entry.as_bytes()).unwrap();
    let Event::Access(access) = parsed.event else {
        panic!("an access");
    };
    let list = FileList::parse(shell.read("list").as_bytes()).unwrap();
    assert_eq!(access.file_list.unwrap().digest, list.digest());
    assert_eq!(access.files, list.largest(access.files.len()));
    // One more file of this length would not fit.
    assert!(
        (65_535 - 200..=65_535).contains(&entry.len()),
        "{}",
        entry.len()
    );
    record("--file-list list").expect(0);
    let verify = |rest: &str| {
        shell.run(format!("verify file many {POLICY} --artifact m@1 {rest}").trim_end())
    };
    verify("").expect(0);
    write(&many, "part/00000", "changed");
    let said = verify("").expect(3);
    assert!(said.text().contains("a list that was not given"), "{said}");
    assert!(!said.text().contains("changed part/00000"), "{said}");
    let said = verify("--file-list list").expect(3);
    assert!(said.text().contains("\n  changed part/00000\n"), "{said}");
    fs::write(shell.path("list"), "no list").unwrap();
    let said = verify("--file-list list").expect(8);
    assert!(
        said.stderr
            .contains("`list`: a file list begins with the line"),
        "{said}"
    );
}

#[test]
fn large_files_are_remembered_until_they_change() {
    let shell = registered();
    let place = shell.path("model/large.bin");
    let content = vec![7; 5 << 20];
    fs::write(&place, &content).unwrap();
    // Remembered are files that have not changed for a while.
    std::thread::sleep(std::time::Duration::from_secs(5));
    let run = |rest: &str| {
        let line = format!("{REGISTER} --artifact m@1 --dry-run --file model/large.bin {rest}");
        let mut command = shell.command(line.trim_end());
        let said = finish(command.env("GLASSLOG_CACHE", shell.path("cache"))).expect(0);
        let entry = parse(said.text().trim_end().as_bytes()).unwrap();
        entry.subjects[0].sha256().to_owned()
    };
    let digest = run("");
    let remembered = fs::read_dir(shell.path("cache/digests")).unwrap();
    let remembered: Vec<PathBuf> = remembered.map(|file| file.unwrap().path()).collect();
    assert_eq!(remembered.len(), 1);
    // The remembered digest is the one that is used.
    let text = fs::read_to_string(&remembered[0]).unwrap();
    let other = "0".repeat(64);
    fs::write(&remembered[0], text.replace(&digest, &other)).unwrap();
    assert_eq!(run(""), other);
    assert_eq!(run("--no-cache"), digest);
    fs::write(&place, vec![8; 5 << 20]).unwrap();
    let changed = run("");
    assert!(changed != other && changed != digest);
}

#[test]
fn evidence_is_told_apart() {
    let shell = Shell::with_log();
    let record = |rest: &str| {
        shell
            .run(&format!("record --log log --signer ci.key {rest}"))
            .expect(0);
    };
    let verify = |file: &str, code: i32| {
        let said = shell
            .run(&format!("verify file {file} {POLICY}"))
            .expect(code);
        said.text().lines().next().unwrap().to_owned()
    };
    for name in ["evil", "good", "other", "empty"] {
        write(
            &shell.path(""),
            name,
            if name == "empty" { "" } else { name },
        );
    }
    record("--action read --outcome denied --artifact evil@1 --file evil");
    let line = verify("evil", 4);
    assert!(line.contains("is evidence for `sha256:"), "{line}");
    record("--action register --artifact m@1 --file good --reason-code r --reason first");
    let line = verify("good", 0);
    assert!(
        line.contains(&format!("the file is registered as `m@1` by `{CI}` in")),
        "{line}"
    );
    record("--action hold --artifact m@1 --file good --reason-code sec --reason malware");
    assert_eq!(verify("good", 6), "✗ Held: entry 4 holds `m@1`: malware.");
    record("--action deploy --artifact m@1 --file other --reason-code r --reason swapped");
    assert_eq!(
        verify("other", 3),
        "✗ False: entry 5 names `m@1` with other contents than its registration, entry 3."
    );
    let said = shell.run(&format!("history m@1 {POLICY}")).expect(0);
    assert!(said.text().contains("✗ contents"), "{said}");
    assert!(said.text().contains("other contents; r: swapped"), "{said}");
    let said = shell.run(&format!("verify file empty {POLICY}")).expect(4);
    assert!(
        said.stderr
            .contains("`empty` is empty: every empty file has its digest"),
        "{said}"
    );
    let said = shell
        .run(&format!("verify file good {POLICY} --artifact m"))
        .expect(2);
    assert!(
        said.stderr.contains("`m` is not a name with a version"),
        "{said}"
    );
}

/// A folder that an actor mentions under a name of its own is no registered one, and differs from the version asked for.
#[test]
fn a_mention_of_a_folder_is_said_to_be_one() {
    let shell = registered();
    write(&shell.path("changed"), "model-1.bin", "other");
    shell
        .run(&format!("verify file changed {POLICY}"))
        .expect(4);
    shell
        .run("record --log log --signer ci.key --action read --artifact n@1 --file changed -o p")
        .expect(0);
    for (flags, code, words) in [
        (
            "",
            0,
            "✓ Verified: the folder is mentioned, but not registered, in the log",
        ),
        (" --require registered", 4, ""),
        (" --artifact m@1", 3, "✗ False: "),
    ] {
        let said = shell.run(&format!("verify file changed {POLICY}{flags}"));
        let said = said.expect(code);
        assert!(said.text().starts_with(words), "{flags}: {said}");
    }
}

/// A mention is said to be one, and is not enough where a registration is required.
#[test]
fn a_mention_is_no_registration() {
    let shell = registered();
    fs::write(shell.path("f"), "only read").unwrap();
    shell
        .run("record --log log --signer ci.key --action read --artifact n@1 --file f -o p")
        .expect(0);
    let said = shell.run(&format!("verify file f {POLICY}")).expect(0);
    assert!(
        said.text()
            .starts_with("✓ Verified: the file is mentioned, but not registered, in the log"),
        "{said}"
    );
    for (files, code, words) in [
        (
            "f",
            4,
            "0 of 1 file is registered, as is required, 1 only mentioned in the log",
        ),
        (
            "model/model-1.bin f",
            4,
            "1 of 2 files are registered, as is required, 1 only mentioned in the log",
        ),
        ("model/model-1.bin", 0, "the file is registered as"),
        ("model", 0, "the folder is registered as"),
        ("ci.key.pub", 4, "no event about"),
    ] {
        let said = shell.run(&format!(
            "verify file {files} {POLICY} --require registered"
        ));
        let said = said.expect(code);
        assert!(said.text().contains(words), "{files}: {said}");
    }
    for line in [
        format!("history m@1 {POLICY}"),
        format!("bundle m@1 {POLICY} -o b"),
        format!("verify entry 0 {POLICY}"),
        "audit log --policy log/trust.policy".to_owned(),
        "verify bundle b --policy log/trust.policy".to_owned(),
    ] {
        let said = shell.run(&format!("{line} --require registered")).expect(2);
        assert!(
            said.stderr
                .contains("hint: `glasslog verify file` takes it"),
            "{said}"
        );
    }
}
