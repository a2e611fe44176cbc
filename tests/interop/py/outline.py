"""The keys of an entry, from docs/formats/mapfn/access-v2.txt alone."""

import re

import strict_json
from tlog import Malformed, decode_base64

VERSION, NAME, DIGEST, ACTOR, SIGNING_KEY, TRUST, MALFORMED = range(1, 8)
KEY_STATE, VERSION_STATE, NAME_STATE, DIGEST_STATE, AUTHORITY, FILE, CATALOGUE, ATTENTION, ENVIRONMENT = range(9, 18)

TRUST_TYPES = set("genesis admins policy issuer rules time acknowledge".split())
CONTROL = TRUST_TYPES | {"key", "grant", "decision"}
ENTRY = re.compile(r'{"payload":"([^"]*)","payloadType":"application/vnd\.in-toto\+json","signatures":\[(.*)\]}', re.DOTALL)
SIGNATURE = re.compile(r'{"keyid":"(sha256:[0-9a-f]{64})","sig":"([^"]*)"}')


def is_name(value):
    return isinstance(value, str) and re.fullmatch(r"[!-~]{1,256}", value) is not None


def is_algorithm(value):
    return is_name(value) and ":" not in value


def is_hex(value):
    return isinstance(value, str) and re.fullmatch(r"([0-9a-f]{2})+", value) is not None


def is_digest(value):
    algorithm, colon, digits = value.partition(":") if isinstance(value, str) else ("", "", "")
    return bool(colon) and is_algorithm(algorithm) and is_hex(digits)


def is_label(value):
    return isinstance(value, str) and 1 <= len(value.encode()) <= 256


def member(value, *path):
    """The member at the end of a path of names; None if there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def items(value):
    return value if isinstance(value, list) else []


def read(raw):
    """The Statement of an entry and the keys that claim to have signed it."""
    if len(raw) > 65_535:
        raise Malformed("the entry is too large")
    try:
        match = ENTRY.fullmatch(raw.decode())
    except UnicodeDecodeError:
        match = None
    if not match:
        raise Malformed("not an envelope")
    keyids, rest = [], match[2]
    while rest:
        signature = SIGNATURE.match(rest)
        if not signature:
            raise Malformed("not a signature")
        decode_base64(signature[2])
        keyids.append(signature[1])
        rest = rest[signature.end() :]
        if rest and (rest[0] != "," or rest == ","):
            raise Malformed("not a list of signatures")
        rest = rest[1:]
    statement = strict_json.parse(decode_base64(match[1]))
    subjects = member(statement, "subject")
    fits = (
        member(statement, "_type") == "https://in-toto.io/Statement/v1"
        and items(subjects)
        and all(is_subject(subject) for subject in subjects)
        and is_name(member(statement, "predicateType"))
        and isinstance(member(statement, "predicate"), dict)
    )
    if not fits:
        raise Malformed("not a Statement")
    return statement, keyids


def is_subject(value):
    digests = member(value, "digest")
    return (
        is_name(member(value, "name"))
        and isinstance(digests, dict)
        and bool(digests)
        and all(is_algorithm(algorithm) and is_hex(digits) for algorithm, digits in digests.items())
    )


def keys(raw):
    """The keys of an entry, each a kind and an identifier."""
    try:
        statement, keyids = read(raw)
    except Malformed:
        return {(MALFORMED, "")}
    found = {(SIGNING_KEY, keyid) for keyid in keyids} | keys_of(statement)
    return found or {(MALFORMED, "")}


def keys_of(statement):
    predicate = statement["predicate"]
    match = re.fullmatch(r"https://glasslog\.dev/([a-z-]+)/v1", statement["predicateType"])
    kind = match[1] if match else ""
    action = member(predicate, "action")
    action = action if kind == "artifact-access" and isinstance(action, str) else None
    routine = kind == "artifact-access" and action in ("read", "execute", "verify")
    found = set()
    for subject in statement["subject"]:
        name = subject["name"]
        before, _, _ = name.rpartition("@")
        ids = {(VERSION, name), (NAME, before or name)}
        digests = {f"{algorithm}:{digits}" for algorithm, digits in subject["digest"].items()}
        ids |= {(DIGEST, digest) for digest in digests}
        state = {VERSION: VERSION_STATE, NAME: NAME_STATE, DIGEST: DIGEST_STATE}
        if kind not in CONTROL:
            found |= ids
            if not routine:
                found |= {(state[one], identifier) for one, identifier in ids}
        if kind == "key":
            found |= {(one, digest) for one in (SIGNING_KEY, KEY_STATE) for digest in digests}
        if kind in ("key", "grant"):
            found.add((AUTHORITY, name))
    grantee = member(predicate, "grantee")
    actors = [member(predicate, *path) for path in (["actor"], ["actor", "id"], ["actor", "onBehalfOf"])]
    actors += [grantee, *items(member(predicate, "approvals")), *items(member(predicate, "exception", "approvedBy"))]
    found |= {(ACTOR, actor) for actor in actors if is_name(actor)}
    if kind == "key" and is_name(member(predicate, "actor")):
        found.add((AUTHORITY, predicate["actor"]))
    if (kind == "grant" or action in ("grant", "revoke")) and is_name(grantee):
        found.add((AUTHORITY, grantee))
    if kind in TRUST_TYPES:
        found.add((TRUST, ""))
    if kind == "artifact-access":
        found |= keys_of_access(predicate, action)
    return found


def keys_of_access(predicate, action):
    found = set()
    if action == "register":
        digests = (member(file, "digest") for file in items(member(predicate, "files")))
        found |= {(FILE, digest) for digest in digests if is_digest(digest)}
    if action == "retire" or action == "register" and member(predicate, "newName") is True:
        found.add((CATALOGUE, ""))
    if action in ("hold", "release", "accept") or isinstance(member(predicate, "exception"), dict):
        found.add((ATTENTION, ""))
    if action in ("deploy", "undeploy"):
        environment = member(predicate, "context", "environment")
        found.add((ENVIRONMENT, environment if is_label(environment) else ""))
    return found
