#!/usr/bin/env python3
"""Runs vectors through the Python verifier: the same files, the same verdicts as in Rust and WebAssembly.

    check_vectors.py proofs VECTORS      transparency-dev's Merkle proofs and CCTV's Ed25519 signatures
    check_vectors.py events VECTORS      docs/formats/vectors/events

The Ed25519 vectors are judged by the strict rule: a signature holds exactly when none of its flags is one that the
rule refuses.
"""

import base64
import collections
import json
import pathlib
import sys

import ed25519
import event
import tlog
from keyring import Keyring

# Everything but a low-order component in R alone breaks a condition of the strict rule or of key admission. Such an
# R cannot satisfy the equation with a torsion-free key, and those vectors carry `low_order_residue`.
REFUSED = {
    "low_order_A",
    "low_order_R",
    "low_order_component_A",
    "non_canonical_A",
    "non_canonical_R",
    "low_order_residue",
}


def hashes(texts):
    return [tlog.decode_base64(text, 32) for text in texts or []]


def includes(v):
    leaf, root = hashes([v["leafHash"], v["root"]])
    tlog.check_inclusion(leaf, v["leafIdx"], v["treeSize"], root, hashes(v["proof"]))


def extends(v):
    old, new = hashes([v["root1"], v["root2"]])
    tlog.check_consistency(v["size1"], old, v["size2"], new, hashes(v["proof"]))


def holds(check, vector):
    try:
        check(vector)
    except (tlog.Untrue, tlog.Malformed):
        return False
    return True


def proofs(root, compare):
    for kind, check in (("inclusion", includes), ("consistency", extends)):
        for path in sorted(root.glob(f"merkle/{kind}/**/*.json")):
            v = json.loads(path.read_text())
            compare(kind, path.relative_to(root), holds(check, v), not v["wantErr"])
    for v in json.loads((root / "ed25519/ed25519vectors.json").read_text()):
        key, signature = bytes.fromhex(v["key"]), bytes.fromhex(v["sig"])
        point = ed25519.admit(key)
        have = point is not None and ed25519.verify(point, key, v["msg"].encode(), signature)
        compare("ed25519", v["number"], have, not REFUSED & set(v["flags"] or []))


def events(root, compare):
    for path in sorted(root.glob("*.json")):
        v = json.loads(path.read_text())
        entries = [read(item["entry"]) for item in v["entries"]]
        keyring = Keyring(v["origin"], entries)
        for index, (item, entry) in enumerate(zip(v["entries"], entries)):
            want = {name: item["expected"].get(name) for name in ("unreadable", "signature", "keyEffect")}
            have = {"unreadable": True, "signature": None, "keyEffect": None}
            if entry is not None:
                signature = keyring.judge(index, entry)
                have = {"unreadable": None, "signature": signature, "keyEffect": keyring.effects[index]}
            compare("event", f"{path.name} at {index}", have, want)


def read(entry):
    raw = base64.b64decode(entry["base64"]) if "base64" in entry else entry["text"].encode()
    try:
        return event.parse(raw)
    except tlog.Malformed:
        return None


def main():
    sets = {"proofs": proofs, "events": events}
    failures, counts = [], collections.Counter()

    def compare(kind, name, have, want):
        counts[kind] += 1
        if have != want:
            failures.append(f"{kind} {name}: {have}, want {want}")

    sets[sys.argv[1]](pathlib.Path(sys.argv[2]), compare)
    for failure in failures:
        print(failure, file=sys.stderr)
    print(", ".join(f"{count} {kind}" for kind, count in counts.items()), "vectors")
    sys.exit(1 if failures or not counts else 0)


if __name__ == "__main__":
    main()
