//! Results of judging the entries up to a position, which an audit carries over to the next one.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::report::report::Counts;
use crate::rules::registration::Registrations;

/// Results of judging entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EventState {
    pub(crate) counts: Counts,
    pub(crate) first_unreadable: Option<u64>,
    /// Key events of a log with a valid genesis.
    pub(crate) key_events: u64,
    /// The genesis and the key events that say which keys there are, by position.
    pub(crate) entries: BTreeMap<u64, Vec<u8>>,
    pub(crate) valid: u64,
    /// The first event whose signature is wrong; the first by no valid key; and what the report calls it.
    pub(crate) wrong: Option<(u64, &'static str)>,
    pub(crate) undecided: Option<(u64, &'static str)>,
    /// The first registration of a name that is bound to other contents.
    pub(crate) conflict: Option<(u64, String)>,
    pub(crate) registrations: Registrations,
}
