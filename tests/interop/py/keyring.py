"""Whose key counts where, from docs/formats/valid-signature.md alone."""

import base64
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Optional

import ed25519
import event

# Of several signatures the best of these decides, in this order.
BEST_FIRST = ["valid", "compromised", "actor-mismatch", "revoked-key", "unknown-key"]


@dataclass
class Enrolment:
    """A key in the log."""

    actor: str
    at: int
    leaf: str
    revoked_at: Optional[int] = None
    # Leaf hash of the revocation or of its last amendment.
    latest: Optional[str] = None
    compromised_since: Optional[int] = None
    # Each index since which the key was compromised, with the key event that states it.
    reports: list = field(default_factory=list)


class Keyring:
    """Admins and keys of a log, as of all of its entries."""

    def __init__(self, origin, entries):
        """Replays `entries`; None stands for one that cannot be read."""
        self.origin = origin
        self.keys = {}
        self.admins = {}
        self.threshold = 0
        self.effects = []
        self.counted = set()
        self.enrolments = {}
        # Verdicts by index, once they were asked for.
        self.judged = {}
        for index, entry in enumerate(entries):
            self.effects.append(self.apply(index, entry))

    def good(self, keyid, entry, signature):
        key = self.keys[keyid]
        return ed25519.verify(ed25519.admit(key), key, entry.signed, signature)

    def by_admins(self, entry):
        """Admins who signed, and whether a signature of one of them is false."""
        signed, false = set(), False
        for keyid, signature in entry.signatures:
            if keyid in self.admins:
                if self.good(keyid, entry, signature):
                    signed.add(keyid)
                else:
                    false = True
        return signed, false

    def is_countersigned(self, entry):
        """Whether the admins signed an event of an actor too, as many as a key event needs."""
        signed, false = self.by_admins(entry)
        return not false and len(signed) >= max(self.threshold, 1)

    def apply(self, index, entry):
        """Lets an entry take effect; says which."""
        if entry is None:
            return None
        if index == 0 and entry.kind == event.GENESIS:
            admins = [event.parse_pem(pem) for pem in entry.predicate["admins"]]
            self.keys.update((event.key_id(key), key) for key in admins)
            self.admins = {event.key_id(key): key for key in admins}
            signed, false = self.by_admins(entry)
            if false or len(signed) < len(admins) or entry.predicate["log"] != self.origin:
                self.admins = {}
            self.threshold = entry.predicate["threshold"]
        if entry.kind != event.KEY:
            return "none"
        return self.apply_key_event(index, entry)

    def apply_key_event(self, index, entry):
        predicate = entry.predicate
        if predicate["log"] != self.origin:
            return "key-event-for-other-log"
        signed, false = self.by_admins(entry)
        if false:
            return "key-event-bad-signature"
        if len(signed) < max(self.threshold, 1):
            return "key-event-not-by-admins"
        if entry.signed in self.counted:
            return "key-event-replayed"
        self.counted.add(entry.signed)
        key = event.parse_pem(predicate["spki"])
        keyid = event.key_id(key)
        enrolment = self.enrolments.get(keyid)
        if predicate["op"] == "enrol":
            if keyid in self.admins:
                return "key-is-an-admins"
            if enrolment:
                return "key-already-enrolled" if enrolment.revoked_at is None else "key-already-revoked"
            self.keys[keyid] = key
            self.enrolments[keyid] = Enrolment(predicate["actor"], index, entry.leaf)
            return "enrolled"
        if not enrolment:
            return "key-not-enrolled"
        if predicate["op"] == "amend":
            return self.amend(index, enrolment, predicate, entry.leaf)
        if enrolment.revoked_at is not None:
            return "key-already-revoked"
        if enrolment.actor != predicate["actor"]:
            return "key-of-another-actor"
        if enrolment.leaf != predicate["actsOn"]:
            return "key-of-another-enrolment"
        enrolment.revoked_at = index
        enrolment.latest = entry.leaf
        since = predicate.get("compromisedSince")
        if since is not None and since < index:
            enrolment.compromised_since = since
            enrolment.reports.append((since, index))
        return "revoked"

    def amend(self, index, enrolment, predicate, leaf):
        """Lowers the index from which a revoked key counts as compromised."""
        since = predicate["compromisedSince"]
        if enrolment.revoked_at is None:
            return "key-not-revoked"
        if enrolment.actor != predicate["actor"]:
            return "key-of-another-actor"
        if enrolment.latest != predicate["actsOn"]:
            return "key-of-another-revocation"
        if since >= index:
            return "key-compromise-beyond-end"
        if enrolment.compromised_since is not None and since >= enrolment.compromised_since:
            return "key-compromise-not-lowered"
        enrolment.latest = leaf
        enrolment.compromised_since = since
        enrolment.reports.append((since, index))
        return "amended"

    def judge(self, index, entry):
        """The verdict on the signatures of an entry that can be read."""
        if index not in self.judged:
            self.judged[index] = self.judge_anew(index, entry)
        return self.judged[index]

    def judge_anew(self, index, entry):
        by_admins = entry.kind in (event.KEY, event.LOG_KEY, event.ACKNOWLEDGE, event.GENESIS)
        verdicts = []
        for keyid, signature in entry.signatures:
            enrolment = self.enrolments.get(keyid)
            known = keyid in self.admins if by_admins else enrolment is not None and enrolment.at < index
            if known and not self.good(keyid, entry, signature):
                return "invalid"
            verdicts.append(self.verdict(index, entry, keyid))
        by_old_key = self.by_old_key(entry) if entry.kind == event.LOG_KEY else True
        if by_old_key is False:
            return "invalid"
        if entry.predicate.get("log") != self.origin:
            return "other-log"
        if not entry.signatures:
            return "none"
        if by_old_key is None:
            return "unknown-key"
        if by_admins:
            signed, _ = self.by_admins(entry)
            if entry.kind == event.GENESIS:
                enough = index == 0 and len(signed) == len(entry.predicate["admins"])
            else:
                enough = len(signed) >= max(self.threshold, 1)
            return "valid" if enough else "unknown-key"
        return min(verdicts, key=BEST_FIRST.index)

    def by_old_key(self, entry):
        """Whether the signature of the log's old key, here always Ed25519, holds; None without one."""
        old = entry.predicate["old"]
        signature = dict(entry.signatures).get("sha256:" + sha256(old.encode()).hexdigest())
        if signature is None:
            return None
        key = base64.b64decode(old.split("+", 2)[2])
        return ed25519.verify(ed25519.admit(key[1:]), key[1:], entry.signed, signature)

    def verdict(self, index, entry, keyid):
        """The verdict on one good signature."""
        enrolment = self.enrolments.get(keyid)
        if enrolment is None or enrolment.at >= index:
            return "unknown-key"
        if enrolment.revoked_at is not None and enrolment.revoked_at < index:
            return "revoked-key"
        if entry.kind == event.ACCESS and entry.predicate["actor"]["id"] != enrolment.actor:
            return "actor-mismatch"
        if enrolment.compromised_since is not None and enrolment.compromised_since <= index:
            return "compromised"
        return "valid"
