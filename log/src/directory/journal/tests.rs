//! Truncated, damaged, sealed and removed journals.

use super::*;
use crate::storage::error::JournalError;
use std::fs;

fn layout(directory: &tempfile::TempDir) -> Layout {
    let layout = Layout::new(directory.path());
    fs::create_dir_all(layout.temporary()).unwrap();
    layout
}

fn entries(names: &[&str]) -> Vec<Leaf> {
    let leaf = |name: &&str| Leaf::new(name.as_bytes().to_vec());
    names.iter().map(leaf).collect()
}

#[test]
fn what_was_appended_is_read_back() {
    let (directory, disk) = (tempfile::tempdir().unwrap(), Disk::new());
    let layout = layout(&directory);
    let mut journal = Journal::create(&disk, &layout, 7).unwrap();
    journal.append(&entries(&["a", "b"])).unwrap();
    journal.append(&[]).unwrap();
    journal.append(&entries(&["", "d"])).unwrap();
    assert_eq!(journal.end(), 11);
    let (journal, staged) = Journal::open(&disk, &layout, 0).unwrap();
    assert_eq!(
        staged,
        Staged {
            first: 7,
            leaves: entries(&["a", "b", "", "d"])
        }
    );
    assert_eq!(journal.end(), 11);
}

#[test]
fn large_appends_are_split_into_frames_that_fit() {
    let (directory, disk) = (tempfile::tempdir().unwrap(), Disk::new());
    let layout = layout(&directory);
    let mut journal = Journal::create(&disk, &layout, 0).unwrap();
    let many = vec![Leaf::new(vec![7; 65_535]); 300];
    journal.append(&many).unwrap();
    let (mut journal, staged) = Journal::open(&disk, &layout, 0).unwrap();
    assert_eq!(staged.leaves, many);
    assert!(journal.is_long());
    journal.forget(300).unwrap();
    let (journal, staged) = Journal::open(&disk, &layout, 0).unwrap();
    assert_eq!(
        (staged.first, staged.leaves.len(), journal.is_long()),
        (300, 0, false)
    );
}

/// Truncates the file after every byte: complete frames stay, the rest is removed, and appending continues.
#[test]
fn every_torn_tail_is_cut_off() {
    let (directory, disk) = (tempfile::tempdir().unwrap(), Disk::new());
    let layout = layout(&directory);
    let mut journal = Journal::create(&disk, &layout, 0).unwrap();
    let mut ends = vec![fs::metadata(layout.journal()).unwrap().len()];
    for name in ["a", "bb", "ccc"] {
        journal.append(&entries(&[name])).unwrap();
        ends.push(fs::metadata(layout.journal()).unwrap().len());
    }
    let whole = fs::read(layout.journal()).unwrap();
    for cut in ends[0]..whole.len() as u64 {
        fs::write(layout.journal(), &whole[..cut as usize]).unwrap();
        let kept = ends.iter().filter(|end| **end <= cut).count() - 1;
        let (mut journal, staged) = Journal::open(&disk, &layout, 0).unwrap();
        assert_eq!(staged.leaves.len(), kept, "cut at {cut}");
        journal.append(&entries(&["next"])).unwrap();
        let (_, staged) = Journal::open(&disk, &layout, 0).unwrap();
        assert_eq!(staged.leaves.last().unwrap().entry(), b"next");
    }
}

/// Flips every byte: in the last frame it is read as a torn end, before a complete frame as damage.
#[test]
fn every_damage_before_a_whole_frame_is_refused() {
    let (directory, disk) = (tempfile::tempdir().unwrap(), Disk::new());
    let layout = layout(&directory);
    let mut journal = Journal::create(&disk, &layout, 0).unwrap();
    journal.append(&entries(&["a", "b"])).unwrap();
    let last = fs::metadata(layout.journal()).unwrap().len() as usize;
    journal.append(&entries(&["c"])).unwrap();
    let whole = fs::read(layout.journal()).unwrap();
    for position in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[position] ^= 1;
        fs::write(layout.journal(), &bytes).unwrap();
        match Journal::open(&disk, &layout, 0) {
            Ok((_, staged)) => {
                assert!(position >= last, "damage at {position} went unseen");
                assert_eq!(staged.leaves, entries(&["a", "b"]));
            }
            Err(error) => {
                let offset = if position < HEADER { 0 } else { HEADER as u64 };
                assert_eq!(error, LogError::Journal(JournalError::Damaged { offset }));
                assert!(position < last);
            }
        }
    }
}

