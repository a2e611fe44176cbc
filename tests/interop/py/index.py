"""The verifiable index, from docs/formats/index.md and docs/formats/mapfn alone: keys, runs, manifests and lookups."""

import re
from dataclasses import dataclass
from hashlib import sha256

import outline
from tlog import Checkpoint, Malformed, TlogProof, Unknown, Untrue, check_inclusion, decode_base64, decode_decimal
from tlog import leaf_hash, node_hash

LOAD, INLINE, CHUNK, MAX_BUCKET, MAX_RUN, MAX_RUNS, MAX_BITS = 3072, 1024, 4096, 1 << 24, 1 << 28, 64, 32
MAX_MANIFEST = 65_535


def require(condition, what):
    if not condition:
        raise Malformed(what)


def key(kind, identifier=""):
    """Hashes a lookup key."""
    raw = identifier.encode()
    return sha256(b"tlog-index-key/v1\n" + bytes([kind]) + len(raw).to_bytes(2, "big") + raw).digest()


RESERVED = {key(kind) for kind in (outline.TRUST, outline.MALFORMED)}


def access_keys(raw):
    """The keys of an entry by access/v2."""
    return {key(kind, identifier) for kind, identifier in outline.keys(raw)}


@dataclass
class MapFunction:
    """A function from an entry to its keys."""

    keys: object
    reserved: set


FUNCTIONS = {
    ("access/v2", "XxV4XorA8BGgEHj5Cx0zOV/rCC+SaeLNDqTODzX60bg="): MapFunction(access_keys, RESERVED),
    ("leaf/v1", "sWUP2e6/WHjXkg6E69yC8XtwdB0nsILnwqase1jmyM8="): MapFunction(lambda raw: {leaf_hash(raw)}, set()),
}


def bucket_leaf(bucket):
    return sha256(b"\x00tlog-index-bucket/v1\n" + bucket).digest()


def chunk_leaf(chunk):
    return sha256(b"\x00tlog-index-postings/v1\n" + chunk).digest()


