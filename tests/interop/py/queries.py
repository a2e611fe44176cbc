#!/usr/bin/env python3
"""Asks a log the questions of `glasslog history` and compares the answers, from the format pages alone.

    queries.py PUBLIC POLICY REPORT...

PUBLIC is a log's public tree, POLICY a trust policy of one key for each role, and each REPORT the JSON of a history. The entries, the
keys, the bindings, the closure and the index are read anew here; a difference in a key, an event, a verdict or a version is printed.
"""

import json
import pathlib
import sys
from hashlib import sha256

import event
import index
import outline
from bindings import Bindings, base_name, registers, versions
from keyring import Keyring
from tlog import Checkpoint, Malformed, Untrue, VerifierKey, leaf_hash

KINDS = {
    "version": outline.VERSION,
    "name": outline.NAME,
    "digest": outline.DIGEST,
    "actor": outline.ACTOR,
    "key": outline.SIGNING_KEY,
}
STATE = {
    outline.VERSION: outline.VERSION_STATE,
    outline.NAME: outline.NAME_STATE,
    outline.DIGEST: outline.DIGEST_STATE,
    outline.ACTOR: outline.AUTHORITY,
    outline.SIGNING_KEY: outline.KEY_STATE,
}
# Names of the kinds in reports.
NAMES = {number: name for name, number in KINDS.items()} | {
    outline.VERSION_STATE: "version-state",
    outline.NAME_STATE: "name-state",
    outline.DIGEST_STATE: "digest-state",
    outline.AUTHORITY: "authority",
    outline.KEY_STATE: "key-state",
}
BUNDLE = 256
# Parties beside actors, which have no empty id and no space in it.
ADMINS, ANYBODY = " admins", " anybody"
# Digests that the events of a version link, and those that a history links.
OWN_DIGESTS, LINKED_DIGESTS = 32, 256
# The place in the predicate of each member of an event in a report (docs/formats/report.md, "Events").
SIGNED = {
    "occurredAt": ("occurredAt",),
    "eventId": ("eventId",),
    "onBehalfOf": ("actor", "onBehalfOf"),
    "actorType": ("actor", "type"),
    "environment": ("context", "environment"),
    "region": ("context", "region"),
    "pipeline": ("context", "pipeline"),
    "policy": ("policy",),
    "exception": ("exception",),
    "actsOn": ("actsOn",),
    "log": ("log",),
    "files": ("files",),
    "fileList": ("fileList",),
}