#[test]
fn an_entry_that_holds_a_frame_is_not_one() {
    let (directory, disk) = (tempfile::tempdir().unwrap(), Disk::new());
    let layout = layout(&directory);
    let mut journal = Journal::create(&disk, &layout, 0).unwrap();
    let mut forged = Vec::new();
    frame::write(&mut forged, &[0; SALT], 0, &entries(&["forged"]));
    journal.append(&[Leaf::new(forged)]).unwrap();
    let whole = fs::read(layout.journal()).unwrap();
    fs::write(layout.journal(), &whole[..whole.len() - 1]).unwrap();
    let (_, staged) = Journal::open(&disk, &layout, 0).unwrap();
    assert_eq!(staged.leaves, entries(&[]));
}

#[test]
fn a_missing_journal_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let layout = layout(&directory);
    let error = Journal::open(&Disk::new(), &layout, 0).unwrap_err();
    assert_eq!(error, LogError::missing(layout.journal()));
}

/// Entries are appended while older ones become public: long files are sealed, and removed when all their entries are
/// public.
#[test]
fn what_is_public_is_let_go_file_by_file() {
    let (directory, disk) = (tempfile::tempdir().unwrap(), Disk::new());
    let layout = layout(&directory);
    let mut journal = Journal::create(&disk, &layout, 0).unwrap();
    let many = vec![Leaf::new(vec![7; 65_535]); 70];
    let names = || {
        let names = fs::read_dir(layout.state()).unwrap();
        let mut names: Vec<_> = names
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with("journal-"))
            .collect();
        names.sort();
        names
    };
    journal.append(&many).unwrap();
    journal.forget(60).unwrap();
    journal.append(&many).unwrap();
    journal.forget(69).unwrap();
    journal.append(&many[..1]).unwrap();
    assert_eq!(names(), ["journal-0", "journal-70"]);
    let (mut journal, staged) = Journal::open(&disk, &layout, 69).unwrap();
    assert_eq!((staged.first, staged.leaves.len()), (0, 141));
    journal.forget(70).unwrap();
    assert_eq!(names(), ["journal-70"]);
    journal.forget(140).unwrap();
    assert_eq!(names(), Vec::<String>::new());
    let (_, staged) = Journal::open(&disk, &layout, 140).unwrap();
    assert_eq!((staged.first, staged.leaves.len()), (140, 1));
}

/// A sealed file that is lost, truncated or misnamed is refused; one that reappeared is removed.
#[test]
fn sealed_files_must_follow_each_other() {
    let (directory, disk) = (tempfile::tempdir().unwrap(), Disk::new());
    let layout = layout(&directory);
    let mut journal = Journal::create(&disk, &layout, 0).unwrap();
    let many = vec![Leaf::new(vec![7; 65_535]); 70];
    for _ in 0..3 {
        journal.append(&many).unwrap();
        journal.forget(0).unwrap();
    }
    let middle = layout.sealed_journal(70);
    let bytes = fs::read(&middle).unwrap();
    fs::remove_file(&middle).unwrap();
    let gap = LogError::Journal(JournalError::Gap {
        first: 70,
        end: 140,
        head: 69,
    });
    assert_eq!(Journal::open(&disk, &layout, 69).unwrap_err(), gap);
    fs::write(&middle, &bytes[..bytes.len() - 1]).unwrap();
    let error = Journal::open(&disk, &layout, 0).unwrap_err();
    assert!(
        matches!(error, LogError::Journal(JournalError::Damaged { .. })),
        "{error}"
    );
    fs::remove_file(&middle).unwrap();
    // Everything before the gap is public and durable: it was removed, and only a part of the removal survived a power
    // loss.
    let (_, staged) = Journal::open(&disk, &layout, 70).unwrap();
    assert_eq!(staged.first, 140);
    assert!(!layout.sealed_journal(0).exists());
    // A crash between the two steps of sealing.
    fs::copy(layout.journal(), layout.sealed_journal(210)).unwrap();
    let (_, staged) = Journal::open(&disk, &layout, 70).unwrap();
    assert_eq!((staged.first, staged.leaves.len()), (140, 70));
    assert!(!layout.sealed_journal(210).exists());
}
