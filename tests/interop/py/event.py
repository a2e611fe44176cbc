"""Log entries, from docs/formats/events.md alone: an envelope in its one encoding around a strictly read statement."""

import base64
import datetime
import re
from dataclasses import dataclass
from hashlib import sha256

import ed25519
import folders
import strict_json
from tlog import Malformed, Unknown, Untrue, decode_base64, leaf_hash

SPKI_PREFIX = bytes.fromhex("302a300506032b6570032100")
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
GENESIS, KEY, LOG_KEY, ACKNOWLEDGE, ACCESS = (
    f"https://glasslog.dev/{kind}/v1" for kind in ("genesis", "key", "log-key", "acknowledge", "artifact-access")
)
MATERIAL = set("register write deploy undeploy delete grant revoke hold release approve".split())
# A character without Unicode's property White_Space; Python's own idea of white space is another.
WORD = "[^\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
ACTIONS = MATERIAL | set("read execute verify transfer receive".split())


@dataclass
class Entry:
    """What an entry says. It proves nothing."""

    raw: bytes
    payload: bytes
    signatures: list
    statement: dict

    @property
    def kind(self):
        return self.statement["predicateType"]

    @property
    def predicate(self):
        return self.statement["predicate"]

    @property
    def signed(self):
        """What its signatures are over: the DSSE v1 pre-authentication encoding."""
        return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(self.payload), self.payload)

    @property
    def leaf(self):
        return base64.b64encode(leaf_hash(self.raw)).decode()


def require(condition, what):
    if not condition:
        raise Malformed(what)


def key_id(key):
    """Names a key: SHA-256 of its SPKI."""
    return "sha256:" + sha256(SPKI_PREFIX + key).hexdigest()


def parse_pem(text):
    """Returns the 32 bytes of an Ed25519 public key in its one spelling in PEM."""
    match = re.fullmatch(r"-----BEGIN PUBLIC KEY-----\n(.{60})\n-----END PUBLIC KEY-----\n", text)
    require(match, "not a public key in PEM")
    der = decode_base64(match[1])
    require(len(der) == 44 and der.startswith(SPKI_PREFIX), "not an Ed25519 public key")
    key = der[len(SPKI_PREFIX) :]
    require(ed25519.admit(key) is not None, "the public key is weak or not canonical")
    return key


def read_key_file(text):
    """Returns the key of a public key file, which has the actor's id before the PEM block (RFC 7468)."""
    start = text.find("-----BEGIN PUBLIC KEY-----")
    require(start >= 0, "no public key in PEM")
    return parse_pem(text[start:])


def parse(raw):
    """Parses an entry."""
    require(len(raw) <= 65_535, "the entry is too large")
    envelope = strict_json.parse(raw)
    require(is_object(envelope) and is_text(envelope.get("payload")), "not an envelope")
    signatures = envelope.get("signatures")
    require(isinstance(signatures, list) and len(signatures) <= 16, "not an envelope's signatures")
    parsed, lines = [], []
    for signature in signatures:
        require(is_object(signature), "not a signature")
        keyid, sig = signature.get("keyid"), signature.get("sig")
        require(is_text(keyid) and re.fullmatch(r"sha256:[0-9a-f]{64}", keyid), "not a key id")
        require(is_text(sig), "not a signature")
        decoded = decode_base64(sig)
        require(len(decoded) <= 8192, "the signature is too long")
        parsed.append((keyid, decoded))
        lines.append(f'{{"keyid":"{keyid}","sig":"{sig}"}}')
    require(len({keyid for keyid, _ in parsed}) == len(parsed), "two signatures name one key")
    payload = decode_base64(envelope["payload"])
    encoded = f'{{"payload":"{envelope["payload"]}","payloadType":"{PAYLOAD_TYPE}","signatures":[{",".join(lines)}]}}'
    require(encoded.encode() == raw, "the envelope is not in its one encoding")
    statement = strict_json.parse(payload)
    check_statement(statement)
    checks = {
        GENESIS: check_genesis,
        KEY: check_key_event,
        LOG_KEY: check_log_key,
        ACKNOWLEDGE: check_acknowledgement,
        ACCESS: check_access,
    }
    checks.get(statement["predicateType"], lambda _: None)(statement)
    return Entry(raw, payload, parsed, statement)


