//! The verdict in one plain sentence, and the remedies that are known.
use glasslog_client::rotation::FOLLOW;
use glasslog_core::index::format::LATEST_PATH;
use glasslog_core::report::{Check, CheckCode, Class, Fact, Report};
use glasslog_core::text::escape::display_safe;

/// Returns the verdict of a report in a sentence.
pub(crate) fn sentence(report: &Report) -> String {
    let verdict = match report.class() {
        Class::Verified => "Verified",
        Class::Nothing => "Nothing to verify",
        Class::MalformedInput | Class::MalformedLog => "Malformed",
        Class::Unfinished => "Could not finish",
        Class::Inconsistent => "Inconsistent",
        Class::False => "False",
        Class::Undecided => "Not decided",
        Class::Held => "Held",
    };
    format!("{verdict}: {}.", report.headline)
}

/// Ways out where a verdict would rest on an index that no auditor vouched for.
const WITHOUT_AUDITORS: [&str; 2] = [
    "an `[audit]` section in the policy, with an auditor's key, takes the index once that auditor has recomputed it",
    "`--accept-index` takes the index's own word that it leaves nothing out",
];

/// Returns the remedies that are known; `can_scan` if the verb has the flag `--full-scan`.
pub(crate) fn hints(report: &Report, can_scan: bool) -> Vec<String> {
    match report.deciding_check() {
        Some(_) if report.rests_on_index_alone() => {
            let scan = match can_scan {
                true => "`--full-scan` reads every entry, and nothing then rests on the index",
                false => {
                    "a bundle made with `--full-scan` holds every entry, and rests on no index"
                }
            };
            let others = WITHOUT_AUDITORS.into_iter();
            [scan]
                .into_iter()
                .chain(others)
                .map(str::to_owned)
                .collect()
        }
        Some(check) => condition(report, check)
            .into_iter()
            .chain(hint(report, check, can_scan))
            .collect(),
        None => another_kind(report).into_iter().collect(),
    }
}

/// Names the command that ends a hold, for those who may.
fn release(check: &Check) -> Option<String> {
    let Fact::Number(index) = fact(check, "index")? else {
        return None;
    };
    Some(format!(
        "the actor who holds it, or an admin with `--admin SPEC`, ends the hold with `glasslog record --action release --acts-on {index}`; the admins' hold ends by an admin alone"
    ))
}

/// Returns the question about an actor, if nothing was found about a name: an actor's id looks like one.
fn another_kind(report: &Report) -> Option<String> {
    let is_name = matches!(report.query.kind, "name" | "version");
    let id = display_safe(&report.query.id);
    (is_name && report.class() == Class::Nothing)
        .then(|| format!("if `{id}` is an actor, ask for `actor:{id}`"))
}

