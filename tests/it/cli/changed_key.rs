//! A log that changed its key, met with a policy from before: every verb names the way to follow.
use std::fs;

use glasslog_tests::command::finish;

use crate::cli::writing::shell::{CI, DIGEST, ORIGIN, Shell};

#[test]
fn every_verb_names_the_way_to_follow_a_changed_key() {
    let shell = Shell::with_log();
    let read = "--action read --artifact m@1";
    fs::write(shell.path("f"), "f").unwrap();
    fs::copy(shell.path("log/trust.policy"), shell.path("before")).unwrap();
    fs::copy(shell.path("log/public/checkpoint"), shell.path("old")).unwrap();
    for line in [
        "mirror log copy --policy before --once".to_owned(),
        format!("keygen --kind log --name {ORIGIN} --out next.key"),
        "keygen --kind witness --name w.example/1 --out w.key".to_owned(),
        "keygen --kind index --name i.example/1 --out i.key".to_owned(),
        "keygen --kind actor --name bob --out bob.key".to_owned(),
    ] {
        shell.run(&line).expect(0);
    }
    shell
        .run("log rotate log --key next.key --reason r --yes")
        .expect(0);
    shell.record("log", &format!("{read} -o p")).expect(0);
    let bundle = "bundle m@1 --log log --policy log/trust.policy -o b";
    shell.run(bundle).expect(0);
    let size = shell.size();
    for line in [
        "history m@1 --log log",
        "bundle m@1 --log log -o c",
        "verify file f --log log",
        "verify entry 1 --log log",
        "verify proof p --entry p.entry",
        "verify bundle b",
        "verify consistency --old old --log log",
        "audit log",
        "prove --log log --index 1 -o c",
        &format!("record --log log --signer ci.key --digest {DIGEST} {read} -o c"),
        &format!("record --log log --signer ci.key --digest {DIGEST} {read} --acts-on 1 -o c"),
        &format!("record --log log --signer ci.key --digest {DIGEST} {read} --dry-run"),
        "keys enrol --log log --actor bob --key bob.key.pub",
        "keys list --log log",
        "mirror log copy --once",
        "mirror log other --once",
        "mirror merge log -o joined",
        "monitor log --state m.state --once",
        "witness cosign log --key w.key --state w.state",
        "index log --out own --key i.key",
        "index log --lookup AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "doctor --log log",
    ] {
        let said = finish(&mut shell.command(&format!("{line} --policy before")));
        let code = if line.starts_with("doctor") { 1 } else { 5 };
        assert_eq!(said.code, code, "{line}: {said}");
        let told = format!("{}{}", said.text(), said.stderr);
        let way = "if the log's key was changed, `glasslog trust update` follows the change";
        assert!(told.contains(way), "{line}: {said}");
    }
    assert_eq!(shell.size(), size);
    assert!(!shell.path("c").exists());
    // The way leads there; a file without a pin follows on demand.
    shell
        .run("trust update before --log log --unpinned")
        .expect(0);
    shell
        .run(&format!("history actor:{CI} --log log --policy before"))
        .expect(0);
}