def verify_entry(raw, keys):
    """Verifies every signature of an entry by one of `keys` (raw public keys); returns the statement."""
    entry = parse(raw)
    if not entry.signatures:
        raise Unknown("nobody signed")
    known = {key_id(key): key for key in keys}
    for keyid, signature in entry.signatures:
        if keyid not in known:
            raise Unknown(f"the key {keyid} is not among the given ones")
        key = known[keyid]
        if not ed25519.verify(ed25519.admit(key), key, entry.signed, signature):
            raise Untrue(f"the signature by {keyid} does not hold")
    return entry.statement


def is_object(value):
    return isinstance(value, dict)


def is_text(value):
    return isinstance(value, str)


def is_integer(value):
    # True is an integer to Python, not to JSON.
    return type(value) is int


def is_name(value):
    return is_text(value) and re.fullmatch(r"[!-~]{1,256}", value) is not None


def is_label(value):
    return is_text(value) and 1 <= len(value.encode()) <= 256


def is_words(value):
    return is_short_text(value) and re.search(WORD, value) is not None


def is_short_text(value):
    return is_text(value) and len(value) <= 1024


def is_names(value):
    return isinstance(value, list) and len(value) <= 32 and all(map(is_name, value))


def is_time(value):
    pattern = r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d{1,9})?Z"
    match = is_text(value) and re.fullmatch(pattern, value, re.ASCII)
    if not match or int(match[1]) < 1970:
        return False
    try:
        datetime.datetime(*(int(part) for part in match.groups()[:6]))
    except ValueError:
        return False
    return True


def is_leaf_hash(value):
    try:
        return is_text(value) and len(decode_base64(value, 32)) == 32
    except Malformed:
        return False


def is_digests(value):
    return (
        is_object(value)
        and 1 <= len(value) <= 8
        and "sha256" in value
        and all(is_name(algorithm) and ":" not in algorithm for algorithm in value)
        and all(is_text(d) and re.fullmatch(r"([0-9a-f]{2}){1,64}", d) for d in value.values())
        and len(value["sha256"]) == 64
    )


def one_of(*words):
    return lambda value: is_text(value) and value in words


def members(value, required, optional=()):
    """Checks that `value` is an object whose members are as told; others are nobody's business."""
    require(is_object(value), "not an object")
    for name, check in required.items():
        require(name in value and check(value[name]), f"the member {name}")
    for name, check in dict(optional).items():
        require(name not in value or check(value[name]), f"the member {name}")


def within(required, optional=()):
    """As `members`, as a check of one member."""

    def check(value):
        members(value, required, optional)
        return True

    return check


def check_statement(statement):
    def is_subjects(value):
        require(isinstance(value, list) and 1 <= len(value) <= 32, "the subjects")
        return all(within({"name": is_name, "digest": is_digests})(subject) for subject in value)

    kinds = {"_type": one_of(STATEMENT_TYPE), "subject": is_subjects, "predicateType": is_name, "predicate": is_object}
    members(statement, kinds)


def only_subject(statement, name, digest):
    subjects = [(subject["name"], subject["digest"]) for subject in statement["subject"]]
    require(subjects == [(name, {"sha256": digest})], "the subject")


def check_genesis(statement):
    predicate = statement["predicate"]

    def is_admins(value):
        require(isinstance(value, list) and 1 <= len(value) <= 16 and all(map(is_text, value)), "the admins")
        keys = [parse_pem(pem) for pem in value]
        return len(set(keys)) == len(keys)

    members(predicate, {"log": is_name, "formatVersion": is_integer, "admins": is_admins, "threshold": is_integer})
    require(predicate["formatVersion"] == 1, "the version")
    require(1 <= predicate["threshold"] <= len(predicate["admins"]), "the threshold")
    only_subject(statement, predicate["log"], sha256(predicate["log"].encode()).hexdigest())


