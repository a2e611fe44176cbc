//! The logs that a witness cosigns: for each origin its keys, their conditions, and how often it may ask.

use crate::merkle::TreeHead;
use crate::note::{KeyId, Origin, VerifierKey};
use crate::text::escape::display_safe;
use crate::trust::{TrustPolicy, Validity};
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Logs by origin. A checkpoint of any other log is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownLogs {
    logs: BTreeMap<String, KnownLog>,
}

/// A log that a witness cosigns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownLog {
    keys: Vec<KnownKey>,
    /// Further keys, which have to sign too.
    also: Vec<VerifierKey>,
    /// The tree with which the log ended, by each policy that says so.
    last: Vec<TreeHead>,
    /// Requests a day that the log may make; `None` for as many as the witness takes.
    pub requests_a_day: Option<u64>,
}

/// A key that signs for a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownKey {
    pub(crate) key: VerifierKey,
    /// The conditions under which it counts.
    pub(crate) validity: Validity,
}

impl KnownLogs {
    /// Returns the logs of a trust policy, each by the name of its key, with the conditions on it.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn of_policy(policy: &TrustPolicy) -> Result<Self, KnownLogsError> {
        let mut known = Self::default();
        for log in policy.log().logs() {
            let origin = Origin::parse(log.key.name().as_str());
            let origin = origin.map_err(|_| KnownLogsError::Origin {
                name: display_safe(log.key.name().as_str()).to_string(),
            })?;
            let key = KnownKey {
                key: log.key.clone(),
                validity: log.validity,
            };
            let entry = known.add_key(&origin, key, None)?;
            if entry.last.is_empty() {
                entry.last.extend(policy.last(origin.as_str()));
            }
        }
        for key in &policy.log().also {
            known.add_also(key.name().as_str(), key)?;
        }
        Ok(known)
    }

    /// Adds a key of a log. A log may have several keys; the lowest rate of its lines counts.
    ///
    /// # Errors
    /// [`KnownLogsError::SameKey`] or [`KnownLogsError::SameId`].
    pub fn add(
        &mut self,
        origin: &Origin,
        key: VerifierKey,
        requests_a_day: Option<u64>,
    ) -> Result<(), KnownLogsError> {
        let validity = Validity::default();
        self.add_key(origin, KnownKey { key, validity }, requests_a_day)?;
        Ok(())
    }

    fn add_key(
        &mut self,
        origin: &Origin,
        key: KnownKey,
        requests_a_day: Option<u64>,
    ) -> Result<&mut KnownLog, KnownLogsError> {
        let log = self
            .logs
            .entry(origin.as_str().to_string())
            .or_insert_with(|| KnownLog {
                keys: Vec::new(),
                also: Vec::new(),
                last: Vec::new(),
                requests_a_day: None,
            });
        for known in log.all_keys() {
            refuse_same(known, &key.key)?;
        }
        log.keys.push(key);
        log.requests_a_day = match (log.requests_a_day, requests_a_day) {
            (Some(before), Some(new)) => Some(before.min(new)),
            (before, new) => before.or(new),
        };
        Ok(log)
    }

    /// Requires the signature of a further key on each checkpoint of a known log.
    fn add_also(&mut self, origin: &str, key: &VerifierKey) -> Result<(), KnownLogsError> {
        let Some(log) = self.logs.get_mut(origin) else {
            return Ok(());
        };
        if !log.also.contains(key) {
            for known in log.all_keys() {
                refuse_same(known, key)?;
            }
            log.also.push(key.clone());
        }
        Ok(())
    }

    /// Adds the logs of another list. What either says of a log as a whole is required of each of its keys.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn extend(&mut self, other: Self) -> Result<(), KnownLogsError> {
        for (name, log) in other.logs {
            // The origin was parsed before.
            let Ok(origin) = Origin::parse(&name) else {
                continue;
            };
            for key in log.keys {
                let known = self.add_key(&origin, key, log.requests_a_day)?;
                let new = log.last.iter().filter(|last| !known.last.contains(last));
                let new: Vec<TreeHead> = new.copied().collect();
                known.last.extend(new);
            }
            for key in &log.also {
                self.add_also(&name, key)?;
            }
        }
        Ok(())
    }

    /// Refuses logs that sign by a key of the witness, or by one that its lines could be taken for: their checkpoints would
    /// read as cosigned.
    ///
    /// # Errors
    /// [`KnownLogsError::SameKey`] or [`KnownLogsError::SameId`].
    pub fn refuse_own(&self, own: &[&VerifierKey]) -> Result<(), KnownLogsError> {
        for key in self.logs.values().flat_map(KnownLog::all_keys) {
            for own in own {
                refuse_same(own, key)?;
            }
        }
        Ok(())
    }

    /// Returns the log with this origin.
    #[must_use]
    pub fn get(&self, origin: &Origin) -> Option<&KnownLog> {
        self.logs.get(origin.as_str())
    }

    /// Returns the origins in order.
    pub fn origins(&self) -> impl Iterator<Item = &str> {
        self.logs.keys().map(String::as_str)
    }

    /// Returns the number of logs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.logs.len()
    }

    /// Tells whether there is no log.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.logs.is_empty()
    }
}

impl KnownLog {
    /// Returns the keys that sign for the log, with their conditions.
    pub(crate) fn known(&self) -> impl Iterator<Item = &KnownKey> {
        self.keys.iter()
    }

    /// Returns the further keys, which have to sign too.
    pub(crate) fn also(&self) -> &[VerifierKey] {
        &self.also
    }

    /// Returns the trees with which the log ended: at most one, unless policies contradict each other.
    pub(crate) fn last(&self) -> &[TreeHead] {
        &self.last
    }

    /// Returns all keys, the further ones last.
    pub(crate) fn all_keys(&self) -> impl Iterator<Item = &VerifierKey> {
        let keys = self.keys.iter().map(|known| &known.key);
        keys.chain(&self.also)
    }
}

fn refuse_same(one: &VerifierKey, other: &VerifierKey) -> Result<(), KnownLogsError> {
    let name = || display_safe(other.name().as_str()).to_string();
    if one.public() == other.public() {
        return Err(KnownLogsError::SameKey { name: name() });
    }
    if one.name() == other.name() && one.id() == other.id() {
        let id = other.id();
        return Err(KnownLogsError::SameId { name: name(), id });
    }
    Ok(())
}

/// The reason why a key cannot be among those of the known logs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KnownLogsError {
    /// The name of a log's key cannot be an origin.
    #[error("the name of the key `{name}` cannot be the origin of a log")]
    Origin {
        /// The name.
        name: String,
    },
    /// The public key is there twice, or is that of the witness.
    #[error("the key of the log `{name}` is listed twice, or is a key of the witness itself")]
    SameKey {
        /// Name of the second key.
        name: String,
    },
    /// Two keys have one name and one id, so that their lines cannot be told apart.
    #[error(
        "two keys have the name `{name}` and the id {id}: their signatures cannot be told apart"
    )]
    SameId {
        /// Their name.
        name: String,
        /// Their id.
        id: KeyId,
    },
}

impl KnownLogsError {
    /// Returns the stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Origin { .. } => "known-log-origin",
            Self::SameKey { .. } => "known-log-same-key",
            Self::SameId { .. } => "known-log-same-id",
        }
    }
}
