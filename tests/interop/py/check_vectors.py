#!/usr/bin/env python3
"""Runs vectors through the Python verifier: the same files, the same verdicts as in Rust and WebAssembly.

    check_vectors.py proofs VECTORS      transparency-dev's Merkle proofs and CCTV's Ed25519 signatures
    check_vectors.py events VECTORS      docs/formats/vectors/events
    check_vectors.py bindings VECTORS    docs/formats/vectors/bindings
    check_vectors.py index VECTORS       docs/formats/vectors/index
    check_vectors.py folders VECTORS     docs/formats/vectors/folders

The Ed25519 vectors are judged by the strict rule: a signature holds exactly when none of its flags is one that the
rule refuses.
"""

import base64
import collections
import json
import pathlib
import sys
from hashlib import sha256

import ed25519
import event
import folders
import index
import outline
import tlog
from bindings import Bindings
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
    except (tlog.Untrue, tlog.Unknown, tlog.Malformed):
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


def bindings(root, compare):
    for row in json.loads((root / "table.json").read_text())["rows"]:
        entries = [event.parse(base64.b64decode(entry)) for entry in row["entries"]]
        fold = Bindings(Keyring(row["origin"], entries), dict(enumerate(entries)))
        have = {name: binding and binding.at for name in row["bound"] for binding in [fold.in_force(name)]}
        compare("row", row["about"], (have, fold.owner("m")), (row["bound"], row["owner"]))
        refused = {at: code for at, code in enumerate(row["refusals"]) if code and code.startswith("register-")}
        compare("refusals", row["about"], fold.conflicts, refused)
        compare("newName", row["about"], fold.wrong - fold.conflicts.keys(), set())


def buckets(v, compare):
    run = index.Run(v["start"], v["end"], v["b"], None, None)
    for number, case in enumerate(v["cases"]):
        judge = lambda case: run.read(bytes.fromhex(case["hex"]), case["bucket"], index.RESERVED)  # noqa: E731
        compare("bucket", f"{number}, {case['error']}", holds(judge, case), case["error"] is None)


def indexed(root, compare):
    load = lambda name: json.loads((root / name).read_text())  # noqa: E731
    buckets(load("buckets.json"), compare)
    for number, case in enumerate(load("manifests.json")["cases"]):
        judge = lambda case: index.Manifest.parse(case["manifest"].encode())  # noqa: E731
        compare("manifest", f"{number}, {case['error']}", holds(judge, case), case["error"] is None)

    for case in load("keys.json")["cases"]:
        have = sorted([kind, identifier] for kind, identifier in outline.keys(raw_of(case["entry"])))
        compare("keys", case["about"], have, case["keys"])

    # A reader: from the proof of the newest manifest to where each key is, and to nowhere.
    log = load("log.json")
    trust = index.Trust.parse(log["policy"], tlog.VerifierKey.parse)
    manifest = index.vouched((root / "latest.tlog-proof").read_bytes(), trust)
    files = {path: bytes.fromhex(text) for path, text in log["files"].items()}
    for hashed, positions in log["lookups"].items():
        compare("lookup", hashed, manifest.positions(bytes.fromhex(hashed), files.__getitem__), positions)
    compare("lookup", "of nothing", manifest.positions(index.key(outline.NAME, "absent"), files.__getitem__), [])

    # An auditor: the same runs and the same files, from the entries alone.
    entries = [base64.b64decode(entry) for entry in log["entries"]]
    built = {}
    for run in manifest.runs:
        same, made = index.build(manifest.map(), run.start, entries[run.start : run.end])
        compare("run", run.start, same, run)
        built.update(made)
    compare("run", "files", built, files)
    frauds(root, load("fraud.json"), compare)


def frauds(root, want, compare):
    trust = index.Trust.parse((root / want["policy"]).read_text(), tlog.VerifierKey.parse)
    raw = (root / want["file"]).read_bytes()
    have = index.check_fraud(raw, trust)
    compare("fraud", want["file"], have, (want["kind"], want["manifest"], want["audited"]))
    # With another byte it shows less: without the auditor's statement only the builder's guilt, else nothing.
    def judge(raw):
        if index.check_fraud(raw, trust) != have:
            raise tlog.Untrue("it shows something else")

    for at in range(0, len(raw), 29):
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        compare("fraud", f"with byte {at} changed", holds(judge, changed), False)
    # No other accusation fits the same evidence.
    for kind in ("insertion", "malformed-bucket", "bad-manifest"):
        compare("fraud", f"as {kind}", holds(judge, raw.replace(b"omission", kind.encode(), 1)), False)


def foldered(root, compare):
    for case in json.loads((root / "lists.json").read_text())["cases"]:
        def judge(case):
            files = folders.parse(case["text"])
            compare("list", case["about"] + ": digest", folders.root([digest for *_, digest in files]).hex(), case["root"])
            compare("list", case["about"] + ": text", folders.encode(files), case["text"])
            compare("list", case["about"] + ": name", sha256(case["text"].encode()).hexdigest(), case["digest"])

        compare("list", case["about"], holds(judge, case), case["error"] is None)
    for case in json.loads((root / "model_signing.json").read_text())["folders"]:
        statement = json.loads(base64.b64decode(case["envelope"]["payload"]))
        files = folders.contents(case["files"], case["ignorePaths"])
        have = [(path, sha256(content).hexdigest()) for path, content in files]
        resources = statement["predicate"]["resources"]
        compare("bundle", case["about"], have, [(resource["name"], resource["digest"]) for resource in resources])
        digest = folders.root([bytes.fromhex(digest) for _, digest in have]).hex()
        compare("bundle", case["about"] + ": digest", digest, statement["subject"][0]["digest"]["sha256"])


def raw_of(entry):
    return base64.b64decode(entry["base64"]) if "base64" in entry else entry["text"].encode()


def read(entry):
    try:
        return event.parse(raw_of(entry))
    except tlog.Malformed:
        return None


def main():
    sets = {"proofs": proofs, "events": events, "bindings": bindings, "index": indexed, "folders": foldered}
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
