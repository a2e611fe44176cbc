//! Every bound on hostile input, with the reason for its number.

/// Largest log entry in bytes: entry bundles carry a `uint16` length (tlog-tiles, "Log entries").
pub const MAX_ENTRY: usize = 65_535;

/// Most hashes in an inclusion proof: a tree of up to 2^64 − 1 leaves is at most 64 levels high (RFC 9162 §2.1.3).
pub const MAX_INCLUSION_PROOF: usize = 64;

/// Most hashes in a consistency proof: one for the old tree's edge, and a path of at most 64 levels (RFC 9162 §2.1.4).
pub const MAX_CONSISTENCY_PROOF: usize = 65;

/// Highest level that a tile path may name (tlog-tiles, "Merkle Tree"); trees of up to 2^64 − 1 leaves stop at level 7.
pub const MAX_TILE_LEVEL: u8 = 63;

/// Bytes of the largest entry bundle, 256 entries of [`MAX_ENTRY`] bytes and their lengths: a reader must accept as
/// many, and no more.
pub const MAX_BUNDLE_BYTES: usize = 256 * (2 + MAX_ENTRY);

/// Bytes of a full tile (tlog-tiles, "Merkle Tree"): a reader must accept as many, and no more.
pub const MAX_TILE_BYTES: usize = 8_192;

/// Containers inside each other in JSON: our deepest document has 6, and foreign predicates get room (events.md,
/// "Strict JSON").
pub const MAX_JSON_DEPTH: usize = 16;

/// Bytes of a name (artifact, actor, origin, predicate type): fits the limits of all registries that we know, and fits
/// on one screen.
pub const MAX_NAME: usize = 256;

/// Bytes of a log's origin: the message that ML-DSA-44 cosigners sign, and an audit statement, have one byte for its
/// length (tlog-cosignature, "ML-DSA-44").
pub const MAX_ORIGIN: usize = 255;

/// Subjects of a Statement: one for each identity scheme or file of an artifact; more belong in a manifest named by
/// digest.
pub const MAX_SUBJECTS: usize = 32;

/// Digests of one subject: more than there are hash functions in use for artifacts.
pub const MAX_DIGESTS: usize = 8;

/// Bytes of one digest: SHA-512, the longest in use.
pub const MAX_DIGEST_BYTES: usize = 64;

/// Most signatures of an envelope, each of which may cost a verification of about 70 µs; also most admins of a log, who
/// all sign its genesis.
pub const MAX_SIGNATURES: usize = 16;

/// Bytes of one signature: ML-DSA-87 takes 4,627, the small forms of SLH-DSA at most 7,856.
pub const MAX_SIGNATURE_BYTES: usize = 8_192;

/// Unicode scalar values of a free text (a reason): the limit in the JSON Schema of the predicate.
pub const MAX_TEXT: usize = 1_024;

/// Items of a list inside a predicate (roles, references): a longer list belongs in a document named by digest.
pub const MAX_LIST: usize = 32;

/// Bytes of the path of a file in a folder: four times what file systems allow for one part, and few enough that a
/// registration holds dozens of the longest.
pub const MAX_FILE_PATH: usize = 1_024;

/// Most files of a folder: the largest published models have some hundred, data sets beside them up to 10^5; their list
/// takes 100 MB of memory.
pub const MAX_FILES: usize = 1 << 18;

/// Largest list of files in bytes: [`MAX_FILES`] lines with paths of 170 bytes.
pub const MAX_FILE_LIST: usize = 1 << 26;

/// Most files that one event lists. The length of an entry allows fewer.
pub const MAX_LISTED_FILES: usize = 512;

/// Largest signed note in bytes, the limit of `signed_note`, and of torchwood for a checkpoint's text: other verifiers
/// accept every note that we accept. It holds [`MAX_NOTE_SIGNATURES`] lines of 5 kB signatures, the largest that the
/// specification warns of.
pub const MAX_NOTE: usize = 1_000_000;

/// Most signature lines in a note, the limit of `golang.org/x/mod/sumdb/note`. Signed-note asks for 16 at least; a log
/// and the 32 witnesses that tlog-policy asks for, each with a key of either algorithm, make 66.
pub const MAX_NOTE_SIGNATURES: usize = 100;

