"""A log entry of Glasslog: one DSSE envelope around an in-toto Statement, with Ed25519 keys as SPKI PEM."""

import base64
import json
import re
from hashlib import sha256

import ed25519
from tlog import Malformed, Unknown, Untrue, decode_base64

SPKI_PREFIX = bytes.fromhex("302a300506032b6570032100")
PAYLOAD_TYPE = "application/vnd.in-toto+json"


def parse_pem(text):
    """Returns the 32 bytes of an Ed25519 public key in PEM (RFC 7468, RFC 8410)."""
    match = re.search(r"-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/=\n]+)\n-----END PUBLIC KEY-----", text)
    if not match:
        raise Malformed("no public key in PEM")
    der = base64.b64decode(match[1].replace("\n", ""))
    if len(der) != 44 or not der.startswith(SPKI_PREFIX):
        raise Malformed("not an Ed25519 public key")
    return der[len(SPKI_PREFIX) :]


def key_id(key):
    """Names a key: SHA-256 of its SPKI."""
    return "sha256:" + sha256(SPKI_PREFIX + key).hexdigest()


def strict_object(pairs):
    """Refuses duplicate members, which Python's parser would let pass."""
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise Malformed("duplicate members")
    return dict(pairs)


def has_members(value, kinds):
    """Says whether `value` is an object of exactly these members, in this order."""
    return (
        isinstance(value, dict)
        and list(value) == list(kinds)
        and all(isinstance(value[name], kind) for name, kind in kinds.items())
    )


def parse_json(raw):
    """Parses strict JSON."""
    try:
        return json.loads(raw.decode("utf-8"), object_pairs_hook=strict_object)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from error


def pae(payload_type, payload):
    """Encodes what a DSSE signature is over."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def verify_entry(entry, keys):
    """Verifies every signature of an entry by one of `keys` (raw public keys); returns the statement."""
    envelope = parse_json(entry)
    if not has_members(envelope, {"payload": str, "payloadType": str, "signatures": list}):
        raise Malformed("not an envelope")
    if not all(has_members(s, {"keyid": str, "sig": str}) for s in envelope["signatures"]):
        raise Malformed("not a signature")
    if json.dumps(envelope, separators=(",", ":"), ensure_ascii=False).encode() != entry:
        raise Malformed("the envelope is not in its canonical encoding")
    if envelope["payloadType"] != PAYLOAD_TYPE:
        raise Malformed("not an envelope around a statement")
    payload = decode_base64(envelope["payload"])
    if not envelope["signatures"]:
        raise Malformed("no signatures")
    known = {key_id(key): key for key in keys}
    for signature in envelope["signatures"]:
        key = known.get(signature["keyid"])
        if key is None:
            raise Unknown(f"the key {signature['keyid']} is not among the given ones")
        point = ed25519.admit(key)
        if point is None:
            raise Malformed("the public key is weak or not canonical")
        message = pae(PAYLOAD_TYPE, payload)
        if not ed25519.verify(point, key, message, decode_base64(signature["sig"])):
            raise Untrue(f"the signature by {signature['keyid']} does not hold")
    statement = parse_json(payload)
    if not isinstance(statement, dict) or statement.get("_type") != "https://in-toto.io/Statement/v1":
        raise Malformed("not a statement")
    return statement
