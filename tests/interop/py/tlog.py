"""Merkle proofs (RFC 6962, RFC 9162), signed notes, checkpoints and tlog-proofs (C2SP), strictly parsed."""

import base64
import binascii
import re
from dataclasses import dataclass, field
from hashlib import sha256

import ed25519

# The types of keys: the bytes before the public key. 0xff has an identifier after it.
ED25519, COSIGNATURE, INDEX_AUDIT = b"\x01", b"\x04", b"\xfftlog-index-audit/v1\n"


class Malformed(Exception):
    """The bytes break the format."""


class Untrue(Exception):
    """A signature or a proof does not hold."""


class Unknown(Exception):
    """Nothing known vouches for it."""


def leaf_hash(entry):
    """Hashes an entry."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left, right):
    """Hashes two subtrees."""
    return sha256(b"\x01" + left + right).digest()


def check_inclusion(leaf, index, size, root, proof):
    """Checks an inclusion proof, as RFC 9162 section 2.1.3.2 does."""
    if index >= size:
        raise Untrue(f"index {index} is beyond size {size}")
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            raise Untrue("the proof is too long")
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise Untrue("the proof is too short")
    if r != root:
        raise Untrue("the proof leads to another root")


def check_consistency(size1, root1, size2, root2, proof):
    """Checks a consistency proof, as RFC 9162 section 2.1.4.2 does, and the two cases that it leaves out."""
    if size1 > size2:
        raise Untrue("the old tree is larger than the new one")
    if size1 == size2 or size1 == 0:
        if proof:
            raise Untrue("the proof should be empty")
        if size1 == size2 and root1 != root2:
            raise Untrue("two roots for one size")
        if size1 == 0 and root1 != sha256(b"").digest():
            raise Untrue("the root of the empty tree is wrong")
        return
    if not proof:
        raise Untrue("the proof is empty")
    path = list(proof)
    if size1 & (size1 - 1) == 0:
        path.insert(0, root1)
    fn, sn = size1 - 1, size2 - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            raise Untrue("the proof is too long")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise Untrue("the proof is too short")
    if fr != root1 or sr != root2:
        raise Untrue("the proof leads to another root")


def decode_base64(text, length=None):
    """Decodes standard padded base64 that encodes back to the same text."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed(f"`{text}` is not base64") from error
    if base64.b64encode(raw).decode() != text:
        raise Malformed(f"`{text}` is not canonical base64")
    if length is not None and len(raw) != length:
        raise Malformed(f"`{text}` decodes to {len(raw)} bytes, not {length}")
    return raw


def decode_decimal(text):
    """Decodes an unsigned 64-bit number without sign or leading zero."""
    if not re.fullmatch(r"0|[1-9][0-9]{0,19}", text, re.ASCII) or int(text) >= 2**64:
        raise Malformed(f"`{text}` is not a decimal number")
    return int(text)


@dataclass
class VerifierKey:
    """A public key with its name: `name+id+base64(type, key)`."""

    name: str
    key_id: bytes
    kind: bytes
    key: bytes
    point: tuple

    @staticmethod
    def parse(text):
        """Parses a vkey line."""
        parts = text.strip().split("+", 2)
        if len(parts) != 3 or not parts[0] or not re.fullmatch(r"[0-9a-f]{8}", parts[1]):
            raise Malformed(f"`{text}` is not a verifier key")
        raw = decode_base64(parts[2])
        kind = next((kind for kind in (ED25519, COSIGNATURE, INDEX_AUDIT) if raw.startswith(kind)), None)
        if kind is None:
            raise Malformed("unsupported signature type")
        key = raw[len(kind) :]
        if len(key) != 32:
            raise Malformed(f"the key has {len(key)} bytes")
        key_id = sha256(parts[0].encode() + b"\n" + raw).digest()[:4]
        if key_id.hex() != parts[1]:
            raise Malformed(f"the key id should be {key_id.hex()}")
        point = ed25519.admit(key)
        if point is None:
            raise Malformed("the public key is weak or not canonical")
        return VerifierKey(parts[0], key_id, kind, key, point)

    def verify(self, text, signature):
        """Verifies the bytes of a signature line after its key id.

        Returns the time that a cosignature states, or the time, origin, size and root that an audit statement does.
        """
        if self.kind == ED25519:
            message, stated, raw = text, None, signature
        elif self.kind == COSIGNATURE:
            stated = int.from_bytes(signature[:8], "big")
            message = b"cosignature/v1\ntime %d\n" % stated + text
            raw = signature[8:]
        else:
            message, stated, raw = audit_statement(text, signature)
        if not ed25519.verify(self.point, self.key, message, raw):
            raise Untrue(f"the signature of {self.name} does not hold")
        return stated