/// Most hashes in the consistency proof of an `add-checkpoint` request (tlog-witness, "add-checkpoint").
pub const MAX_WITNESS_PROOF: usize = 63;

/// Largest `add-checkpoint` request in bytes: a checkpoint of [`MAX_NOTE`], [`MAX_WITNESS_PROOF`] lines of a hash, the old
/// size, and the empty line.
pub const MAX_ADD_CHECKPOINT: usize = MAX_NOTE + MAX_WITNESS_PROOF * 45 + 26;

/// Largest answer to `add-checkpoint` in bytes: as many lines as a note, since they are added to one.
pub const MAX_WITNESS_ANSWER: usize = MAX_NOTE;

/// Largest list of logs for a witness in bytes: 200,000 logs of 300 bytes each; the largest published list is for 40,000.
pub const MAX_LOG_LIST: usize = 64 << 20;

/// Largest answer with a size in bytes: 20 digits and a line feed.
pub const MAX_SIZE_ANSWER: usize = 21;

/// Largest `tlog-proof` file in bytes: a checkpoint of [`MAX_NOTE`], and the same again for 64 hashes and extra data.
pub const MAX_TLOG_PROOF: usize = 2 * MAX_NOTE;

/// Largest state of an audit in bytes: room for the names of a million registered versions and the sums of 10^9
/// entries.
pub const MAX_AUDIT_STATE: usize = 1 << 28;

/// The *reading budget*: most entries that a reader reads one by one of its own accord, be it a whole log that no audited
/// index covers or the entries after the end of an index. 256 entry bundles take seconds to fetch and verify. A builder
/// that publishes each minute or each 256 entries keeps the tail far shorter.
pub const MAX_READING: u64 = 65_536;

/// Bytes of the reading budget: 1 KiB for each of [`MAX_READING`] entries, and most events have less.
pub const MAX_READING_BYTES: u64 = 64 << 20;

/// Most malformed entries that a history reads to check the index. A log that admits events only has none.
/// The index is believed about the others, because such an entry cannot hide an event.
pub const MAX_MALFORMED_READ: usize = 64;

/// Most faulty entries that a verification lists, so that the admins' acknowledgements can be found for them. An honest
/// operator lets none in; more than these count against the log for ever.
pub const MAX_FAULTS: usize = 1_024;

/// Files that a query asks for at once: enough to hide the latency of a network, and at most 270 MB in memory if each
/// is a bundle of [`MAX_BUNDLE_BYTES`].
pub const MAX_IN_FLIGHT: usize = 16;

/// Most digests that one history looks up beside its question. A version has at most [`MAX_SUBJECTS`]; a bare name has those
/// of its versions, and the report says how many were left out.
pub const MAX_LINKED_DIGESTS: usize = 256;

/// Digests that a history looks up at once, one page of those of a bare name.
pub const LINKED_PAGE: usize = 64;

/// Most entries that a history reads because they have a linked digest and do not name the artifact: as many as a reader
/// scans. A digest with more is left out, and the report says so.
pub const MAX_LINKED_ENTRIES: usize = 65_536;

/// Bytes of entries that a history holds because they have a linked digest: a quarter of [`MAX_HELD`], so that what others record
/// about a shared file cannot take the room of the events that name the artifact.
pub const MAX_LINKED_BYTES: usize = 32 << 20;

/// Most entries that a history reads to find which registration binds one name: those that have the name, up to the
/// registration in question. Before the first registration of a name there is little to record.
pub const MAX_CONSULTED: usize = 4_096;

/// Bytes of entries that a history holds for that alone: others fill them before they register a name.
pub const MAX_CONSULTED_BYTES: usize = 16 << 20;

/// Most versions of which the history of a digest says that they are registered with it.
pub const MAX_VERSIONS_OF_DIGEST: usize = 32;

/// Bytes of entries, positions and lists that a history holds, unless its caller allows more: some 100,000 events. A
/// report about so many takes twice as much again, and its text as much as that: with the files in flight, at most
/// [`MAX_IN_FLIGHT`] bundles, the process stays below a gigabyte, which a page of a browser may use too.
pub const MAX_HELD: usize = 128 << 20;

