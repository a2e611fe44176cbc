//! Flags behind the members of an event, for messages about a member that breaks its format.

use std::fmt::Display;

/// Members of an access event, as its errors name them, and the flags that give them.
const OF_ACCESSES: [(&str, &str); 20] = [
    ("subject[].name", "--artifact"),
    ("predicate.actor.id", "--actor"),
    ("predicate.actor.type", "--actor-type"),
    ("predicate.actor.roles", "--role"),
    ("predicate.actor.onBehalfOf", "--on-behalf-of"),
    ("predicate.context.environment", "--env"),
    ("predicate.context.region", "--region"),
    ("predicate.context.pipeline", "--pipeline"),
    ("predicate.reason.code", "--reason-code"),
    ("predicate.reason.text", "--reason"),
    ("predicate.reason.ticket", "--ticket"),
    ("predicate.transfer.from.custodian", "--from"),
    ("predicate.transfer.from.location", "--from-location"),
    ("predicate.transfer.to.custodian", "--to"),
    ("predicate.transfer.to.location", "--to-location"),
    ("predicate.policy", "--policy-decision"),
    ("predicate.references", "--reference"),
    ("predicate.exception.kind", "--exception"),
    ("predicate.exception.approvedBy", "--exception-approver"),
    ("predicate.occurredAt", "--occurred-at"),
];

/// The same of an event that an admin signs.
const OF_ADMINS: [(&str, &str); 3] = [
    ("predicate.actor", "--actor"),
    ("subject[].name", "--actor"),
    ("predicate.reason", "--reason"),
];

/// Puts the flag before an error about a member of an access event.
pub(crate) fn of_access(error: &impl Display) -> String {
    named(error.to_string(), &OF_ACCESSES)
}

/// Puts the flag before an error about a member of an event that an admin signs.
pub(crate) fn of_admins(error: &impl Display) -> String {
    named(error.to_string(), &OF_ADMINS)
}

fn named(message: String, flags: &[(&str, &str)]) -> String {
    let member = message
        .strip_prefix('`')
        .and_then(|rest| rest.split_once('`'));
    let Some((member, _)) = member else {
        return message;
    };
    let is_it = |path: &str| {
        let rest = member.strip_prefix(path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    match flags.iter().find(|(path, _)| is_it(path)) {
        Some((_, flag)) => format!("`{flag}`: {message}"),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_named_by_its_flag() {
        for (message, told) in [
            (
                "`predicate.actor.roles` must be a list, not null",
                "`--role`: `predicate.actor.roles` must be a list, not null",
            ),
            (
                "`predicate.references[].digest` is missing",
                "`--reference`: `predicate.references[].digest` is missing",
            ),
            (
                "`predicate.policyX` is missing",
                "`predicate.policyX` is missing",
            ),
            ("no member", "no member"),
        ] {
            assert_eq!(of_access(&message), told);
        }
        let told = of_admins(&"`predicate.reason` is missing");
        assert_eq!(told, "`--reason`: `predicate.reason` is missing");
    }
}
