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
    let of_both = [status.witnesses, status.index_witnesses];
    let all = of_both.iter().flat_map(|standings| &standings.witnesses);
    let unasked = all.filter(|witness| !witness.is_asked);
    let told = unasked.map(|witness| {
        let detail = format!("witness `{}`: {NO_ADDRESS}", visible(&witness.name));
        let hint = "write its URL at the end of its `witness` line in the policy of `[witnesses]`";
        Finding {
            hint: Some(hint.to_owned()),
            ..Finding::new("witness-address", Outcome::Unknown, detail)
        }
    });
    told.collect()
}
