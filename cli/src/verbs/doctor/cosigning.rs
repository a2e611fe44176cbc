//! Witnesses of a log that its policy names and that are never asked.

use std::path::Path;

use glasslog_core::report::Outcome;
use glasslog_log::cosigning::NO_ADDRESS;
use glasslog_log::status::Status;

use super::Finding;
use crate::output::visible;

/// Tells of each witness without an address. A log whose status cannot be read is another finding.
pub(super) fn check(log: &Path) -> Vec<Finding> {
    let Ok(status) = Status::read(log) else {
        return Vec::new();
    };
    let mut told = Vec::from_iter(check_backlog(&status));
    let of_both = [status.witnesses, status.index_witnesses];
    let all = of_both.iter().flat_map(|standings| &standings.witnesses);
    let unasked = all.filter(|witness| !witness.is_asked);
    told.extend(unasked.map(|witness| {
        let detail = format!("witness `{}`: {NO_ADDRESS}", visible(&witness.name));
        let hint = "write its URL at the end of its `witness` line in the policy of `[witnesses]`";
        Finding {
            hint: Some(hint.to_owned()),
            ..Finding::new("witness-address", Outcome::Unknown, detail)
        }
    }));
    told
}

/// Tells of entries that are durable and not public, and whom they wait for.
fn check_backlog(status: &Status) -> Option<Finding> {
    let (count, seconds) = (status.backlog(), status.lag?);
    let waiting: Vec<String> = status
        .waiting_for()
        .iter()
        .map(|name| visible(name))
        .collect();
    let (waits, hint) = match (waiting.is_empty(), &status.writer) {
        (false, _) => (
            format!("; waiting for {}", waiting.join(", ")),
            "a quorum of the witnesses has to cosign: `glasslog log status` says what each answered",
        ),
        (true, None) => (
            String::new(),
            "`glasslog publish` makes them public, and so does `glasslog serve`",
        ),
        (true, Some(_)) => return None,
    };
    let entries = match count {
        1 => "1 entry is".to_owned(),
        count => format!("{count} entries are"),
    };
    let detail = format!(
        "{entries} durable and not public{waits}; the public checkpoint is {seconds} s old"
    );
    Some(Finding::fail("backlog", detail, hint.to_owned()))
}
