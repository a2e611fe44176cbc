//! The lines of `[validity]` in a trust file (`docs/formats/trust-policy.md`, "Validity").
//!
//! ```text
//! key models.example.com/access+05bba325 up-to-size 20611
//! log models.example.com/2025 final 20611 ZC0qkbIn+A6aE9vZt3B8Rzu7vZDhQUEGBHXqXn2dKYQ=
//! ```

use crate::merkle::hash::Hash;
use crate::merkle::tree::TreeHead;
use crate::note::key::VerifierKey;
use crate::note::key_name::SignatureType;
use crate::text::{time, wire};
use crate::trust::policy::{Log, Policy};
use crate::trust::policy_text::{Line, text_of, words};
use crate::trust::section::Section;
use crate::trust::trust_error::TrustError;
use crate::trust::validity::{Subject, Terms};
use crate::trust::validity_error::ValidityProblem;
use alloc::format;
use alloc::vec::Vec;

/// The policies that the lines are about.
pub(crate) struct Policies<'a> {
    pub(crate) log: &'a mut Policy,
    pub(crate) index: Option<&'a mut Policy>,
    pub(crate) audit: Option<&'a mut Policy>,
}

/// Parses the lines, and gives the keys of the policies their conditions.
pub(crate) fn apply(
    lines: &[Line<'_>],
    policies: &mut Policies<'_>,
) -> Result<Vec<Terms>, TrustError> {
    let mut all: Vec<(usize, Terms)> = Vec::new();
    for (line, text) in lines {
        let found = words(*line, text).map_err(TrustError::Policy)?;
        if found.is_empty() {
            continue;
        }
        let refused = |problem| TrustError::Validity {
            line: *line,
            problem,
        };
        let terms = parse(&found).map_err(refused)?;
        let is_same = |(_, seen): &&(usize, Terms)| seen.subject == terms.subject;
        if let Some((first, _)) = all.iter().find(is_same) {
            return Err(refused(ValidityProblem::SubjectTwice { first: *first }));
        }
        policies.apply(&terms).map_err(refused)?;
        all.push((*line, terms));
    }
    Ok(all.into_iter().map(|(_, terms)| terms).collect())
}

fn parse(found: &[&[u8]]) -> Result<Terms, ValidityProblem> {
    let (subject, mut rest) = match found {
        [b"key", key, rest @ ..] => (Subject::Key(text_of(key)), rest),
        [b"log", origin, rest @ ..] => (Subject::Log(text_of(origin)), rest),
        _ => return Err(ValidityProblem::Shape),
    };
    let mut terms = Terms::new(subject);
    if rest.is_empty() {
        return Err(ValidityProblem::Shape);
    }
    while let [name, after @ ..] = rest {
        let word = |at: usize| {
            let word = after.get(at).copied().unwrap_or_default();
            core::str::from_utf8(word).unwrap_or_default()
        };
        let (is_first, values) = match *name {
            b"from" => (set(&mut terms.window.from, time::parse(word(0))), 1),
            b"until" => (set(&mut terms.window.until, time::parse(word(0))), 1),
            b"from-size" => (set(&mut terms.from_size, wire::parse_decimal(word(0))), 1),
            b"up-to-size" => (set(&mut terms.up_to_size, wire::parse_decimal(word(0))), 1),
            b"max-age" => (set(&mut terms.max_age, time::parse_duration(word(0))), 1),
            b"also" => (set(&mut terms.also, VerifierKey::parse(word(0)).ok()), 1),
            b"final" => (set(&mut terms.last, head(word(0), word(1))), 2),
            _ => {
                let name = text_of(name);
                return Err(ValidityProblem::Condition { name });
            }
        };
        match is_first {
            Some(true) => {}
            Some(false) => {
                return Err(ValidityProblem::Twice {
                    name: text_of(name),
                });
            }
            None => {
                return Err(ValidityProblem::Value {
                    name: text_of(name),
                });
            }
        }
        rest = after.get(values..).unwrap_or_default();
    }
    match terms.window.is_empty() {
        true => Err(ValidityProblem::EmptyWindow),
        false => Ok(terms),
    }
}

/// Sets a condition; `None` if it has no value, false if it was set before.
fn set<T>(to: &mut Option<T>, value: Option<T>) -> Option<bool> {
    Some(to.replace(value?).is_none())
}

fn head(size: &str, root: &str) -> Option<TreeHead> {
    let size = wire::parse_decimal(size)?;
    let root = Hash::parse_base64(root)?;
    (size > 0).then_some(TreeHead { size, root })
}

impl Policies<'_> {
    /// Gives the keys that a line is about its conditions.
    fn apply(&mut self, terms: &Terms) -> Result<(), ValidityProblem> {
        match &terms.subject {
            Subject::Key(key) => self.apply_to_key(key, terms),
            Subject::Log(origin) => self.apply_to_log(origin, terms),
        }
    }

    fn apply_to_key(&mut self, name: &str, terms: &Terms) -> Result<(), ValidityProblem> {
        let of_log = [
            ("max-age", terms.max_age.is_some()),
            ("final", terms.last.is_some()),
            ("also", terms.also.is_some()),
        ];
        if let Some((condition, _)) = of_log.into_iter().find(|(_, is_set)| *is_set) {
            return Err(ValidityProblem::NotOfKey { condition });
        }
        let is_it = |key: &VerifierKey| key.name_and_id() == name;
        let mut is_known = false;
        for (section, policy) in self.sections() {
            let logs = policy.logs.iter_mut().filter(|log| is_it(&log.key));
            let mut found = false;
            for log in logs {
                found = true;
                limit(log, terms)?;
            }
            if found {
                check_quorum(section, policy, terms)?;
            }
            for witness in policy
                .witnesses
                .iter_mut()
                .filter(|witness| is_it(&witness.key))
            {
                found = true;
                if terms.up_to_size.is_some() || terms.from_size.is_some() {
                    return Err(ValidityProblem::NotOfWitness);
                }
                witness.window = witness.window.and(terms.window);
            }
            // Signatures of such a witness count for nothing, whenever they were made.
            let mut unsupported = policy.unsupported.iter();
            if unsupported
                .any(|witness| format!("{}+{}", witness.key.name(), witness.key.id()) == name)
            {
                found = true;
                if terms.up_to_size.is_some() || terms.from_size.is_some() {
                    return Err(ValidityProblem::NotOfWitness);
                }
            }
            is_known |= found;
        }
        match is_known {
            true => Ok(()),
            false => Err(ValidityProblem::UnknownKey { key: name.into() }),
        }
    }

    fn apply_to_log(&mut self, origin: &str, terms: &Terms) -> Result<(), ValidityProblem> {
        let mut is_known = false;
        if let Some(key) = &terms.also {
            check_also(origin, key)?;
            let mut policies = self.sections();
            if policies.any(|(_, policy)| {
                policy
                    .keys()
                    .iter()
                    .any(|known| known.public() == key.public())
            }) {
                return Err(ValidityProblem::AlsoKnown);
            }
        }
        for (section, policy) in self.sections() {
            let logs = policy.logs.iter_mut();
            for log in logs.filter(|log| log.key.name().as_str() == origin) {
                is_known = true;
                limit(log, terms)?;
            }
            if policy
                .logs
                .iter()
                .any(|log| log.key.name().as_str() == origin)
            {
                check_quorum(section, policy, terms)?;
                policy.also.extend(terms.also.clone());
                if section != Section::Log && (terms.max_age.is_some() || terms.last.is_some()) {
                    return Err(ValidityProblem::NotOfIndex);
                }
            }
        }
        match is_known {
            true => Ok(()),
            false => Err(ValidityProblem::UnknownLog {
                origin: origin.into(),
            }),
        }
    }

    fn sections(&mut self) -> impl Iterator<Item = (Section, &mut Policy)> {
        let log = Some((Section::Log, &mut *self.log));
        let index = self.index.as_deref_mut();
        let index = index.map(|index| (Section::Index, index));
        let audit = self.audit.as_deref_mut();
        let audit = audit.map(|audit| (Section::Audit, audit));
        [log, index, audit].into_iter().flatten()
    }
}

/// Checks that a further key is one by ML-DSA-44 that bears the log's name: any other would be a second log or a witness.
fn check_also(origin: &str, key: &VerifierKey) -> Result<(), ValidityProblem> {
    let is_fit = key.signature_type() == SignatureType::SubtreeV1 && key.name().as_str() == origin;
    match is_fit {
        true => Ok(()),
        false => Err(ValidityProblem::AlsoUnfit),
    }
}

fn limit(log: &mut Log, terms: &Terms) -> Result<(), ValidityProblem> {
    log.validity = log.validity.and(terms.validity());
    match log.validity.window.is_empty() || log.validity.has_no_size() {
        true => Err(ValidityProblem::EmptyWindow),
        false => Ok(()),
    }
}

/// Refuses a condition on time where no witness vouches for one: nothing would ever meet it.
fn check_quorum(section: Section, policy: &Policy, terms: &Terms) -> Result<(), ValidityProblem> {
    let is_timed = terms.window.is_limited() || terms.max_age.is_some();
    match is_timed && !policy.requires_witnesses() {
        true => Err(ValidityProblem::NoQuorum { section }),
        false => Ok(()),
    }
}
