#!/usr/bin/env python3
"""Asks a log the questions of `glasslog history --exact` and compares the answers, from the format pages alone.

    queries.py PUBLIC POLICY REPORT...

PUBLIC is a log's public tree, POLICY a trust policy of one key for each role, and each REPORT the JSON of a history of one key. The
entries, the keys and the index are read anew here; a difference in an event, a verdict or the class of the report is printed.
"""

import json
import pathlib
import sys
from hashlib import sha256

import event
import index
import outline
from keyring import Keyring
from tlog import Checkpoint, Malformed, Untrue, VerifierKey, leaf_hash

KINDS = {
    "version": outline.VERSION,
    "name": outline.NAME,
    "digest": outline.DIGEST,
    "actor": outline.ACTOR,
    "key": outline.SIGNING_KEY,
}
BUNDLE = 256
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


class Log:
    """Every entry of a log, once the checkpoint commits to it."""

    def __init__(self, root, trust):
        self.root, self.trust = root, trust
        self.checkpoint = Checkpoint.parse(self.read("checkpoint"))
        self.checkpoint.verify(trust.log)
        size = self.checkpoint.size
        self.raw = []
        for number in range(-(-size // BUNDLE)):
            self.raw += self.bundle(number, min(BUNDLE, size - number * BUNDLE))
        computed = index.tree_root([leaf_hash(raw) for raw in self.raw]) if self.raw else sha256(b"").digest()
        if computed != self.checkpoint.root:
            raise Untrue("the entries do not have the signed root")
        self.entries = [parse(raw) for raw in self.raw]
        self.keyring = Keyring(self.checkpoint.origin, self.entries)

    def read(self, path):
        return (self.root / path).read_bytes()

    def bundle(self, number, width):
        """The entries of a bundle; a partial one may be gone, and the full one begins with it."""
        path = f"tile/entries/{index.place(number)}"
        partial = self.root / f"{path}.p/{width}"
        rest = partial.read_bytes() if width < BUNDLE and partial.exists() else self.read(path)
        entries = []
        for _ in range(width):
            length = int.from_bytes(rest[:2], "big")
            entries.append(rest[2 : 2 + length])
            rest = rest[2 + length :]
        return entries

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


def compare(log, report):
    """The differences between a report and what the log says."""
    query = report["query"]
    hashed = index.key(KINDS[query["kind"]], query["id"])
    found = log.scan(hashed)
    if log.look_up(hashed) != found:
        yield f"the index lists {log.look_up(hashed)}, the entries are {found}"
    events = [view(log, at) for at in found if log.entries[at] is not None]
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
    either = set(found) | set(log.scan(index.key(outline.MALFORMED)))
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
