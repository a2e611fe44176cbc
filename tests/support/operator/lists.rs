//! Lies in long lists of positions, which lie in files of their own: here the list of entries that nobody can read.
use glasslog_core::event::KeyKind;
use glasslog_core::index::format::{CHUNK, encode_chunks};

use super::case::{Case, Seen, seen};
use super::stage::{LONG, Operator, key};

pub(super) fn cases() -> Vec<Case> {
    let lie = |name, lie, error, make: fn() -> Operator| {
        Case::new(name, lie, make)
            .caught(seen(3, "index-files", error))
            .fraud("malformed-bucket")
    };
    vec![
        Case::new("long-list", "nothing, with a long list", || forge(|_, _| {}))
            .caught(unreadable_log())
            .shows(2)
            .audited(5),
        Case::new(
            "chunk-left-out",
            "leaves 4,096 positions out of the middle of a long list, and shows no auditor's cosignature",
            || Operator { is_cosigned: false, ..chunk_left_out() }.sealed(),
        )
        .caught(unreadable_log())
        .shows(2)
        .fraud("omission"),
        Case::new(
            "chunk-left-out-unaudited",
            "leaves 4,096 positions out of the middle of a long list, and nobody asks for auditors",
            chunk_left_out,
        )
        .unaudited()
        .caught(unreadable_log())
        .shows(2)
        .fraud("omission"),
        Case::new(
            "chunk-missing-from-list",
            "seals a list of fewer chunks than its count needs",
            || {
                forge(|chunks, _| {
                    chunks.remove(1);
                })
            },
        )
        .caught(seen(3, "index-files", "index-postings-leaves-length"))
        // The root is of no list of this length: no file can show that, as the format says.
        .audited(3),
        lie(
            "chunk-twice",
            "seals a chunk in the place of the next one",
            "index-postings-first",
            || forge(|chunks, _| chunks[2] = chunks[1].clone()),
        ),
        lie(
            "chunk-twice-renumbered",
            "repeats the positions of a chunk in the next one",
            "index-list-order",
            || {
                forge(|chunks, _| {
                    let positions = chunks[1][4..].to_vec();
                    chunks[2].truncate(4);
                    chunks[2].extend(positions);
                })
            },
        ),
        lie(
            "chunks-swapped",
            "seals two chunks in each other's place",
            "index-postings-first",
            || forge(|chunks, _| chunks.swap(1, 2)),
        ),
        lie(
            "chunk-shifted",
            "says that a chunk stands elsewhere in its list",
            "index-postings-first",
            || {
                forge(|chunks, _| {
                    let elsewhere = (CHUNK + 1).to_be_bytes();
                    chunks[1][..4].copy_from_slice(&elsewhere);
                })
            },
        ),
        lie(
            "chunk-out-of-order",
            "writes two positions of a chunk in the wrong order",
            "index-postings-order",
            || {
                forge(|chunks, _| {
                    let first: [u8; 4] = chunks[1][4..8].try_into().expect("four bytes");
                    chunks[1].copy_within(8..12, 4);
                    chunks[1][8..12].copy_from_slice(&first);
                })
            },
        ),
        lie(
            "chunk-too-long",
            "seals a chunk of one position too many",
            "index-postings-length",
            || {
                forge(|chunks, _| {
                    let last = chunks[1][chunks[1].len() - 4..].to_vec();
                    chunks[1].extend(last);
                })
            },
        ),
        lie(
            "list-too-long",
            "says that a list has more positions than the run has entries",
            "index-postings-too-many",
            || {
                forge(|_, count| {
                    *count = u32::try_from(LONG).expect("a small number") + 1;
                })
            },
        ),
        Case::new(
            "list-position-inserted",
            "lists an event as unreadable, in a long list",
            || {
                relist(|offsets| offsets.insert(0, 7))
            },
        )
        .caught(seen(3, "index-positions", "insertion"))
        .fraud("insertion"),
    ]
}

/// Outcome of an honest answer: the log has entries that are no events.
fn unreadable_log() -> Seen {
    seen(5, "readable", "")
}

/// The index of the long log with its long list changed, chunk by chunk; the auditor is taken in.
fn forge(change: fn(&mut Vec<Vec<u8>>, &mut u32)) -> Operator {
    let offsets = unreadable();
    let mut chunks: Vec<Vec<u8>> = encode_chunks(&offsets).collect();
    assert!(chunks.len() > 3, "a list of several chunks");
    let mut count = u32::try_from(offsets.len()).expect("a small number");
    change(&mut chunks, &mut count);
    publish(&chunks, count)
}

/// The same with its positions changed; all chunks are well formed.
fn relist(change: fn(&mut Vec<u32>)) -> Operator {
    let mut offsets = unreadable();
    change(&mut offsets);
    let chunks: Vec<Vec<u8>> = encode_chunks(&offsets).collect();
    publish(
        &chunks,
        u32::try_from(offsets.len()).expect("a small number"),
    )
}

fn chunk_left_out() -> Operator {
    relist(|offsets| {
        offsets.drain(4096..8192);
    })
}

fn publish(chunks: &[Vec<u8>], count: u32) -> Operator {
    let mut operator = Operator::long();
    let mut run = Operator::long_run();
    run.change_list(&key(KeyKind::Malformed, ""), count, chunks);
    operator.publish(&[run]);
    operator
}

/// Positions of the noise.
fn unreadable() -> Vec<u32> {
    (40..u32::try_from(LONG).expect("a small number")).collect()
}
