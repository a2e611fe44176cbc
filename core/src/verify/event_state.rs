//! Results of judging the entries up to a position, which an audit carries over to the next one.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::report::report::Counts;
use crate::rules::registration::Registrations;
use crate::verify::faults::Faults;

/// Results of judging entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EventState {
    pub(crate) counts: Counts,
    /// Entries that are no events, and events that were not validly signed when they were logged.
    pub(crate) unreadable: Faults,
    pub(crate) unsigned: Faults,
    /// Key events of a log with a valid genesis.
    pub(crate) key_events: u64,
    /// The genesis, the key events that say which keys there are, and the acknowledgements, by position.
    pub(crate) entries: BTreeMap<u64, Vec<u8>>,
    pub(crate) valid: u64,
    /// The first registration of a name that is bound to other contents.
    pub(crate) conflict: Option<(u64, String)>,
    pub(crate) registrations: Registrations,
}
