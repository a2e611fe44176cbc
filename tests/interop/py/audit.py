#!/usr/bin/env python3
"""Audits a log and its index anew, and judges what auditors state about them, from the format pages alone.

    audit.py PUBLIC POLICY REPORT

PUBLIC is a log's public tree, POLICY a trust policy of one key for each role, and REPORT the JSON of `glasslog audit`. Every entry and
tile is read, every run of every manifest is recomputed from the entries, and every file of the index is compared
(docs/formats/index.md, "An auditor"). `index/audited.tlog-proof`, if there is one, must vouch for a manifest of this index log.
"""

import json
import pathlib
import sys

import event
import index
from queries import Log, read_entries
from tlog import Checkpoint, Malformed, TlogProof, Unknown, Untrue, VerifierKey, leaf_hash

TILE = 256


def demand(condition, what):
    if not condition:
        raise Untrue(what)


def root_of(leaves):
    """The root of a tree; the empty one is the hash of nothing."""
    return index.tree_root(leaves) if leaves else index.sha256(b"").digest()


def check_tiles(root, leaves):
    """Compares the tiles of a tree with its leaf hashes; how many there are."""
    level, count = 0, 0
    while leaves:
        groups = [leaves[at : at + TILE] for at in range(0, len(leaves), TILE)]
        for number, group in enumerate(groups):
            path = root / f"tile/{level}/{index.place(number)}"
            partial = path.with_name(f"{path.name}.p") / str(len(group))
            file = partial if len(group) < TILE and partial.exists() else path
            demand(file.read_bytes()[: 32 * len(group)] == b"".join(group), f"{file} is another tile")
        count += len(groups)
        leaves = [index.tree_root(group) for group in groups if len(group) == TILE]
        level += 1
    return count


class IndexLog:
    """The manifests of an index, once its checkpoint commits to them."""

    def __init__(self, log):
        self.log = log
        root = log.root / "index"
        checkpoint = Checkpoint.parse((root / "checkpoint").read_bytes())
        checkpoint.verify(log.trust.index)
        self.raw = read_entries(root, checkpoint.size)
        self.leaves = [leaf_hash(raw) for raw in self.raw]
        demand(root_of(self.leaves) == checkpoint.root, "the manifests do not have the signed root")
        check_tiles(root, self.leaves)
        self.manifests = [index.Manifest.parse(raw) for raw in self.raw]

    def check_manifests(self):
        """Recomputes each manifest in turn; how many runs there are, and how many files."""
        log, leaves = self.log, [leaf_hash(raw) for raw in self.log.raw]
        runs, files, covered = {}, {}, 0
        for manifest in self.manifests:
            head = manifest.checkpoint
            if manifest.function != self.manifests[0].function:
                raise Unknown("a manifest has another key function than the first")
            head.verify(log.trust.log)
            demand(head.origin == log.checkpoint.origin, "a manifest is of another log")
            demand(covered <= head.size <= len(leaves), "a manifest is smaller than the one before, or larger than the log")
            demand(root_of(leaves[: head.size]) == head.root, "a manifest is of another tree")
            covered = head.size
            for run in manifest.runs:
                bounds = run.start, run.end
                if bounds not in runs:
                    runs[bounds] = index.build(manifest.map(), run.start, log.raw[run.start : run.end])
                    files.update(runs[bounds][1])
                demand(run == runs[bounds][0], f"the run {run.start} {run.end} is not that of the log")
        newest = {path for run in self.manifests[-1].runs for path in runs[run.start, run.end][1]}
        for path, content in files.items():
            # Files of older manifests may be gone.
            if path in newest or (log.root / path).exists():
                demand(log.read(path) == content, f"{path} is another file")
        return len(runs), len(newest)

    def check_proof(self, path, trust):
        """Whether the proof of a manifest is there; it must be of this index log, and hold by the policy."""
        if not (self.log.root / path).exists():
            return False
        raw = self.log.read(path)
        index.vouched(raw, trust)
        proof = TlogProof.parse(raw)
        head = proof.checkpoint
        demand(head.size <= len(self.raw), f"{path} is of a larger index log")
        demand(root_of(self.leaves[: head.size]) == head.root, f"{path} is of another index log")
        # A statement says that the newest manifest up to the checkpoint is of the head that it names.
        demand(proof.index == head.size - 1, f"{path} shows a manifest that is not the newest")
        demand(proof.extra == self.raw[proof.index], f"{path} shows another manifest")
        return True


def counts(log):
    """The counts that an audit reports."""
    readable = [(at, entry) for at, entry in enumerate(log.entries) if entry is not None]
    signed = [at for at, entry in readable if log.keyring.judge(at, entry) in ("valid", "compromised")]
    kinds = [entry.kind for _, entry in readable]
    return {
        "entries": len(log.entries),
        "accessEvents": kinds.count(event.ACCESS),
        "keyEvents": kinds.count(event.KEY),
        "unreadable": len(log.entries) - len(readable),
        "signed": len(signed),
        "tiles": check_tiles(log.root, [leaf_hash(raw) for raw in log.raw]),
    }


def main():
    root, policy, report = map(pathlib.Path, sys.argv[1:])
    trust = index.Trust.parse(policy.read_text(), VerifierKey.parse)
    log = Log(root, trust)
    manifests = IndexLog(log)
    runs, files = manifests.check_manifests()
    latest = manifests.check_proof("index/latest.tlog-proof", index.Trust(trust.log, trust.index))
    demand(latest, "there is no proof of the newest manifest")
    audited = manifests.check_proof("index/audited.tlog-proof", trust)
    reported = json.loads(report.read_text())["counts"]
    demand(reported == counts(log), f"the report counts {reported}, the log has {counts(log)}")
    print(f"{len(manifests.raw)} manifests, {runs} runs, {files} files, {'audited' if audited else 'no audit'}")


if __name__ == "__main__":
    codes = {OSError: 1, Untrue: 3, Unknown: 5, Malformed: 8}
    try:
        main()
    except tuple(codes) as error:
        print(f"{type(error).__name__.lower()}: {error}", file=sys.stderr)
        sys.exit(next(code for kind, code in codes.items() if isinstance(error, kind)))
