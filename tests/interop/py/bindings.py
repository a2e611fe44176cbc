"""Which registration counts, from docs/formats/bindings.md alone."""

from dataclasses import dataclass

import event


@dataclass
class Binding:
    """A registration that bound a version, or made a bare name owned."""

    at: int
    digests: frozenset
    actor: str
    signers: list


def base_name(name):
    before, _, _ = name.rpartition("@")
    return before or name


def registers(entry):
    """Whether an entry is a registration."""
    return (
        entry is not None
        and entry.kind == event.ACCESS
        and (entry.predicate["action"], entry.predicate["outcome"]) == ("register", "success")
    )


def versions(entry):
    """The digests that a registration gives each of its names with a version."""
    found = {}
    for subject in entry.statement["subject"] if registers(entry) else []:
        if base_name(subject["name"]) != subject["name"]:
            found.setdefault(subject["name"], set()).add(subject["digest"]["sha256"])
    return {name: frozenset(digests) for name, digests in sorted(found.items())}


class Bindings:
    """The bindings after the given entries of a log, by index, judged by the keys of the whole log."""

    def __init__(self, keyring, entries):
        self.keyring = keyring
        self.bound, self.owners = {}, {}
        # Code of the rule that each registration breaks, if one does, and whether it states `newName` wrongly.
        self.conflicts, self.wrong = {}, set()
        counted = set()
        for at, entry in sorted(entries.items()):
            if not registers(entry) or entry.payload in counted:
                continue
            if keyring.judge(at, entry) in ("valid", "compromised"):
                counted.add(entry.payload)
                self.apply(at, entry)

    def stands(self, binding, at):
        """Whether no entry before `at` withdrew a binding."""
        withdrawn = self.withdrawn_at(binding)
        return withdrawn is None or withdrawn > at

    def apply(self, at, entry):
        actor = entry.predicate["actor"]["id"]
        signed, false = self.keyring.by_admins(entry)
        by_admins = not false and len(signed) >= max(self.keyring.threshold, 1)
        signers = [keyid for keyid, _ in entry.signatures]
        bound = {}
        for name, digests in versions(entry).items():
            last = self.bound.get(name)
            if last is not None and self.stands(last, at):
                if last.digests != digests:
                    self.conflicts.setdefault(at, "register-conflict")
                continue
            owner = self.owners.get(base_name(name))
            owns = owner is not None and self.stands(owner, at) and owner.actor == actor
            if last is not None and not owns and not by_admins:
                self.conflicts.setdefault(at, "register-name-freed")
                continue
            bound[name] = Binding(at, digests, actor, signers)
        self.bound.update(bound)
        new = False
        for bare in {base_name(name) for name in bound}:
            owner = self.owners.get(bare)
            if owner is None or by_admins and not self.stands(owner, at):
                self.owners[bare] = Binding(at, frozenset(), actor, signers)
                new = True
        if entry.predicate.get("newName", False) != new:
            self.wrong.add(at)

    def withdrawn_at(self, binding):
        """The key event after which none of the signing keys is valid; None while one is."""
        reports = []
        for keyid in binding.signers:
            enrolment = self.keyring.enrolments.get(keyid)
            if enrolment is None or enrolment.actor != binding.actor or enrolment.at >= binding.at:
                continue
            stated = [at for since, at in enrolment.reports if since <= binding.at]
            if not stated:
                return None
            reports.append(stated[0])
        return max(reports, default=None)

    def in_force(self, name):
        """The binding of a version that no entry withdrew."""
        binding = self.bound.get(name)
        return binding if binding and self.withdrawn_at(binding) is None else None

    def owner(self, bare):
        owner = self.owners.get(bare)
        return owner.actor if owner and self.withdrawn_at(owner) is None else None
