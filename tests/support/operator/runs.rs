//! Lies in how a manifest covers the log: runs that are not there, elsewhere, or another's.
use super::case::{Case, seen};
use super::stage::{EARLIER, Operator, RUNS, resnet};

pub(super) fn cases() -> Vec<Case> {
    let positions = "index-positions";
    vec![
        Case::new(
            "run-hidden",
            "names no run for the middle of the log",
            || {
                edited(|lines| {
                    lines.remove(3);
                })
            },
        )
        .caught(seen(3, "index-manifest", "index-manifest-gap"))
        .fraud("bad-manifest"),
        Case::new(
            "last-run-hidden",
            "names no run for the end of the log",
            || {
                edited(|lines| {
                    lines.remove(4);
                })
            },
        )
        .caught(seen(3, "index-manifest", "index-manifest-coverage"))
        .fraud("bad-manifest"),
        Case::new("run-twice", "names a run twice", || {
            edited(|lines| {
                let run = lines[3].clone();
                lines.insert(3, run);
            })
        })
        .caught(seen(3, "index-manifest", "index-manifest-gap"))
        .fraud("bad-manifest"),
        Case::new("run-empty", "names a run of no entries", || {
            edited(|lines| {
                let empty = lines[2].replace("run 0 128 ", "run 0 0 ");
                lines.insert(2, empty);
            })
        })
        .caught(seen(3, "index-manifest", "index-manifest-run-length"))
        .fraud("bad-manifest"),
        Case::new(
            "too-many-buckets",
            "says that a run has 2^33 buckets",
            || {
                edited(|lines| {
                    let words: Vec<&str> = lines[2].split(' ').collect();
                    lines[2] = ["run", "0", "128", "33", words[4], words[5]].join(" ");
                })
            },
        )
        .caught(seen(3, "index-manifest", "index-manifest-run-bits"))
        .fraud("bad-manifest"),
        Case::new(
            "range-shifted",
            "says that a run starts where another one does",
            || {
                edited(|lines| {
                    lines[2] = lines[2].replace("run 0 128 ", "run 0 100 ");
                    lines[3] = lines[3].replace("run 128 256 ", "run 100 256 ");
                })
            },
        )
        // Offsets of the run that is cut short are beyond its end.
        .caught(seen(3, "index-files", "index-postings-out-of-range"))
        .fraud("malformed-bucket"),
        Case::new(
            "runs-swapped",
            "names two runs in each other's place",
            || {
                let mut operator = Operator::prepared();
                let mut runs = operator.runs();
                runs.swap(0, 1);
                (runs[0].range, runs[1].range) = (RUNS[0].clone(), RUNS[1].clone());
                operator.publish(&runs);
                operator
            },
        )
        .caught(seen(3, positions, "insertion"))
        .fraud("omission or insertion"),
        Case::new(
            "bucket-of-another-run",
            "seals a bucket of one run into another",
            || {
                let mut operator = Operator::prepared();
                let mut runs = operator.runs();
                let bucket = runs[0].bucket_of(&resnet());
                assert_eq!(runs[0].bits, runs[1].bits, "the same keys are in it");
                runs[1].buckets[bucket] = runs[0].buckets[bucket].clone();
                operator.publish(&runs);
                operator
            },
        )
        .caught(seen(3, positions, "insertion"))
        // It leaves out and adds: the auditor shows the first that it meets.
        .fraud("omission or insertion"),
        Case::new(
            "fewer-buckets",
            "cuts a run into half as many buckets as the rules say",
            || {
                let mut operator = Operator::prepared();
                let mut runs = operator.runs();
                runs[1].bits -= 1;
                runs[1].buckets = runs[1].buckets.chunks(2).map(<[_]>::concat).collect();
                operator.publish(&runs);
                operator
            },
        )
        .shows(9)
        .audited(3),
        Case::new(
            "more-buckets",
            "cuts a run into twice as many buckets as the rules say",
            || {
                let mut operator = Operator::prepared();
                let mut runs = operator.runs();
                let bits = runs[1].bits;
                let byte = usize::from(bits / 8);
                let mask = 0x80u8 >> (bits % 8);
                let halves = runs[1].buckets.iter().flat_map(|bucket| {
                    let records = super::forged_run::records(bucket);
                    let (high, low): (Vec<_>, Vec<_>) = records
                        .into_iter()
                        .partition(|record| record.key[byte] & mask != 0);
                    [low, high].map(|half| super::forged_run::encode(&half))
                });
                runs[1].buckets = halves.collect();
                runs[1].bits = bits + 1;
                operator.publish(&runs);
                operator
            },
        )
        .shows(9)
        .audited(3),
        Case::new(
            "earlier-manifest",
            "goes on showing a manifest that the log has outgrown; what came after is scanned",
            Operator::prepared,
        )
        .shows(9),
        Case::new(
            "much-earlier-manifest",
            "goes on showing a manifest that the log has outgrown by more than a reader scans",
            Operator::longer,
        )
        .caught(seen(5, "coverage", ""))
        .shows(2)
        .audited(5),
        Case::new(
            "long-without-auditor",
            "is honest about a log too long to be read whole, and shows no auditor's cosignature",
            || Operator::longer_indexed(false),
        )
        .caught(seen(5, "index-audit", ""))
        .shows(2)
        .audited(5),
        Case::new(
            "long-unaudited",
            "is honest about a log too long to be read whole, and nobody asks for auditors",
            || Operator::longer_indexed(true),
        )
        .unaudited()
        // Most of its entries are no events.
        .caught(seen(5, "readable", ""))
        .shows(2)
        .audited(5),
        Case::new(
            "earlier-checkpoint",
            "shows the log's checkpoint of before, beside the index of now",
            || {
                let mut operator = Operator::prepared();
                let runs = operator.runs();
                let earlier = glasslog_core::index::format::Manifest::parse(&operator.manifests[0]);
                operator.publish(&runs);
                let earlier = earlier.expect("an honest manifest");
                assert_eq!(earlier.head().size, EARLIER);
                operator
                    .files
                    .insert("checkpoint".into(), earlier.checkpoint().encode());
                operator
            },
        )
        .shows(5)
        // The part beyond the checkpoint cannot be told.
        .audited(5),
        Case::new(
            "shrinking",
            "appends a manifest that covers less than the one before",
            || {
                let mut operator = Operator::prepared();
                let runs = operator.runs();
                operator.publish(&runs);
                let earlier = operator.manifests[0].clone();
                operator.publish_manifest(earlier);
                operator
            },
        )
        .shows(9)
        .audited(3),
    ]
}

/// The honest index, its manifest changed line by line; the auditor is taken in.
fn edited(change: fn(&mut Vec<String>)) -> Operator {
    let mut operator = Operator::prepared();
    let runs = operator.runs();
    operator.add_files(&runs);
    let manifest = operator.manifest(&runs).encode();
    let text = String::from_utf8(manifest).expect("a manifest is text");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    change(&mut lines);
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    operator.publish_manifest(text.into_bytes());
    operator
}
