//! The keys of a log, replayed from its entries in order: the genesis, and every key event after it (`docs/formats/events.md`).

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};

use crate::event::access_keys::is_malformed;
use crate::event::event::{self, Event, ParsedEntry};
use crate::merkle::hash::{Hash, leaf_hash};
use crate::report::check::{CheckCode, Checks, Class};
use crate::report::evidence::Evidence;
use crate::report::words::{NO_GENESIS, NO_PINNED_GENESIS, entries};
use crate::rules::acknowledgements::Acknowledgements;
use crate::rules::key_effect::{KeyEffect, NoEffect};
use crate::rules::keyring::Keyring;
use crate::rules::signature_status::SignatureStatus;
use crate::verify::entry_proof::ProvenEntry;
use crate::verify::event_state::EventState;
use crate::verify::faults::{Faults, UNREADABLE};

/// State of the keys after the entries read so far.
pub(crate) struct KeyHistory {
    origin: String,
    /// The leaf hash that the reader's policy pins for entry 0.
    pin: Option<Hash>,
    genesis: Genesis,
    unreadable: Faults,
    acknowledgements: Acknowledgements,
    key_events: u64,
    /// Key events that changed nothing, and why.
    without_effect: BTreeMap<u64, NoEffect>,
}

enum Genesis {
    /// Nothing was read yet.
    Unread,
    /// Entry 0 is something else: this log states no keys.
    Absent,
    /// Entry 0 claims to be a genesis and is not a valid one of this log.
    Wrong(String),
    Valid(Hash, Keyring),
}

impl KeyHistory {
    pub(crate) fn new(origin: &str, pin: Option<Hash>) -> Self {
        Self {
            origin: origin.to_string(),
            pin,
            genesis: Genesis::Unread,
            unreadable: Faults::default(),
            acknowledgements: Acknowledgements::default(),
            key_events: 0,
            without_effect: BTreeMap::new(),
        }
    }

    /// Returns true if the trust policy pins the genesis of this log.
    pub(crate) const fn is_pinned(&self) -> bool {
        self.pin.is_some()
    }

    /// Continues from what an audit has read up to `read`.
    pub(crate) fn restore(&mut self, events: &EventState, read: u64) {
        if read > 0 {
            self.genesis = Genesis::Absent;
        }
        for (index, entry) in &events.entries {
            // They parsed when the state did.
            if let Ok(parsed) = event::parse(entry) {
                self.absorb_parsed(*index, leaf_hash(entry), Some(&parsed));
            }
        }
        self.key_events = events.key_events;
        self.unreadable = events.unreadable.clone();
    }

    /// Records the results so far, except the entries.
    pub(crate) fn save(&self, events: &mut EventState) {
        events.key_events = self.key_events;
        events.counts.unreadable = self.unreadable.count();
        events.unreadable = self.unreadable.clone();
    }

