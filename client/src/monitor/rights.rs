//! The keys of a log, folded by a monitor over every entry that it reads (`docs/formats/valid-signature.md`).

use std::collections::BTreeMap;
use std::sync::Arc;

use glasslog_core::event::{Event, ParsedEntry, parse};
use glasslog_core::merkle::{Hash, leaf_hash};
use glasslog_core::rules::{Compromise, KeyEffect, Keyring, NoEffect};

/// Most bytes of the entries that a monitor keeps of one log: the genesis and the key events that enough admins signed, some
/// 5,000. All admins together can make it more.
pub(super) const MAX_RIGHTS: usize = 8 << 20;

/// The keys of a log after the entries that were read; none before entry 0, and in a log without a genesis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights(Option<Arc<Known>>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    keyring: Keyring,
    /// The genesis and the key events that count, by position: the keyring follows from them.
    entries: BTreeMap<u64, Vec<u8>>,
    bytes: usize,
}

/// A rule that an entry about keys breaks, and that ends the reading.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RightsError {
    /// Entry 0 claims to be a genesis.
    #[error("entry 0 is not a valid genesis of this log: {0}")]
    Genesis(String),
    /// There are too many key events.
    #[error(
        "the key events of the log have more than {MAX_RIGHTS} bytes, which is all that a monitor keeps"
    )]
    TooLarge,
}

impl Rights {
    /// Takes in the next entry about keys, or the first entry; others change nothing. Returns the reason for which a key event
    /// has no effect.
    pub(super) fn absorb(
        &mut self,
        origin: &str,
        index: u64,
        bytes: &[u8],
        parsed: &ParsedEntry,
    ) -> Result<Option<NoEffect>, RightsError> {
        if index == 0 {
            self.0 = self.begin(origin, bytes, parsed)?;
            return Ok(None);
        }
        let Some(known) = self
            .0
            .as_mut()
            .filter(|_| matches!(parsed.event, Event::Key(_)))
        else {
            return Ok(None);
        };
        let known = Arc::make_mut(known);
        let reason = match known.keyring.apply(index, parsed) {
            KeyEffect::None(reason) => Some(reason),
            _ => None,
        };
        // Admins who signed in vain have signed all the same: a copy of it has no effect later.
        let counts = reason.as_ref().is_none_or(|reason| {
            !reason.is_about_signatures() && !matches!(reason, NoEffect::Replayed { .. })
        });
        if counts {
            known.bytes += bytes.len();
            if known.bytes > MAX_RIGHTS {
                return Err(RightsError::TooLarge);
            }
            known.entries.insert(index, bytes.to_vec());
        }
        Ok(reason)
    }

    fn begin(
        &self,
        origin: &str,
        bytes: &[u8],
        parsed: &ParsedEntry,
    ) -> Result<Option<Arc<Known>>, RightsError> {
        if !matches!(parsed.event, Event::Genesis(_)) {
            return Ok(None);
        }
        let keyring = Keyring::from_genesis(origin, parsed);
        let keyring = keyring.map_err(|error| RightsError::Genesis(error.to_string()))?;
        Ok(Some(Arc::new(Known {
            keyring,
            entries: BTreeMap::from([(0, bytes.to_vec())]),
            bytes: bytes.len(),
        })))
    }

    /// Folds kept entries again; `None` if they are not those that [`absorb`](Self::absorb) kept.
    pub(super) fn restore(origin: &str, entries: &BTreeMap<u64, Vec<u8>>) -> Option<Self> {
        let mut rights = Self::default();
        for (index, bytes) in entries {
            let parsed = parse(bytes).ok()?;
            rights.absorb(origin, *index, bytes, &parsed).ok()?;
        }
        rights.entries().eq(entries).then_some(rights)
    }

    /// Returns the kept entries, by position.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&u64, &Vec<u8>)> {
        self.0.iter().flat_map(|known| &known.entries)
    }

    /// Returns the leaf hash of the genesis.
    pub(super) fn genesis(&self) -> Option<Hash> {
        let known = self.0.as_ref()?;
        known.entries.get(&0).map(|bytes| leaf_hash(bytes))
    }

    /// Returns the keys; `None` in a log without a genesis.
    pub(super) fn keyring(&self) -> Option<&Keyring> {
        self.0.as_ref().map(|known| &known.keyring)
    }

    /// Returns the statements from entry `first` on that a key was compromised.
    pub(super) fn compromises(&self, first: u64) -> impl Iterator<Item = Compromise> {
        let keys = self
            .keyring()
            .into_iter()
            .flat_map(|keyring| keyring.keys().values());
        let revocations = keys.filter_map(|key| key.revoked.as_ref());
        let stated = revocations.flat_map(|revocation| revocation.compromises.iter().copied());
        stated.filter(move |compromise| compromise.stated_at >= first)
    }
}
