#!/usr/bin/env python3
"""Verifies a tlog-proof of Glasslog and the event that it proves, without any code of Glasslog.

    verify_proof.py --log VKEY [--witness VKEY]... [--key PUB.pem]... PROOF ENTRY

With --witness each named witness must have cosigned; with --key each signature of the event must be by one of the
given keys. Exit codes are those of the command line: 0 verified, 1 not finished, 3 false, 5 unknown, 8 malformed.
Needs Python 3.9 and nothing else.
"""

import argparse
import pathlib
import sys

import event
import tlog


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--log", required=True)
    parser.add_argument("--witness", action="append", default=[])
    parser.add_argument("--key", action="append", default=[], type=pathlib.Path)
    parser.add_argument("proof", type=pathlib.Path)
    parser.add_argument("entry", type=pathlib.Path)
    options = parser.parse_args()
    proof = tlog.TlogProof.parse(options.proof.read_bytes())
    entry = options.entry.read_bytes()
    proof.verify(entry, tlog.VerifierKey.parse(options.log))
    print(f"included: index {proof.index} of {proof.checkpoint.size} in {proof.checkpoint.origin}")
    for witness in options.witness:
        key = tlog.VerifierKey.parse(witness)
        times = proof.checkpoint.verify(key)
        print(f"cosigned: {key.name} at {max(times)}")
    if options.key:
        keys = [event.read_key_file(path.read_text()) for path in options.key]
        statement = event.verify_entry(entry, keys)
        print(f"signed: {statement['predicateType']} about {statement['subject'][0]['name']}")


if __name__ == "__main__":
    codes = {OSError: 1, tlog.Untrue: 3, tlog.Unknown: 5, tlog.Malformed: 8}
    try:
        main()
    except tuple(codes) as error:
        print(f"{type(error).__name__.lower()}: {error}", file=sys.stderr)
        sys.exit(next(code for kind, code in codes.items() if isinstance(error, kind)))