def read_entries(root, size):
    """The entries of a tree of tiles; a partial bundle may be gone, and the full one begins with it."""
    entries = []
    for number in range(-(-size // BUNDLE)):
        width = min(BUNDLE, size - number * BUNDLE)
        path = root / f"tile/entries/{index.place(number)}"
        partial = path.with_name(f"{path.name}.p") / str(width)
        rest = (partial if width < BUNDLE and partial.exists() else path).read_bytes()
        for _ in range(width):
            length = int.from_bytes(rest[:2], "big")
            entries.append(rest[2 : 2 + length])
            rest = rest[2 + length :]
    return entries


class Log:
    """Every entry of a log, once the checkpoint commits to it."""

    def __init__(self, root, trust):
        self.root, self.trust = root, trust
        self.checkpoint = Checkpoint.parse(self.read("checkpoint"))
        self.checkpoint.verify(trust.log)
        self.raw = read_entries(root, self.checkpoint.size)
        computed = index.tree_root([leaf_hash(raw) for raw in self.raw]) if self.raw else sha256(b"").digest()
        if computed != self.checkpoint.root:
            raise Untrue("the entries do not have the signed root")
        self.entries = [parse(raw) for raw in self.raw]
        self.keyring = Keyring(self.checkpoint.origin, self.entries)

    def read(self, path):
        return (self.root / path).read_bytes()

    def scan(self, hashed):
        """The indices of the entries with a key."""
        function = index.vouched(self.read("index/latest.tlog-proof"), self.trust).map()
        return [at for at, raw in enumerate(self.raw) if hashed in function.keys(raw)]

    def look_up(self, hashed):
        """The same by the index; the tail that it does not cover yet is scanned."""
        manifest = index.vouched(self.read("index/latest.tlog-proof"), self.trust)
        covered, keys = manifest.checkpoint.size, manifest.map().keys
        tail = [at for at in range(covered, len(self.raw)) if hashed in keys(self.raw[at])]
        return manifest.positions(hashed, self.read) + tail


def parse(raw):
    try:
        return event.parse(raw)
    except Malformed:
        return None


def view(log, at):
    """The members of an event that follow from its bytes and the keys."""
    entry = log.entries[at]
    shown = {"index": at, "leafHash": entry.leaf, "signature": log.keyring.judge(at, entry)}
    shown["subjects"] = [
        {
            "name": subject["name"],
            "digest": "sha256:" + subject["digest"]["sha256"],
            "digests": [f"{algorithm}:{value}" for algorithm, value in subject["digest"].items()],
        }
        for subject in entry.statement["subject"]
    ]
    if entry.kind == event.ACCESS:
        shown.update((name, outline.member(entry.predicate, *path)) for name, path in SIGNED.items())
        shown["action"], shown["outcome"] = entry.predicate["action"], entry.predicate["outcome"]
        shown["actor"] = entry.predicate["actor"]["id"]
        shown["roles"] = entry.predicate["actor"].get("roles", [])
        shown["references"] = entry.predicate.get("references", [])
        reason = entry.predicate.get("reason")
        shown["reason"] = reason and {name: reason.get(name) for name in ("code", "text", "ticket")}
        transfer = entry.predicate.get("transfer")
        party = lambda side: {name: transfer[side].get(name) for name in ("custodian", "location")}  # noqa: E731
        shown["transfer"] = transfer and {side: party(side) for side in ("from", "to")}
    if entry.kind == event.KEY:
        effect = log.keyring.effects[at]
        took = effect in ("enrolled", "revoked", "amended")
        shown["action"], shown["actor"] = entry.predicate["op"], entry.predicate["actor"]
        shown["outcome"], shown["noEffect"] = ("success", None) if took else ("failure", effect)
        shown["key"] = {
            "keyid": event.key_id(event.parse_pem(entry.predicate["spki"])),
            "spki": entry.predicate["spki"],
            "compromisedSince": entry.predicate.get("compromisedSince"),
        }
        words = entry.predicate.get("reason")
        shown["reason"] = words and {"code": None, "text": words, "ticket": None}
        shown["actsOn"] = entry.predicate.get("actsOn")
    return shown


class History:
    """The closure of a question (docs/formats/queries.md, "Closure"): its keys, its events and its versions."""

    def __init__(self, log, query):
        self.log, self.id = log, query["id"]
        self.kind = KINDS[query["kind"]]
        self.state = query.get("state", False)
        asked = [(self.kind, self.id)]
        exact, bare = query["exact"], base_name(self.id)
        if self.kind == outline.VERSION and bare != self.id and not exact:
            asked.append((self.kind, bare))
        self.keys = [self.looked_up(key) for key in asked]
        self.asked = self.find(self.keys)
        known = self.asked if exact else range(len(log.entries))
        self.bindings = Bindings(log.keyring, {at: log.entries[at] for at in known})
        self.holder = self.bindings.holder(self.id)
        linked = [] if exact else self.linked()[:LINKED_DIGESTS]
        pages = [self.looked_up((outline.DIGEST, f"sha256:{digest}")) for digest in linked]
        self.keys += [key for key in pages if key not in self.keys]
        others = self.find(pages) - self.asked
        given = self.given(self.asked | others)
        self.events = sorted(self.asked | {at for at in others if self.belongs(at, set(linked), given)})

    def looked_up(self, key):
        kind, identifier = key
        return (STATE[kind], identifier) if self.state else key

    def find(self, keys):
        """The indices of the events with one of the keys; the index has to say the same."""
        found = set()
        for kind, identifier in keys:
            hashed = index.key(kind, identifier)
            scanned = self.log.scan(hashed)
            if self.log.look_up(hashed) != scanned:
                raise Untrue(f"the index lists {self.log.look_up(hashed)}, the entries are {scanned}")
            found.update(scanned)
        return found

    def is_in_question(self, name):
        return name == self.id if self.kind == outline.VERSION else base_name(name) == self.id

    def linked(self):
        """The digests that the question is linked to, in order."""
        if self.kind not in (outline.VERSION, outline.NAME):
            return []
        bindings = self.bindings
        bound = [(name, bindings.in_force(name)) for name in sorted(bindings.bound) if self.is_in_question(name)]
        bound = [(name, binding) for name, binding in bound if binding]
        owner = bindings.owner(base_name(self.id))
        bound.sort(key=lambda one: (one[1].actor != owner, -one[1].at))
        digests = [digest for _, binding in bound for digest in sorted(binding.digests)]
        digests = list(dict.fromkeys(digests))
        counts, given = {}, []
        for at in sorted(self.asked):
            entry = self.log.entries[at]
            if entry is None or entry.kind != event.ACCESS or self.log.keyring.judge(at, entry) != "valid":
                continue
            for subject in entry.statement["subject"]:
                name, digest = subject["name"], subject["digest"]["sha256"]
                binding = bindings.in_force(name)
                is_unbound = self.is_in_question(name) and (binding is None or at < binding.at)
                if is_unbound:
                    holders = [binding.actor] if binding else []
                    holders += [owner] if self.kind == outline.NAME else []
                    is_own = entry.predicate["actor"]["id"] in holders or self.log.keyring.is_countersigned(entry)
                    given.append((not is_own, name, digest))
        for _, name, digest in sorted(given, key=lambda one: one[0]):
            if digest not in digests and counts.get(name, 0) < OWN_DIGESTS:
                counts[name] = counts.get(name, 0) + 1
                digests.append(digest)
        return digests

    def given(self, found):
        """The first registration in force that gives a name a digest, by any actor, by each, and by the admins."""
        first = {}
        for at in sorted(found):
            entry = self.log.entries[at]
            if not registers(entry) or self.log.keyring.judge(at, entry) != "valid":
                continue
            parties = [ANYBODY, entry.predicate["actor"]["id"]]
            if self.log.keyring.is_countersigned(entry):
                parties.append(ADMINS)
            for name, digests in versions(entry).items():
                for digest in digests:
                    for party in parties:
                        first.setdefault((name, digest, party), at)
        return first

    def belongs(self, at, linked, given):
        """Whether an event with a linked digest belongs to the answer."""
        entry = self.log.entries[at]
        if entry is None or entry.kind != event.ACCESS or registers(entry):
            return False
        actor, holder = entry.predicate["actor"]["id"], self.holder
        for subject in entry.statement["subject"]:
            name, digest = subject["name"], subject["digest"]["sha256"]
            bound = [binding for other, binding in self.bindings.made if self.is_in_question(other)]
            binders = {binding.actor for binding in bound if digest in binding.digests}
            # Parties whose registrations of the name take the event out of the answer.
            if self.log.keyring.is_countersigned(entry):
                parties = {ADMINS}
            elif actor in binders | {holder}:
                parties = {ADMINS, actor, holder}
            else:
                parties = {ANYBODY}
            if digest in linked and all(given.get((name, digest, party), at + 1) > at for party in parties):
                return True
        return False

    def versions(self):
        """The versions that the artifact is bound as, in log order."""
        digest = self.id.removeprefix("sha256:")
        found = []
        for name in sorted(self.bindings.bound):
            binding = self.bindings.in_force(name)
            is_about = self.kind == outline.DIGEST and digest in binding.digests if binding else False
            if binding and (is_about or self.kind != outline.DIGEST and self.is_in_question(name)):
                found.append({"name": name, "index": binding.at, "actor": binding.actor})
        return sorted(found, key=lambda version: version["index"])


def compare(log, report):
    """The differences between a report and what the log says."""
    history = History(log, report["query"])
    keys = [{"kind": NAMES[kind], "id": identifier} for kind, identifier in history.keys]
    if report["keys"] != keys:
        yield f"keys {report['keys']}, want {keys}"
    if history.kind not in (outline.ACTOR, outline.SIGNING_KEY) and report["versions"] != history.versions():
        yield f"versions {report['versions']}, want {history.versions()}"
    events = [view(log, at) for at in history.events if log.entries[at] is not None]
    shown = report["events"]
    if [one["index"] for one in shown] != [one["index"] for one in events]:
        yield f"events {[one['index'] for one in shown]}, want {[one['index'] for one in events]}"
        return
    for have, want in zip(shown, events):
        for name, value in want.items():
            if have.get(name) != value:
                yield f"event {want['index']}, {name}: {have.get(name)!r}, want {value!r}"
    head = {"origin": log.checkpoint.origin, "size": log.checkpoint.size}
    if {name: report["checkpoint"][name] for name in head} != head:
        yield f"checkpoint {report['checkpoint']}, want {head}"
    # An entry that names its subjects and is no event is unreadable in their histories alone.
    either = history.find(history.keys) | set(log.scan(index.key(outline.MALFORMED)))
    unreadable = sum(log.entries[at] is None for at in either)
    if report["unreadable"] != unreadable:
        yield f"{report['unreadable']} unreadable, want {unreadable}"


def main():
    root, policy, *reports = sys.argv[1:]
    trust = index.Trust.parse(pathlib.Path(policy).read_text(), VerifierKey.parse)
    log = Log(pathlib.Path(root), trust)
    failures, events = [], 0
    for path in reports:
        report = json.loads(pathlib.Path(path).read_text())
        events += len(report["events"])
        failures += [f"{report['query']}: {failure}" for failure in compare(log, report)]
    for failure in failures:
        print(failure, file=sys.stderr)
    print(len(reports), "questions,", events, "events")
    sys.exit(1 if failures or not events else 0)


if __name__ == "__main__":
    main()
