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


def owned(bare):
    """The key of the owner of a bare name: no name contains a space."""
    return f"{bare} "


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
        # The bindings that each registration made when it was logged, in log order; an owner has the bare name and a space.
        self.made = []
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
        by_admins = self.keyring.is_countersigned(entry)
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
        self.made += bound.items()
        new = False
        for bare in {base_name(name) for name in bound}:
            owner = self.owners.get(bare)
            if owner is None or by_admins and not self.stands(owner, at):
                self.owners[bare] = Binding(at, frozenset(), actor, signers)
                self.made.append((owned(bare), self.owners[bare]))
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

    def deciding(self, name):
        """Of the registrations that bound a name, the first that is in force, or else the last one."""
        made = [binding for other, binding in self.made if other == name]
        in_force = [binding for binding in made if self.withdrawn_at(binding) is None]
        return next(iter(in_force + made[-1:]), None)

    def holder(self, name):
        """The actor who holds a version, or a bare name (docs/formats/valid-signature.md, "Whose events must count")."""
        bare = owned(base_name(name))
        own = self.deciding(bare if base_name(name) == name else name)
        made = [binding for other, binding in self.made if other == bare and own and binding.at <= own.at]
        in_force = [binding for binding in made if self.withdrawn_at(binding) is None]
        decides = next(iter(in_force), own)
        return decides and decides.actor