fn hint(report: &Report, check: &Check, can_scan: bool) -> Option<String> {
    let (remedy, by_scan) = remedies(report, check)?;
    let by_scan = Some(by_scan).filter(|_| can_scan);
    let said = [Some(remedy), by_scan].into_iter().flatten();
    let said: Vec<&str> = said.filter(|part| !part.is_empty()).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

/// Names the hold that a check found, or the line of the trust policy that sets the condition which it did not meet.
fn condition(report: &Report, check: &Check) -> Option<String> {
    if check.code == CheckCode::Hold && report.class() == Class::Held {
        return release(check);
    }
    let origin = report.checkpoint.as_ref().map(|head| &*head.origin);
    let line = |of: &str| format!("`{}`", display_safe(of));
    Some(match check.code {
        // A key that is known, and does not count.
        CheckCode::LogSignature | CheckCode::IndexSignature => {
            let Fact::Text(key) = fact(check, "key")? else {
                return None;
            };
            let (name, rest) = key.split_once('+')?;
            let id = rest.split('+').next()?;
            format!(
                "the condition stands in `[validity]` of the trust policy, in its line {} or {}",
                line(&format!("key {name}+{id}")),
                line(&format!("log {name}"))
            )
        }
        CheckCode::Freshness if fact(check, "limit").is_some() => format!(
            "the limit is that of `--max-checkpoint-age`, or of `max-age` in the line {} in `[validity]` of the trust policy; the shorter one counts",
            line(&format!("log {}", origin?))
        ),
        CheckCode::Quorum | CheckCode::IndexQuorum | CheckCode::IndexAudit => {
            let outside = outside_windows(check);
            if outside.is_empty() {
                return None;
            }
            format!(
                "outside of the window of its key, which a line `key NAME+ID` in `[validity]` of the trust policy sets: `{}`",
                outside.join("`, `")
            )
        }
        _ => return None,
    })
}

/// Returns the names of the witnesses or auditors whose cosignature is outside of the window of its key.
fn outside_windows(check: &Check) -> Vec<String> {
    let Some(Fact::List(witnesses)) = fact(check, "witnesses") else {
        return Vec::new();
    };
    let name = |witness: &Fact| match witness {
        Fact::Group(group) if group.fact("outcome") == Some(&Fact::from("outside-window")) => {
            match group.fact("name") {
                Some(Fact::Text(name)) => Some(display_safe(name)),
                _ => None,
            }
        }
        _ => None,
    };
    witnesses.iter().filter_map(name).collect()
}

/// The remedy for the cause, and the one that a scan of the whole log would be.
fn remedies(report: &Report, check: &Check) -> Option<(&'static str, &'static str)> {
    /// A scan reads every entry, and asks no index.
    const SCAN: &str = "`--full-scan` reads every entry and does without the index";
    let is_audit = report.query.kind == "log";
    Some(match (check.code, report.class()) {
        (CheckCode::Policy, Class::MalformedInput) => (
            "the file of `--policy` is at fault: `glasslog trust check FILE` checks it, and `glasslog init` writes one to LOG/trust.policy",
            "",
        ),
        (_, Class::MalformedInput) => ("`glasslog inspect FILE` says of which kind a file is", ""),
        (CheckCode::Files, Class::Unfinished) if report.checkpoint.is_none() => (
            "a log is named by its directory, its public tree, or the address of such a tree",
            "",
        ),
        (CheckCode::Files, Class::Unfinished) if is_about(check, LATEST_PATH) => (
            "the log has no index yet, or its file was lost: only the log's operator can make it, with `glasslog publish` or `glasslog index --rebuild`",
            SCAN,
        ),
        (CheckCode::IndexCheckpoint, Class::Unfinished) => (
            "the log has no index yet, or its files were lost: only the log's operator can make it, with `glasslog publish` or `glasslog index --rebuild`; a policy without `[index]` audits the log alone",
            "",
        ),
        (CheckCode::Files, Class::Unfinished) => {
            ("try again later, or ask the operator of its server", "")
        }
        (CheckCode::Coverage, Class::Undecided) if fact(check, "memoryLimit").is_some() => (
            "allow more with `--max-memory 1GiB`, or ask about less: one version, or one digest with `--exact`",
            "",
        ),
        (CheckCode::Checkpoint, Class::MalformedLog) => (
            "this may be a web page or another file, not a log's checkpoint",
            "",
        ),
        // The condition is named instead.
        (CheckCode::LogSignature | CheckCode::IndexSignature, Class::Undecided)
            if fact(check, "key").is_some() =>
        {
            (FOLLOW, "")
        }
        (CheckCode::LogSignature, Class::False) if check.detail.contains("with which it ended") => {
            (
                "the line `log ORIGIN final …` in `[validity]` of the trust policy says with which tree; if it is right, this checkpoint is evidence against the log",
                "",
            )
        }
        // Another key of this log, or none.
        (CheckCode::LogSignature, Class::Undecided) if check.detail.starts_with("no key") => {
            (FOLLOW, "")
        }
        (CheckCode::LogSignature, Class::Undecided) => ("the policy may be another log's", ""),
        (
            CheckCode::IndexSignature
            | CheckCode::IndexManifest
            | CheckCode::IndexCheckpoint
            | CheckCode::IndexManifests,
            Class::Undecided,
        ) => (
            "the index may be another log's, or its key was changed: ask its operator",
            SCAN,
        ),
        (CheckCode::EventSignatures | CheckCode::Contents, Class::Undecided)
            if is_compromised(report, check) =>
        {
            match report.query.kind {
                "actor" | "key" => (
                    "the admins make a remark of an event that counts for nothing with `glasslog acknowledge INDEX`",
                    "",
                ),
                _ => (
                    "what the key registered, its owner or the admins register anew: `glasslog record --action register --admin SPEC`; `glasslog acknowledge INDEX` makes remarks of other events of the key, and alone decides nothing",
                    "",
                ),
            }
        }
        (CheckCode::IndexAudit, Class::Undecided) => (
            "auditors may not have recomputed it yet: try again later; an auditor does so with `glasslog audit LOG --policy FILE --cosign KEY`",
            SCAN,
        ),
        (CheckCode::Coverage, Class::Undecided) if is_behind(report, check) => {
            ("the index is behind: try again later", SCAN)
        }
        (CheckCode::IndexFiles, Class::Unfinished | Class::Undecided) if is_audit => (
            "the index may have been extended meanwhile: audit again, or ask its operator",
            "",
        ),
        (
            CheckCode::IndexProof
            | CheckCode::IndexManifest
            | CheckCode::IndexFiles
            | CheckCode::IndexPositions,
            _,
        ) => ("", SCAN),
        (CheckCode::Question, Class::Undecided) => (
            "`--exact` accepts that; otherwise ask for a bundle made without `--exact`",
            "",
        ),
        (CheckCode::Quorum | CheckCode::IndexQuorum, Class::Undecided) => (
            "witnesses may not have cosigned yet: try again later; an operator has a log cosigned by `[witnesses]` in its `glasslog.toml`, or by `glasslog witness cosign LOG --key SPEC --state FILE`",
            "",
        ),
        (CheckCode::Freshness, Class::Undecided) if fact(check, "time").is_some() => (
            "a newer cosignature dates the log anew, also without a new entry: its operator has witnesses sign by `[witnesses]` in `glasslog.toml`, or by `glasslog witness cosign`",
            "",
        ),
        // A clock that is wrong was named.
        (CheckCode::Freshness, Class::Undecided) if !check.detail.starts_with("the clock") => (
            "witnesses alone date a checkpoint: the policy needs `witness` lines and a quorum of them, and the log their cosignatures",
            "",
        ),
        (CheckCode::Genesis, Class::Undecided) => (
            "`glasslog verify entry` and `glasslog audit` judge logs of any kind",
            "",
        ),
        _ => return None,
    })
}

/// Returns true if a check is open because of a key that was reported compromised.
fn is_compromised(report: &Report, check: &Check) -> bool {
    let events = report.members.events.iter().flatten();
    let mut compromised = events.filter(|event| event.signature == "compromised");
    match check.code {
        CheckCode::Contents => compromised.next().is_some(),
        _ => fact(check, "signature") == Some(&Fact::from("compromised")),
    }
}

/// Returns true if the evidence of a check names this path.
fn is_about(check: &Check, path: &str) -> bool {
    fact(check, "path") == Some(&Fact::from(path))
}

/// Returns true if the index does not cover the whole log.
fn is_behind(report: &Report, check: &Check) -> bool {
    let size = report.checkpoint.as_ref().map_or(0, |head| head.size);
    let covered = fact(check, "upTo");
    fact(check, "method") == Some(&Fact::from("index")) && covered != Some(&Fact::Number(size))
}

fn fact<'a>(check: &'a Check, name: &str) -> Option<&'a Fact> {
    check.evidence.as_ref()?.fact(name)
}