def tree_root(leaves):
    """The root of RFC 6962 over hashes of leaves, at least one."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(tree_root(leaves[:split]), tree_root(leaves[split:]))


def words(raw):
    return [int.from_bytes(raw[at : at + 4], "big") for at in range(0, len(raw), 4)]


def check_offsets(offsets, length):
    require(all(one < other for one, other in zip(offsets, offsets[1:])), "offsets do not increase")
    require(not offsets or offsets[-1] < length, "an offset is not in the run")


@dataclass
class Run:
    """What a manifest says of a run."""

    start: int
    end: int
    bits: int
    root: bytes
    reserved: bytes

    @property
    def length(self):
        return self.end - self.start

    def bucket_of(self, hashed):
        return int.from_bytes(hashed, "big") >> 256 - self.bits

    def open(self, file, bucket):
        """The bytes of a bucket in its file; `bucket` is a number or "reserved"."""
        if bucket == "reserved":
            if self.reserved is None or bucket_leaf(file) != self.reserved:
                raise Untrue("the reserved bucket is another one")
            return file
        if len(file) < 32 * self.bits:
            raise Untrue("the file is too short for its path")
        path = [file[at : at + 32] for at in range(0, 32 * self.bits, 32)]
        bytes_ = file[32 * self.bits :]
        check_inclusion(bucket_leaf(bytes_), bucket, 1 << self.bits, self.root, path)
        return bytes_

    def read(self, raw, bucket, reserved):
        """The records of a bucket: each key with its offsets, or with (count, root) of a long list."""
        require(len(raw) <= MAX_BUCKET, "the bucket is too large")
        require(bucket != "reserved" or raw, "a reserved bucket without a record")
        records, last = {}, b""
        while raw:
            hashed, count, raw = raw[:32], raw[32:36], raw[36:]
            require(len(count) == 4, "the bucket ends within a record")
            require(last < hashed, "the keys do not increase")
            if bucket == "reserved":
                require(hashed in reserved, "not a reserved key")
            else:
                require(hashed not in reserved, "a reserved key in the tree")
                require(self.bucket_of(hashed) == bucket, "the key belongs into another bucket")
            count, last = int.from_bytes(count, "big"), hashed
            size = 4 * count if count <= INLINE else 32
            body, raw = raw[:size], raw[size:]
            require(len(body) == size, "the bucket ends within a record")
            require(1 <= count <= self.length, "the count")
            if count <= INLINE:
                records[hashed] = words(body)
                check_offsets(records[hashed], self.length)
            else:
                records[hashed] = (count, body)
        return records

    def read_chunk(self, raw, number, count):
        """The offsets of a chunk of a list of `count`."""
        expected = min(CHUNK, count - number * CHUNK)
        require(expected > 0 and len(raw) == 4 + 4 * expected, "the length of a chunk")
        first, *offsets = words(raw)
        require(first == number * CHUNK, "the place of a chunk")
        check_offsets(offsets, self.length)
        return offsets

    def read_list(self, count, root, read):
        """The offsets of a long list, from its files."""
        leaves = [root]
        if count > CHUNK:
            file = read(f"index/postings/{root.hex()}")
            leaves = [file[at : at + 32] for at in range(0, len(file), 32)]
            if len(file) != 32 * -(-count // CHUNK) or tree_root(leaves) != root:
                raise Untrue("the file of the list is another one")
        offsets = []
        for number, leaf in enumerate(leaves):
            chunk = read(f"index/postings/{leaf.hex()}")
            if chunk_leaf(chunk) != leaf:
                raise Untrue("the chunk is another one")
            offsets += self.read_chunk(chunk, number, count)
        check_offsets(offsets, self.length)
        return offsets


def build(function, start, entries):
    """Builds the run of a range from its entries, and all its files."""
    lists = {}
    for offset, raw in enumerate(entries):
        for hashed in function.keys(raw):
            lists.setdefault(hashed, []).append(offset)
    files, records, reserved = {}, {}, b""
    for hashed, offsets in sorted(lists.items()):
        body = b"".join(offset.to_bytes(4, "big") for offset in offsets)
        if len(offsets) > INLINE:
            firsts = range(0, len(offsets), CHUNK)
            chunks = [first.to_bytes(4, "big") + body[4 * first : 4 * (first + CHUNK)] for first in firsts]
            leaves = [chunk_leaf(chunk) for chunk in chunks]
            files.update((f"index/postings/{leaf.hex()}", chunk) for leaf, chunk in zip(leaves, chunks))
            body = tree_root(leaves)
            if len(leaves) > 1:
                files[f"index/postings/{body.hex()}"] = b"".join(leaves)
        record = hashed + len(offsets).to_bytes(4, "big") + body
        if hashed in function.reserved:
            reserved += record
        else:
            records[hashed] = record
    bits = 0
    while sum(map(len, records.values())) > LOAD << bits:
        bits += 1
    buckets = [b""] * (1 << bits)
    for hashed, record in records.items():
        buckets[int.from_bytes(hashed, "big") >> 256 - bits] += record
    levels = [[bucket_leaf(bucket) for bucket in buckets]]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[at], below[at + 1]) for at in range(0, len(below), 2)])
    root = levels[-1][0]
    for number, bucket in enumerate(buckets):
        path = b"".join(level[(number >> height) ^ 1] for height, level in enumerate(levels[:-1]))
        files[f"index/run/{root.hex()}/{place(number)}"] = path + bucket
    if reserved:
        files[f"index/reserved/{bucket_leaf(reserved).hex()}"] = reserved
    run = Run(start, start + len(entries), bits, root, bucket_leaf(reserved) if reserved else None)
    return run, files


def place(number):
    """A number in a path, as c2sp.org/tlog-tiles writes it."""
    groups = [f"{number % 1000:03}"]
    while number >= 1000:
        number //= 1000
        groups.insert(0, f"x{number % 1000:03}")
    return "/".join(groups)


@dataclass
class Manifest:
    """Which runs cover a log."""

    function: tuple
    runs: list
    checkpoint: Checkpoint

    @staticmethod
    def parse(raw):
        require(len(raw) <= MAX_MANIFEST, "the manifest is too large")
        head, gap, rest = raw.partition(b"\n\n")
        require(gap and head.isascii(), "no empty line before a checkpoint")
        lines = head.decode().split("\n")
        if re.fullmatch(r"tlog-index/v(0|[1-9][0-9]*)", lines[0]) and lines[0] != "tlog-index/v1":
            raise Unknown("the manifest is of another version")
        require(lines[0] == "tlog-index/v1", "the first line")
        match = re.fullmatch(r"mapfn ([!-~]{1,64}) (\S+)", lines[1] if len(lines) > 1 else "")
        require(match, "the key function")
        decode_base64(match[2], 32)
        require(len(lines) - 2 <= MAX_RUNS, "too many runs")
        runs, at = [], 0
        for line in lines[2:]:
            word = line.split(" ")
            require(len(word) == 6 and word[0] == "run", "the line of a run")
            start, end, bits = map(decode_decimal, word[1:4])
            reserved = None if word[5] == "-" else decode_base64(word[5], 32)
            runs.append(Run(start, end, bits, decode_base64(word[4], 32), reserved))
            require(start == at, "a run starts elsewhere")
            require(start < end <= start + MAX_RUN and bits <= MAX_BITS, "the bounds of a run")
            at = end
        checkpoint = Checkpoint.parse(rest)
        names = {name for name, _, _ in checkpoint.signatures}
        require(names == {checkpoint.origin}, "a signature that is not by the log")
        require(at == checkpoint.size, "the runs end elsewhere than the log")
        return Manifest(match.groups(), runs, checkpoint)

    def map(self):
        if self.function not in FUNCTIONS:
            raise Unknown(f"the key function {self.function[0]} is not known")
        return FUNCTIONS[self.function]

    def positions(self, hashed, read):
        """All positions of a key; `read` gives a file, and fails where there is none."""
        reserved, found = self.map().reserved, []
        for run in self.runs:
            if hashed in reserved and run.reserved is None:
                continue
            if hashed in reserved:
                bucket, path = "reserved", f"index/reserved/{run.reserved.hex()}"
            else:
                bucket = run.bucket_of(hashed)
                path = f"index/run/{run.root.hex()}/{place(bucket)}"
            records = run.read(run.open(read(path), bucket), bucket, reserved)
            offsets = records.get(hashed, [])
            if isinstance(offsets, tuple):
                offsets = run.read_list(*offsets, read)
            found += [run.start + offset for offset in offsets]
        return found


@dataclass
class Trust:
    """A trust policy of one key for each role: `quorum none`, or the one witness or auditor."""

    log: object
    index: object
    auditor: object = None

    @staticmethod
    def parse(text, read_key):
        section, keys = None, {}
        for line in text.splitlines():
            word = line.split()
            if len(word) == 1:
                section = word[0]
            elif word and word[0] in ("log", "witness"):
                keys[section, word[0]] = read_key(word[-1])
        return Trust(keys["[log]", "log"], keys["[index]", "log"], keys.get(("[audit]", "witness")))


def vouched(raw, trust):
    """The manifest in a proof of it, once the index and its auditor vouch for it."""
    proof = TlogProof.parse(raw)
    require(proof.extra is not None, "the proof carries no manifest")
    proof.verify(proof.extra, trust.index)
    manifest = Manifest.parse(proof.extra)
    manifest.checkpoint.verify(trust.log)
    if trust.auditor:
        log = manifest.checkpoint
        heads = [stated[1:] for stated in proof.checkpoint.verify(trust.auditor)]
        if (log.origin, log.size, log.root) not in heads:
            raise Unknown("the auditor's statement is about another head")
    return manifest


def fraud_parts(raw):
    """The header lines and the parts of a fraud proof."""
    header, parts = {}, []
    line, _, raw = raw.partition(b"\n")
    require(line == b"glasslog-index-fraud/v1", "the first line")
    while raw:
        line, feed, raw = raw.partition(b"\n")
        require(feed and line.isascii(), "a line")
        name, _, value = line.decode().partition(" ")
        if name in ("kind", "run", "bucket", "key", "position"):
            require(not parts and name not in header, "a header line")
            header[name] = value
        else:
            length = decode_decimal(value)
            require(length <= len(raw), "a part is too short")
            parts.append((name, raw[:length]))
            raw = raw[length:]
    return header, parts


SHAPES = {
    "bad-manifest": (["kind"], r"manifest index-proof"),
    "malformed-bucket": (["kind", "run", "bucket", "key"], r"manifest index-proof file( chunk chunk-proof){0,2}"),
    "omission": (
        ["kind", "run", "bucket", "key", "position"],
        r"manifest index-proof file( chunk chunk-proof){0,2} entry inclusion",
    ),
}
SHAPES["insertion"] = SHAPES["omission"]


def check_fraud(raw, trust):
    """Judges a fraud proof: its kind, which manifest it accuses, and whether the auditor vouched for that."""
    header, parts = fraud_parts(raw)
    kind = header.get("kind")
    require(kind in SHAPES, "the kind")
    names, shape = SHAPES[kind]
    require(list(header) == names or kind == "malformed-bucket" and list(header) == names[:3], "the header")
    require(re.fullmatch(shape, " ".join(name for name, _ in parts)), "the parts")
    part = dict(parts)
    proof = TlogProof.parse(part["index-proof"])
    require(proof.extra is None, "the proof has extra data")
    proof.verify(part["manifest"], trust.index)
    audited = True
    try:
        proof.checkpoint.verify(trust.auditor)
    except (AttributeError, Unknown, Untrue):
        audited = False
    if kind == "bad-manifest":
        check_bad_manifest(part["manifest"])
    else:
        check_bucket_fraud(kind, header, parts, part)
    return kind, proof.index, audited


def check_bad_manifest(raw):
    try:
        Manifest.parse(raw)
    except Malformed:
        return
    raise Untrue("the manifest breaks no rule")


def check_bucket_fraud(kind, header, parts, part):
    manifest = Manifest.parse(part["manifest"])
    function = manifest.map()
    number = decode_decimal(header["run"])
    require(number < len(manifest.runs), "no such run")
    run = manifest.runs[number]
    bucket = header["bucket"] if header["bucket"] == "reserved" else decode_decimal(header["bucket"])
    hashed = decode_base64(header["key"], 32) if "key" in header else None
    absent = bucket == "reserved" and run.reserved is None and not part["file"]
    raw = b"" if absent else run.open(part["file"], bucket)
    try:
        records = {} if absent else run.read(raw, bucket, function.reserved)
    except Malformed:
        if kind == "malformed-bucket" and hashed is None:
            return
        raise
    if hashed is None:
        raise Untrue("the bucket breaks no rule")
    right = "reserved" if hashed in function.reserved else run.bucket_of(hashed)
    require(right == bucket, "the key belongs into another bucket")
    found = records.get(hashed, [])
    chunks, count = [], None
    if isinstance(found, tuple):
        count, root = found
        pairs = [raw for name, raw in parts if name in ("chunk", "chunk-proof")]
        for chunk, proof in zip(pairs[::2], pairs[1::2]):
            index, hashes = chunk_proof(proof)
            check_inclusion(chunk_leaf(chunk), index, -(-count // CHUNK), root, hashes)
            chunks.append((index, chunk))
    require(chunks or "chunk" not in part, "chunks of a list that is not long")
    if kind == "malformed-bucket":
        return check_malformed_list(run, count, chunks)
    position = decode_decimal(header["position"])
    require(run.start <= position < run.end, "the position is not in the run")
    hashes = proof_lines(part["inclusion"])
    head = manifest.checkpoint
    check_inclusion(leaf_hash(part["entry"]), position, head.size, head.root, hashes)
    has = hashed in function.keys(part["entry"])
    listed = is_listed(run, position - run.start, found, count, chunks)
    if (has, listed) != ((True, False) if kind == "omission" else (False, True)):
        raise Untrue("the index says what is true")


def chunk_proof(raw):
    first, feed, rest = raw.partition(b"\n")
    require(feed and first.isascii() and first.startswith(b"index "), "the place of a chunk")
    return decode_decimal(first[len("index ") :].decode()), proof_lines(rest)


def proof_lines(raw):
    """The hashes of a proof, one a line."""
    require(raw.isascii() and raw[-1:] in (b"", b"\n"), "the lines of a proof")
    return [decode_base64(line, 32) for line in raw.decode().split("\n")[:-1]]


def check_malformed_list(run, count, chunks):
    require(chunks, "no chunk is shown")
    try:
        read = [run.read_chunk(chunk, index, count) for index, chunk in chunks]
    except Malformed:
        return
    if len(chunks) == 2 and chunks[0][0] + 1 == chunks[1][0] and read[0][-1] >= read[1][0]:
        return
    raise Untrue("the list breaks no rule")


def is_listed(run, offset, found, count, chunks):
    """Whether a list has an offset, as far as the chunks shown settle it."""
    if count is None:
        return offset in found
    read = [(index, run.read_chunk(chunk, index, count)) for index, chunk in chunks]
    last = -(-count // CHUNK) - 1
    if len(read) == 1:
        index, offsets = read[0]
        within = offsets[0] <= offset <= offsets[-1]
        before, after = index == 0 and offset < offsets[0], index == last and offset > offsets[-1]
        require(within or before or after, "the chunk does not settle it")
        return offset in offsets
    require(len(read) == 2 and read[0][0] + 1 == read[1][0], "no two neighbours")
    require(read[0][1][-1] < offset < read[1][1][0], "the chunks do not settle it")
    return False
