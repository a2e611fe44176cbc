//! Entries at the borders of the text of `access/v2`, for the vectors in `docs/formats/vectors/index/keys.json`.

use glasslog_core::text::wire::base64_encode;

const KEYID: &str = "sha256:bd8c3c62f39ce805c6f744f28e269784d55228e197afeabd961a45db31b7f002";
const DIGEST: &str = "9a271f2a916b0b6ee6cecb2426f0b3206ef074578be55d9bc94f6f3fe3ab86aa";

/// A payload of a type, with these members of the predicate.
fn payload(kind: &str, members: &str) -> String {
    format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"m@1","digest":{{"sha256":"{DIGEST}"}}}}],"predicateType":"https://glasslog.dev/{kind}/v1","predicate":{{{members}}}}}"#
    )
}

fn signature() -> String {
    format!(r#"{{"keyid":"{KEYID}","sig":"AA=="}}"#)
}

fn envelope(payload: &[u8], signatures: &str) -> String {
    let payload = base64_encode(payload);
    format!(
        r#"{{"payload":"{payload}","payloadType":"application/vnd.in-toto+json","signatures":[{signatures}]}}"#
    )
}

/// An entry with this payload and one signature.
fn entry(payload: &str) -> Vec<u8> {
    envelope(payload.as_bytes(), &signature()).into_bytes()
}

/// Envelopes, all around the same payload.
fn envelopes() -> Vec<(String, Vec<u8>)> {
    let payload = payload("artifact-access", r#""action":"read""#);
    let good = envelope(payload.as_bytes(), &signature());
    let signed = |signatures: &str| envelope(payload.as_bytes(), signatures);
    let many: Vec<String> = (0..17)
        .map(|number| format!(r#"{{"keyid":"sha256:{number:064x}","sig":""}}"#))
        .collect();
    let upper = signature().replace("bd8c", "BD8C");
    let long = signature().replace("AA==", &"A".repeat(12_000));
    let cases = [
        ("one signature", good.clone()),
        ("no signature", signed("")),
        ("17 signatures, of no byte each", signed(&many.join(","))),
        (
            "two signatures by one key",
            signed(&[signature(), signature()].join(",")),
        ),
        ("a signature of 9,000 bytes", signed(&long)),
        (
            "a signature that is not base64",
            signed(&signature().replace("AA==", "AB==")),
        ),
        ("a key id in upper case", signed(&upper)),
        (
            "a key id by another hash",
            signed(&signature().replace("sha256:", "sha512:")),
        ),
        (
            "a comma after the last signature",
            signed(&format!("{},", signature())),
        ),
        (
            "a space in the envelope",
            good.replace(r#","payloadType""#, r#", "payloadType""#),
        ),
        ("a line feed after the envelope", format!("{good}\n")),
        (
            "an escape in the envelope",
            good.replace("vnd.in-toto", r"vnd\u002ein-toto"),
        ),
        ("another payload type", good.replace("+json", "")),
        (
            "a further member of the envelope",
            good.replace("]}", r#"],"x":1}"#),
        ),
        ("no byte", String::new()),
    ];
    cases
        .map(|(about, text)| (about.to_string(), text.into_bytes()))
        .into()
}

/// An entry of exactly this size. Base64 grows by four bytes, and each signature more by 93.
fn of_size(size: usize) -> Vec<u8> {
    let payload = payload("artifact-access", r#""action":"read""#);
    let empty = signature().replace("AA==", "");
    let fits = |count: &usize| {
        let signatures = vec![empty.clone(); *count].join(",");
        (size - envelope(payload.as_bytes(), &signatures).len()).is_multiple_of(4)
    };
    let count = (1..5).find(fits).unwrap();
    let signatures = vec![empty; count].join(",");
    let rest = size - envelope(payload.as_bytes(), &signatures).len();
    let signatures =
        signatures.replacen(r#""sig":""#, &format!(r#""sig":"{}"#, "A".repeat(rest)), 1);
    envelope(payload.as_bytes(), &signatures).into_bytes()
}

/// Entries of the largest size and of one byte more.
fn sizes() -> Vec<(String, Vec<u8>)> {
    let sizes = [65_535, 65_536].into_iter();
    sizes
        .map(|size| (format!("an entry of {size} bytes"), of_size(size)))
        .collect()
}

/// Payloads that differ from a good one in one place.
fn payloads() -> Vec<(String, Vec<u8>)> {
    let good = payload("artifact-access", r#""action":"read","x":0"#);
    let with = |value: &str| good.replace(r#""x":0"#, &format!(r#""x":{value}"#));
    let subject = |from: &str, to: &str| good.replacen(from, to, 1);
    let nested = |levels: usize| with(&format!("{}0{}", "[".repeat(levels), "]".repeat(levels)));
    let digests = format!(r#"{{"sha256":"{DIGEST}"}}"#);
    let cases = [
        (
            "white space around members",
            format!("\r\n\t {} ", good.replace(',', " ,\n")),
        ),
        ("a byte order mark", format!("\u{feff}{good}")),
        ("a second value", format!("{good}{{}}")),
        ("16 containers", nested(14)),
        ("17 containers", nested(15)),
        ("the smallest integer", with("-9223372036854775808")),
        ("the largest integer", with("9223372036854775807")),
        ("an integer too large", with("9223372036854775808")),
        ("a negative zero", with("-0")),
        ("a fraction", with("1.0")),
        ("an exponent", with("1e3")),
        ("half a surrogate pair", with(r#""\ud800""#)),
        ("a whole surrogate pair", with(r#""\ud83d\ude00""#)),
        (
            "a member twice, behind an escape",
            with(r#"{"a":1,"\u0061":1}"#),
        ),
        ("a member that is null", with("null")),
        (
            "another Statement type",
            subject("Statement/v1", "Statement/v0.1"),
        ),
        (
            "no subject",
            subject(&format!(r#"{{"name":"m@1","digest":{digests}}}"#), ""),
        ),
        ("33 subjects", {
            let subjects: Vec<String> = (0..33)
                .map(|number| format!(r#"{{"name":"m@{number}","digest":{digests}}}"#))
                .collect();
            subject(
                &format!(r#"{{"name":"m@1","digest":{digests}}}"#),
                &subjects.join(","),
            )
        }),
        ("a name of 256 bytes", subject("m@1", &"m".repeat(256))),
        ("a name of 257 bytes", subject("m@1", &"m".repeat(257))),
        ("a name with a space", subject("m@1", "m 1")),
        ("a name beyond ASCII", subject("m@1", "м@1")),
        ("a name behind an escape", subject("m@1", r"m\u00401")),
        ("a name without a version", subject("m@1", "m")),
        ("a name that begins with an @", subject("m@1", "@m")),
        ("a name with two @", subject("m@1", "@a/m@1")),
        ("no digest", subject(&digests, "{}")),
        (
            "a digest without sha256",
            subject("\"sha256\"", "\"blake3\""),
        ),
        ("a sha256 of one byte", subject(DIGEST, "00")),
        ("a digest of 100 bytes", subject(DIGEST, &"00".repeat(100))),
        ("an odd digest", subject(DIGEST, "000")),
        ("a digest in upper case", subject(DIGEST, "0F")),
        ("an empty digest", subject(DIGEST, "")),
        (
            "a colon in an algorithm",
            subject("\"sha256\"", "\"sha:256\""),
        ),
        (
            "a predicate type with a space",
            subject("artifact-access/v1", "a b"),
        ),
        (
            "a predicate that is no object",
            subject(r#"{"action":"read","x":0}"#, "[]"),
        ),
        (
            "a member of the subject besides",
            subject(r#"{"name""#, r#"{"uri":7,"name""#),
        ),
        (
            "an unknown type",
            subject("artifact-access/v1", "artifact-access/v2"),
        ),
        (
            "a type of others",
            subject(
                "https://glasslog.dev/artifact-access/v1",
                "https://slsa.dev/provenance/v1",
            ),
        ),
    ];
    cases
        .map(|(about, text)| (about.to_string(), entry(&text)))
        .into()
}

/// Predicates of every type, and every member that bears keys.
fn predicates() -> Vec<(String, Vec<u8>)> {
    let mut cases = Vec::new();
    let people = r#""actor":{"id":"ann","onBehalfOf":"bob"},"grantee":"eve","approvals":["joe","a b",7],"exception":{"approvedBy":["kim"]}"#;
    for kind in [
        "genesis",
        "key",
        "admins",
        "grant",
        "policy",
        "issuer",
        "rules",
        "time",
        "decision",
        "acknowledge",
    ] {
        cases.push((format!("of type {kind}"), entry(&payload(kind, people))));
    }
    cases.push((
        "a key event".into(),
        entry(&payload("key", r#""actor":"ann""#)),
    ));
    let decision = envelope(payload("decision", "").as_bytes(), "").into_bytes();
    cases.push(("a decision that names nobody".into(), decision));
    for action in [
        "register", "read", "write", "transfer", "receive", "deploy", "undeploy", "execute",
        "delete", "grant", "revoke", "hold", "release", "verify", "approve", "retire", "accept",
        "cancel", "copy",
    ] {
        let members = format!(r#""action":"{action}","actor":{{"id":"ann"}},"grantee":"eve""#);
        cases.push((
            format!("action {action}"),
            entry(&payload("artifact-access", &members)),
        ));
    }
    let files = format!(
        r#"[{{"path":"a","size":1,"digest":"sha256:{DIGEST}"}},{{"digest":"sha512:00"}},{{"digest":"00"}},{{"digest":"a:0"}},{{"digest":"a:b:00"}},7]"#
    );
    for (about, members) in [
        ("no action", String::new()),
        ("an action that is no string", r#""action":7"#.into()),
        ("people", format!(r#""action":"read",{people}"#)),
        (
            "an actor that is a string",
            r#""action":"read","actor":"ann""#.into(),
        ),
        (
            "an actor that is no name",
            r#""action":"read","actor":{"id":"a b"}"#.into(),
        ),
        ("no exception", r#""action":"read","exception":null"#.into()),
        (
            "an empty exception",
            r#""action":"read","exception":{}"#.into(),
        ),
        (
            "files of a registration",
            format!(r#""action":"register","files":{files}"#),
        ),
        (
            "files of a write",
            format!(r#""action":"write","files":{files}"#),
        ),
        ("a new name", r#""action":"register","newName":true"#.into()),
        ("no new name", r#""action":"register","newName":1"#.into()),
        (
            "a new name in a write",
            r#""action":"write","newName":true"#.into(),
        ),
        (
            "an environment",
            r#""action":"deploy","context":{"environment":"prod é"}"#.into(),
        ),
        (
            "an empty environment",
            r#""action":"deploy","context":{"environment":""}"#.into(),
        ),
        (
            "an environment of 257 bytes",
            format!(
                r#""action":"undeploy","context":{{"environment":"{}"}}"#,
                "x".repeat(257)
            ),
        ),
        (
            "an environment in a write",
            r#""action":"write","context":{"environment":"prod"}"#.into(),
        ),
    ] {
        cases.push((about.into(), entry(&payload("artifact-access", &members))));
    }
    cases
}

/// Every case: its subject, and the entry.
pub(super) fn key_cases() -> Vec<(String, Vec<u8>)> {
    [envelopes(), sizes(), payloads(), predicates()].concat()
}
