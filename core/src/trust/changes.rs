//! Trust policies in words, and the differences between two (`docs/formats/trust-policy.md`, "Changes").

use crate::text::escape::display_safe;
use crate::trust::policy::Policy;
use crate::trust::section::Section;
use crate::trust::trust_policy::TrustPolicy;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// One thing that a policy says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The section that says it.
    pub section: Section,
    /// A phrase for people, with text from the file escaped: ``the key `…` of the log``.
    pub text: String,
}

/// One thing that only the older or only the newer of two policies says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Returns true if the newer policy says it.
    pub is_new: bool,
    /// The statement.
    pub statement: Statement,
}

/// Lists what one policy says and the other does not, first what the older one says; empty if both mean the same. Comments, URLs,
/// names of groups and the order of lines are no part of it.
#[must_use]
pub fn changes(old: &TrustPolicy, new: &TrustPolicy) -> Vec<Change> {
    let (old, new) = (describe(old), describe(new));
    let gone = old.iter().filter(|statement| !new.contains(statement));
    let added = new.iter().filter(|statement| !old.contains(statement));
    let change = |is_new: bool| {
        move |statement: &Statement| Change {
            is_new,
            statement: statement.clone(),
        }
    };
    gone.map(change(false))
        .chain(added.map(change(true)))
        .collect()
}

/// Says what a policy trusts, statement by statement.
#[must_use]
pub fn describe(policy: &TrustPolicy) -> Vec<Statement> {
    let mut said = Vec::new();
    let sections = [
        (Section::Log, Some(policy.log())),
        (Section::Index, policy.index()),
        (Section::Audit, policy.audit()),
    ];
    for (section, policy) in sections {
        if let Some(policy) = policy {
            describe_section(section, policy, &mut said);
        }
    }
    said.extend(policy.pins().iter().map(|pin| Statement {
        section: Section::Genesis,
        text: match &pin.origin {
            Some(origin) => format!("the log {} begins with {}", quoted(origin), pin.leaf_hash),
            None => format!("the log begins with {}", pin.leaf_hash),
        },
    }));
    said.extend(policy.terms().iter().map(|terms| Statement {
        section: Section::Validity,
        text: format!("the condition {}", quoted(&terms.to_string())),
    }));
    said
}

fn describe_section(section: Section, policy: &Policy, said: &mut Vec<Statement>) {
    let (log, cosigner) = match section {
        Section::Audit => ("index", "auditor"),
        Section::Index => ("index", "witness"),
        _ => ("log", "witness"),
    };
    let mut say = |text| said.push(Statement { section, text });
    // The logs of [audit] are those of [index].
    for known in policy.logs().iter().filter(|_| section != Section::Audit) {
        say(format!(
            "the key {} of the {log}",
            quoted(&known.key.to_string())
        ));
    }
    let supported = policy.witnesses().iter();
    let supported = supported.map(|witness| (&witness.name, witness.key.to_string(), ""));
    let others = policy.unsupported().iter();
    let uncounted = ", which this version cannot verify with";
    let others = others.map(|witness| (&witness.name, witness.key.to_string(), uncounted));
    for (name, key, remark) in supported.chain(others) {
        say(format!(
            "the {cosigner} {} with the key {}{remark}",
            quoted(name),
            quoted(&key)
        ));
    }
    say(format!("the quorum: {}", policy.needs()));
}

fn quoted(text: &str) -> String {
    format!("`{}`", display_safe(text))
}