def audit_statement(text, signature):
    """The message of an audit statement, its contents, and the signature over it (docs/formats/index.md)."""
    if len(signature) < 49 or len(signature) != 49 + signature[48] + 64:
        raise Untrue("an audit statement has another length")
    time, size = int.from_bytes(signature[:8], "big"), int.from_bytes(signature[8:16], "big")
    root, origin, raw = signature[16:48], signature[49:-64], signature[-64:]
    if time >= 2**63 or not origin or any(byte < 0x20 for byte in origin):
        raise Untrue("an audit statement has a time or an origin that is none")
    lines = [b"tlog-index-audit/v1", b"time %d" % time, origin, b"%d" % size, base64.b64encode(root)]
    try:
        stated = (time, origin.decode(), size, root)
    except UnicodeDecodeError as error:
        raise Untrue("the origin in an audit statement is not UTF-8") from error
    return b"\n".join(lines) + b"\n" + text, stated, raw


@dataclass
class Checkpoint:
    """A signed tree head."""

    text: bytes
    origin: str
    size: int
    root: bytes
    signatures: list = field(default_factory=list)

    @staticmethod
    def parse(raw):
        """Parses a note whose text is a checkpoint."""
        try:
            whole = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Malformed("the checkpoint is not UTF-8") from error
        if any(ord(c) < 0x20 and c != "\n" for c in whole):
            raise Malformed("the checkpoint holds control characters")
        body, separator, tail = whole.rpartition("\n\n")
        if not separator or not tail.endswith("\n"):
            raise Malformed("the checkpoint has no signatures")
        signatures = []
        for line in tail[:-1].split("\n"):
            match = re.fullmatch(r"\u2014 ([^\s+]+) (\S+)", line)
            if not match:
                raise Malformed(f"`{line}` is not a signature line")
            blob = decode_base64(match[2])
            if len(blob) < 5:
                raise Malformed("a signature is too short")
            signatures.append((match[1], blob[:4], blob[4:]))
        lines = body.split("\n")
        if len(lines) < 3 or not all(lines):
            raise Malformed("the checkpoint has empty or too few lines")
        if len(lines[0].encode()) > 255:
            raise Malformed("the origin has more than 255 bytes")
        return Checkpoint(
            (body + "\n").encode(),
            lines[0],
            decode_decimal(lines[1]),
            decode_base64(lines[2], 32),
            signatures,
        )

    def verify(self, key):
        """Verifies each signature by `key`; at least one is needed."""
        times = [
            key.verify(self.text, signature)
            for name, key_id, signature in self.signatures
            if (name, key_id) == (key.name, key.key_id)
        ]
        if not times:
            raise Unknown(f"{key.name} has not signed")
        return times


@dataclass
class TlogProof:
    """A `c2sp.org/tlog-proof@v1` file."""

    index: int
    hashes: list
    checkpoint: Checkpoint
    extra: bytes = None

    @staticmethod
    def parse(raw):
        """Parses a proof file."""
        head, separator, rest = raw.partition(b"\n\n")
        if not separator:
            raise Malformed("the proof has no checkpoint")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise Malformed("the proof is not ASCII") from error
        if lines.pop(0) != "c2sp.org/tlog-proof@v1":
            raise Malformed("the first line is not that of a tlog-proof")
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = decode_base64(lines.pop(0)[len("extra ") :])
        if not lines or not lines[0].startswith("index "):
            raise Malformed("the index line is missing")
        index = decode_decimal(lines.pop(0)[len("index ") :])
        hashes = [decode_base64(line, 32) for line in lines]
        return TlogProof(index, hashes, Checkpoint.parse(rest), extra)

    def verify(self, entry, log):
        """Verifies that `entry` is in the tree that `log` signed."""
        if self.checkpoint.origin != log.name:
            raise Unknown(f"the origin is {self.checkpoint.origin}, the key's name {log.name}")
        self.checkpoint.verify(log)
        head = self.checkpoint
        check_inclusion(leaf_hash(entry), self.index, head.size, head.root, self.hashes)