    /// Takes in the next entry, which must be the one at `index`. An entry that is no event is counted if it has no outline,
    /// so that its subjects are unknown; the others concern the readers of their subjects alone.
    pub(crate) fn absorb<'a>(
        &mut self,
        index: u64,
        leaf_hash: Hash,
        bytes: &'a [u8],
    ) -> ProvenEntry<'a> {
        let (keys, parsed) = event::read(bytes);
        if parsed.is_none() && is_malformed(&keys) {
            self.unreadable.add(index, leaf_hash, UNREADABLE);
        }
        self.absorb_parsed(index, leaf_hash, parsed.as_ref());
        ProvenEntry {
            index,
            leaf_hash,
            bytes,
            keys,
            parsed,
        }
    }

    /// As [`absorb`](Self::absorb), for an entry that was parsed before; counts none. Returns `true` if a later reader must read the entry again to
    /// know the same about keys.
    pub(crate) fn absorb_parsed(
        &mut self,
        index: u64,
        leaf_hash: Hash,
        parsed: Option<&ParsedEntry>,
    ) -> bool {
        if index == 0 {
            self.absorb_first(leaf_hash, parsed);
            return self.has_genesis();
        }
        parsed.is_some_and(|parsed| {
            self.absorb_key_event(index, parsed) || self.absorb_acknowledgement(index, parsed)
        })
    }

    /// Takes in the next acknowledgement; others change nothing. Returns true if it took effect.
    pub(crate) fn absorb_acknowledgement(&mut self, index: u64, parsed: &ParsedEntry) -> bool {
        match &self.genesis {
            Genesis::Valid(_, keyring) => self.acknowledgements.apply(keyring, index, parsed),
            _ => false,
        }
    }

    /// Takes in entry 0; `None` if it cannot be read.
    pub(crate) fn absorb_first(&mut self, leaf_hash: Hash, parsed: Option<&ParsedEntry>) {
        self.genesis = self.read_genesis(leaf_hash, parsed);
    }

    /// Takes in the next event about a key; others change nothing. What is known of one key follows from its events
    /// alone, so only these must come in log order.
    /// Returns true if it is about keys, or is the first entry that is not.
    pub(crate) fn absorb_key_event(&mut self, index: u64, parsed: &ParsedEntry) -> bool {
        if let Genesis::Valid(_, keyring) = &mut self.genesis
            && matches!(parsed.event, Event::Key(_))
        {
            self.key_events += 1;
            let KeyEffect::None(reason) = keyring.apply(index, parsed) else {
                return true;
            };
            // Admins who signed in vain have signed all the same: a copy of it has no effect later.
            let counts =
                !reason.is_about_signatures() && !matches!(reason, NoEffect::Replayed { .. });
            let is_first = self.without_effect.is_empty();
            self.without_effect.insert(index, reason);
            return counts || is_first;
        }
        false
    }

    /// The entries that are no events, to add those that are found otherwise.
    pub(crate) const fn unreadable_mut(&mut self) -> &mut Faults {
        &mut self.unreadable
    }

    /// The entries that are no events.
    pub(crate) const fn unreadable(&self) -> &Faults {
        &self.unreadable
    }

    /// The number of keys that were compromised.
    pub(crate) fn compromised_keys(&self) -> u64 {
        let keys = self
            .keyring()
            .into_iter()
            .flat_map(|ring| ring.keys().values());
        let revoked = keys.filter_map(|key| key.revoked.as_ref());
        let count = revoked
            .filter(|revoked| revoked.compromised_since().is_some())
            .count();
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    /// The acknowledgements so far.
    pub(crate) const fn acknowledgements(&self) -> &Acknowledgements {
        &self.acknowledgements
    }

    fn read_genesis(&self, leaf_hash: Hash, parsed: Option<&ParsedEntry>) -> Genesis {
        let Some(parsed) = parsed.filter(|parsed| matches!(parsed.event, Event::Genesis(_))) else {
            return Genesis::Absent;
        };
        match Keyring::from_genesis(&self.origin, parsed) {
            Ok(keyring) => Genesis::Valid(leaf_hash, keyring),
            Err(error) => Genesis::Wrong(error.to_string()),
        }
    }

    pub(crate) const fn has_genesis(&self) -> bool {
        matches!(self.genesis, Genesis::Valid(..) | Genesis::Wrong(_))
    }

    /// The keys so far, in a log with a valid genesis.
    pub(crate) const fn keyring(&self) -> Option<&Keyring> {
        match &self.genesis {
            Genesis::Valid(_, keyring) => Some(keyring),
            _ => None,
        }
    }

    /// The code of the reason for which the event at `index` about an actor's or the log's key changed nothing.
    pub(crate) fn no_effect(&self, index: u64, parsed: &ParsedEntry) -> Option<&'static str> {
        match (&parsed.event, self.keyring()) {
            (Event::LogKey(event), Some(keyring)) => {
                let placed = keyring.check_place(index, event);
                placed.err().map(|reason| reason.code())
            }
            _ => self.without_effect.get(&index).map(NoEffect::code),
        }
    }

    /// Status of the signature of the event at `index`.
    pub(crate) fn signature(&self, index: u64, parsed: &ParsedEntry) -> SignatureStatus {
        match &self.genesis {
            Genesis::Valid(_, keyring) => keyring.judge(index, parsed),
            _ => SignatureStatus::UnknownKey {
                keyid: parsed.keyid().to_string(),
            },
        }
    }

    pub(crate) fn judge_genesis(&self, checks: &mut Checks) {
        let code = CheckCode::Genesis;
        match (&self.genesis, self.pin) {
            (Genesis::Valid(leaf_hash, _), pin) => {
                let evidence = Evidence::new().with("leafHash", *leaf_hash);
                match pin {
                    None => {
                        let detail = "entry 0 names the admins of this log; the trust policy does not pin it";
                        checks.pass(code, detail, Some(evidence.with("pinned", "no")));
                    }
                    Some(pin) if pin == *leaf_hash => {
                        checks.pass(
                            code,
                            "entry 0 is the genesis that the trust policy pins",
                            Some(evidence.with("pinned", "yes")),
                        );
                    }
                    Some(pin) => {
                        let detail = "entry 0 is not the genesis that the trust policy pins";
                        checks.fail(code, Class::False, detail, Some(evidence.with("pin", pin)));
                    }
                }
            }
            (Genesis::Wrong(why), _) => {
                checks.fail(
                    code,
                    Class::False,
                    format!("entry 0 is not a valid genesis of this log: {why}"),
                    None,
                );
            }
            (Genesis::Absent, Some(pin)) => {
                let detail = NO_PINNED_GENESIS;
                checks.fail(
                    code,
                    Class::False,
                    detail,
                    Some(Evidence::new().with("pin", pin)),
                );
            }
            (Genesis::Absent, None) => {
                checks.unknown(code, NO_GENESIS, None);
            }
            (Genesis::Unread, _) => checks.unknown(code, "the log is empty", None),
        }
    }

    /// Records a genesis that is proven to be wrong, although not every entry was read.
    pub(crate) fn judge_wrong_genesis(&self, checks: &mut Checks) {
        let is_wrong = match (&self.genesis, self.pin) {
            (Genesis::Wrong(_), _) | (Genesis::Absent, Some(_)) => true,
            (Genesis::Valid(leaf_hash, _), Some(pin)) => pin != *leaf_hash,
            (Genesis::Unread, _) | (Genesis::Valid(..) | Genesis::Absent, None) => false,
        };
        if is_wrong {
            checks.require(CheckCode::Genesis, true);
            self.judge_genesis(checks);
        }
    }

    /// Judges whether every entry is an event, which is required of a log with a genesis.
    pub(crate) fn judge_readable(&self, unreadable: &Faults, checks: &mut Checks) {
        let code = CheckCode::Readable;
        checks.require(code, self.has_genesis());
        let Some(first) = unreadable.first() else {
            return checks.pass(code, "every entry is readable as an event", None);
        };
        let count = unreadable.count();
        let acknowledged = unreadable.acknowledged(&self.acknowledgements);
        let mut evidence = Evidence::new()
            .with("unreadable", count)
            .with("first", first);
        if acknowledged > 0 {
            evidence = evidence.with("acknowledged", acknowledged);
        }
        let those = match count {
            1 => format!("entry {first} is no event"),
            _ => format!("{} are no events, the first at {first}", entries(count)),
        };
        if acknowledged == count {
            let detail = format!("{those}; the admins acknowledged that, and it decides nothing");
            return checks.pass(code, detail, Some(evidence));
        }
        let detail = match (self.has_genesis(), acknowledged) {
            (false, _) => format!("{those}; the subject is unknown"),
            (true, 0) => format!("{those}: the operator let in what has no known subject"),
            (true, _) => format!(
                "{those}: the operator let in what has no known subject, and the admins acknowledged only {acknowledged}"
            ),
        };
        checks.unknown(code, detail, Some(evidence));
    }

    pub(crate) fn judge_key_events(&self, checks: &mut Checks) {
        let code = CheckCode::KeyEvents;
        match self.without_effect.first_key_value() {
            None => {
                let detail = match self.key_events {
                    0 => "there is no key event".to_string(),
                    1 => "the key event took effect".to_string(),
                    count => format!("all {count} key events took effect"),
                };
                checks.pass(code, detail, None);
            }
            Some((index, reason)) => {
                let evidence = Evidence::new()
                    .with("index", *index)
                    .with("reason", reason.code());
                checks.unknown(
                    code,
                    format!("the key event at {index} changed nothing: {reason}"),
                    Some(evidence),
                );
            }
        }
    }
}