def check_key_event(statement):
    predicate = statement["predicate"]
    kinds = {"log": is_name, "op": one_of("enrol", "revoke", "amend"), "actor": is_name, "spki": is_text}
    is_index = lambda value: is_integer(value) and value >= 0  # noqa: E731
    members(predicate, kinds, {"reason": is_words, "actsOn": is_leaf_hash, "compromisedSince": is_index})
    if predicate["op"] != "enrol":
        require("reason" in predicate and "actsOn" in predicate, "what a revocation has")
        require(predicate["op"] == "revoke" or "compromisedSince" in predicate, "what an amendment has")
    else:
        require("actsOn" not in predicate and "compromisedSince" not in predicate, "what an enrolment has not")
    only_subject(statement, predicate["actor"], key_id(parse_pem(predicate["spki"]))[len("sha256:") :])


def check_log_key(statement):
    predicate = statement["predicate"]
    is_size = lambda value: is_integer(value) and value >= 0  # noqa: E731
    is_key = lambda value: is_text(value) and value.startswith(predicate["log"] + "+")  # noqa: E731
    kinds = {"log": is_name, "genesis": is_leaf_hash, "size": is_size, "old": is_key, "new": is_key, "reason": is_words}
    members(predicate, kinds)
    require(predicate["old"] != predicate["new"], "two keys")
    only_subject(statement, predicate["log"], sha256(predicate["new"].encode()).hexdigest())


def check_acknowledgement(statement):
    members(statement["predicate"], {"log": is_name, "reason": is_words})
    indices = []
    for subject in statement["subject"]:
        require(re.fullmatch(r"entry:(0|[1-9][0-9]*)", subject["name"]), "an entry by its index")
        require(list(subject["digest"]) == ["sha256"], "its leaf hash alone")
        indices.append(int(subject["name"][len("entry:") :]))
    require(indices == sorted(set(indices)) and indices[-1] < 2**64, "indices that rise")


def check_access(statement):
    predicate = statement["predicate"]
    uuid = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    party = within({"custodian": is_label}, {"location": is_short_text})
    references = within({"digest": is_digests})
    actor = {"id": is_name, "type": one_of("human", "workload", "service", "agent")}
    exception = {
        "kind": one_of("emergency", "break-glass"),
        "approvedBy": lambda value: is_names(value) and value != [],
        "expiresAt": is_time,
        "reviewBy": is_time,
    }
    decision = one_of("allow", "deny", "not-evaluated")
    required = {
        "log": is_name,
        "eventId": lambda value: is_text(value) and re.fullmatch(uuid, value),
        "action": one_of(*ACTIONS),
        "outcome": one_of("success", "denied", "failure"),
        "occurredAt": is_time,
        "actor": within(actor, {"roles": is_names, "onBehalfOf": is_name}),
    }
    optional = {
        "context": within({}, {"environment": is_label, "region": is_label, "pipeline": within({"name": is_label})}),
        "reason": within({"code": is_name}, {"text": is_short_text, "ticket": is_short_text}),
        "transfer": within({"from": party, "to": party}),
        "policy": within({"engine": is_label, "policySet": is_object, "decision": decision}),
        "exception": lambda value: value is None or within(exception)(value),
        "references": lambda value: isinstance(value, list) and len(value) <= 32 and all(map(references, value)),
        "actsOn": is_leaf_hash,
        "newName": lambda value: value is True and predicate.get("action") == "register",
    }
    members(predicate, required, optional)
    action = predicate["action"]
    if action in MATERIAL or action == "transfer":
        require(is_words(predicate.get("reason", {}).get("text")), "a reason in words")
    if action in ("transfer", "receive"):
        require("transfer" in predicate, "both parties")
    if action in ("revoke", "release", "receive"):
        require("actsOn" in predicate, "what it acts on")
    folders.check_registration(statement)
