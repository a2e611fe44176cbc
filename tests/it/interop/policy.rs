//! Policies in torchwood and in ours: where both agree, and each case of `docs/formats/note-and-policy.md` where they
//! do not, so that neither the table nor the code can change unnoticed.
use std::fs;

use glasslog_core::crypto::SecretKey;
use glasslog_core::note::cosignature::cosign;
use glasslog_core::note::{Checkpoint, KeyName, SignatureType, SignerKey};
use glasslog_core::trust::Policy;
use glasslog_tests::tessera::{TesseraLog, VKEY};
use glasslog_tests::tools::Tools;
use glasslog_tests::words;

const NOW: u64 = 1_795_467_600;

/// A key that is not in Tessera's log: another log, which did not sign.
const OTHER_LOG: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

fn witness(number: u8) -> SignerKey {
    let name = KeyName::parse(&format!("example.com/w{number}")).unwrap();
    SignerKey::new(
        name,
        SignatureType::CosignatureV1,
        SecretKey::from_seed(&[number; 32]),
    )
}

/// Subject, policy, and whether torchwood and ours accept the checkpoint by it. `LOG` and `W1` to `W3`
/// stand for keys; the witnesses 1 and 2 cosigned.
const CASES: &[(&str, &str, bool, bool)] = &[
    ("no witness", "log LOG\nquorum none\n", true, true),
    (
        "one witness",
        "log LOG\nwitness a W1\nquorum a\n",
        true,
        true,
    ),
    (
        "a witness that did not cosign",
        "log LOG\nwitness a W3\nquorum a\n",
        false,
        false,
    ),
    (
        "two of three",
        "log LOG\nwitness a W1\nwitness b W2\nwitness c W3\ngroup g 2 a b c\nquorum g\n",
        true,
        true,
    ),
    (
        "three of three",
        "log LOG\nwitness a W1\nwitness b W2\nwitness c W3\ngroup g 3 a b c\nquorum g\n",
        false,
        false,
    ),
    (
        "all",
        "log LOG\nwitness a W1\nwitness b W2\ngroup g all a b\nquorum g\n",
        true,
        true,
    ),
    (
        "any",
        "log LOG\nwitness a W1\nwitness c W3\ngroup g any c a\nquorum g\n",
        true,
        true,
    ),
    (
        "groups in groups",
        "log LOG\nwitness a W1\nwitness b W2\nwitness c W3\ngroup g any c b\ngroup h all a g\nquorum h\n",
        true,
        true,
    ),
    (
        "a witness that is not asked for",
        "log LOG\nwitness a W1\nquorum none\n",
        true,
        true,
    ),
    (
        "tabs, spaces, comments",
        "# x\n\n \tlog\tLOG  \n  # y\nquorum none\n",
        true,
        true,
    ),
    (
        "addresses",
        "log LOG https://log.example\nwitness a W1 https://w.example\nquorum a\n",
        true,
        true,
    ),
    ("no quorum", "log LOG\n", false, false),
    (
        "two quorums",
        "log LOG\nquorum none\nquorum none\n",
        false,
        false,
    ),
    (
        "an unknown word",
        "log LOG\nlogs LOG\nquorum none\n",
        false,
        false,
    ),
    ("another log", "log OTHER\nquorum none\n", false, false),
    (
        "a name defined twice",
        "log LOG\nwitness a W1\nwitness a W2\nquorum a\n",
        false,
        false,
    ),
    ("a name never defined", "log LOG\nquorum a\n", false, false),
    (
        "a group before its member",
        "log LOG\ngroup g any a\nwitness a W1\nquorum g\n",
        false,
        false,
    ),
    (
        "a threshold of 0",
        "log LOG\nwitness a W1\ngroup g 0 a\nquorum g\n",
        false,
        false,
    ),
    (
        "a threshold above the members",
        "log LOG\nwitness a W1\ngroup g 2 a\nquorum g\n",
        false,
        false,
    ),
    (
        "a log's key as a witness",
        "log LOG\nwitness a LOG\nquorum none\n",
        false,
        false,
    ),
    // Here they disagree, each time by the letter of the specification.
    ("two logs", "log LOG\nlog OTHER\nquorum none\n", false, true),
    ("no log", "quorum none\n", false, false),
    (
        "a comment behind words",
        "log LOG # mine\nquorum none\n",
        true,
        false,
    ),
    (
        "more words than a line has",
        "log LOG x y\nquorum none\n",
        true,
        false,
    ),
    (
        "a carriage return",
        "log LOG\r\nquorum none\r\n",
        true,
        false,
    ),
    (
        "a quorum before its name",
        "log LOG\nquorum a\nwitness a W1\n",
        true,
        false,
    ),
    (
        "a witness called none",
        "log LOG\nwitness none W3\nquorum none\n",
        true,
        false,
    ),
    (
        "a signed threshold",
        "log LOG\nwitness a W1\ngroup g +1 a\nquorum g\n",
        true,
        false,
    ),
    // These torchwood notices only once such a witness has cosigned.
    (
        "a member of two groups",
        "log LOG\nwitness c W3\nwitness a W1\ngroup g any c a\ngroup h any c a\ngroup i all g h\nquorum i\n",
        false,
        false,
    ),
    (
        "a witness twice in a group",
        "log LOG\nwitness a W1\ngroup g 2 a a\nquorum g\n",
        false,
        false,
    ),
    (
        "an absent witness twice in a group",
        "log LOG\nwitness c W3\nwitness a W1\ngroup g 1 c c a\nquorum g\n",
        true,
        false,
    ),
    (
        "an absent witness under two names",
        "log LOG\nwitness c W3\nwitness d W3\nwitness a W1\nquorum a\n",
        true,
        false,
    ),
];

#[test]
fn policies_agree_with_torchwood_but_for_known_cases() {
    let Some(tools) = Tools::for_test("policies in torchwood") else {
        return;
    };
    let log = TesseraLog::write(tools, &[5]);
    let mut checkpoint = Checkpoint::parse(&fs::read(log.checkpoint(5)).unwrap()).unwrap();
    for number in [1, 2] {
        checkpoint = checkpoint
            .with_signature(cosign(&checkpoint, &witness(number), NOW).unwrap())
            .unwrap();
    }
    let (note, file) = (
        log.beside().join("cosigned"),
        log.beside().join("tried.policy"),
    );
    fs::write(&note, checkpoint.encode()).unwrap();
    let mut wrong = Vec::new();
    for (what, template, torchwood, ours) in CASES {
        let mut text = template.replace("LOG", VKEY).replace("OTHER", OTHER_LOG);
        for number in 1..=3 {
            text = text.replace(
                &format!("W{number}"),
                &witness(number).verifier().to_string(),
            );
        }
        fs::write(&file, &text).unwrap();
        let theirs = tools.run("twproof", words!["cosigned", file, note]).code == 0;
        let judged = Policy::parse(text.as_bytes())
            .is_ok_and(|policy| policy.judge(&checkpoint, NOW).accepts());
        if (theirs, judged) != (*torchwood, *ours) {
            wrong.push(format!("{what}: torchwood {theirs}, ours {judged}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