/// Most names that a verification of files looks up beside the files' digests. A content has a handful of names; names
/// in registrations come first, so that reads by others cannot crowd them out.
pub const MAX_FILE_NAMES: usize = 64;

/// Most entries that a verification of files reads because they have one of these names, and bytes of them that it holds. The
/// names of the first registration of each file are not among them: its events decide, and take what they need.
pub const MAX_NAMED_ENTRIES: usize = 4_096;

/// See [`MAX_NAMED_ENTRIES`]: a name that is beyond is left out with all names after it, and the report says so.
pub const MAX_NAMED_BYTES: usize = 16 << 20;

/// Most files of a folder whose digests are looked up to find a registration of a similar folder: the largest ones, which
/// are a model's weights.
pub const MAX_PROBES: usize = 8;

/// Largest offline bundle in bytes (`docs/formats/bundle.md`); without an index it holds every entry.
pub const MAX_OFFLINE_BUNDLE: usize = 256 << 20;

/// Longest path of a file of a log, and longest line of an offline bundle: tile paths have at most 60 bytes, and the
/// name of an artifact at most 256, after its kind.
pub const MAX_PATH: usize = 512;

/// Largest trust policy in bytes: three roles of 32 logs, 32 witnesses and 32 groups, which tlog-policy asks for, with
/// keys of 1.8 kB (ML-DSA-44) and names and URLs of 200 bytes need half of it.
pub const MAX_POLICY: usize = 1 << 20;

/// Most logs, most witnesses and most groups in one policy, each four times what tlog-policy asks for. Admitting a key
/// costs about as much as verifying a signature: 256 of them take some 15 ms.
pub const MAX_POLICY_NAMES: usize = 128;

/// Most seconds by which the time of a cosignature may be in the future and still count: clocks of honest witnesses
/// differ.
pub const MAX_CLOCK_SKEW: u64 = 300;

/// Entries that one run of the index may cover: a list of their offsets fits 1 GiB, and a run is rebuilt in minutes
/// (`docs/formats/index.md`, "Limits").
pub const MAX_RUN: u64 = 1 << 28;

/// Most runs of a manifest: a log of 10^10 entries needs fewer, and a lookup reads each of them.
pub const MAX_RUNS: usize = 64;

/// Highest b of a run of 2^b buckets: 2^28 entries of 400 keys of 40 bytes need 31.
pub const MAX_RUN_BITS: u8 = 32;

/// Bytes of the largest bucket of an index, about as many as those of the largest entry bundle, which every reader
/// accepts anyway.
pub const MAX_BUCKET: usize = 16 << 20;

/// Longest list of offsets inside a bucket: 4 KiB. A longer list is a file of its own.
pub const MAX_INLINE: u32 = 1_024;

/// Most positions that one lookup accepts: 32 MiB of memory. Buckets state the number before the first list is fetched.
pub const MAX_LOOKUP_POSITIONS: u64 = 1 << 22;

/// Largest evidence of an inconsistency in bytes: two checkpoints of [`MAX_NOTE`], and a root and a consistency proof.
pub const MAX_INCONSISTENCY: usize = 2 * MAX_NOTE + 8_192;

/// Largest fraud proof in bytes: a bucket of [`MAX_BUCKET`] with its path, two chunks, an entry and a manifest, and
/// room to spare.
pub const MAX_FRAUD_PROOF: usize = 32 << 20;

/// Bytes of the list of archived checkpoints: 40,000 pages, which at one checkpoint each half hour are 580 years.
pub const MAX_CHECKPOINT_LIST: usize = 1 << 20;

/// Bytes of a page of that list: 256 sizes of 20 digits, with room.
pub const MAX_CHECKPOINT_PAGE: usize = 8_192;

/// Archived checkpoints that one history reads: the times of an artifact with more of them between its events are less
/// narrow. Each may cost a fetch and the verification of every witness.
pub const MAX_TIME_CHECKPOINTS: usize = 64;

/// Pages of the list that one history reads, each a fetch.
pub const MAX_TIME_PAGES: usize = 16;
