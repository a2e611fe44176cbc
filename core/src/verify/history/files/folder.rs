//! A folder beside the registration that it is compared with: changed, missing and extra files
//! (`docs/formats/folders.md`, "Verification").

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::event::action::Action;
use crate::event::file_list::{Differences, FileList, FolderFile};
use crate::event::file_list_text::parse_digest;
use crate::report::check::{CheckCode, Checks, Class};
use crate::report::event_view::EventView;
use crate::report::evidence::Evidence;
use crate::report::report::{FolderView, RegisteredAs};
use crate::text::limits::MAX_PROBES;
use crate::verify::contents::Contents;

use super::found::{Found, registered};

/// A folder in question.
pub(super) struct Folder {
    files: FileList,
    /// The list that its registration names, if the reader has it.
    list: Option<FileList>,
}

/// The files of a registration.
enum Listed {
    /// All of them.
    All(Vec<FolderFile>),
    /// Some of them; the others are in a list that the reader does not have.
    Some(Vec<FolderFile>),
    /// The digest of the folder alone.
    None,
}

impl Folder {
    pub(super) const fn new(files: FileList, list: Option<FileList>) -> Self {
        Self { files, list }
    }

    /// The digests of the largest files, by which a registration of a similar folder is found.
    pub(super) fn probes(&self) -> Vec<String> {
        let largest = self.files.largest(MAX_PROBES).into_iter();
        largest
            .map(|file| format!("sha256:{}", file.digest.to_hex()))
            .collect()
    }

    /// Compares the folder with a registration, if there is one to compare with, and records the result. True if that
    /// registration decides; one that has only some files in common with the folder is shown and decides nothing.
    pub(super) fn judge(
        &self,
        version: Option<&str>,
        found: &Found,
        contents: Contents<'_>,
        checks: &mut Checks,
    ) -> (FolderView, bool) {
        let mut view = FolderView {
            digest: found.file.digest.clone(),
            files: u64::try_from(self.files.files().len()).unwrap_or(u64::MAX),
            size: self.files.size(),
            compared_with: None,
            listed: None,
            changed: Vec::new(),
            missing: Vec::new(),
            extra: Vec::new(),
        };
        let deciding = self.registration(version, found, contents);
        let decides = deciding.is_some();
        let is_bare = version.is_none() && !found.is_evidence();
        let similar = || is_bare.then(|| self.most_similar(contents)).flatten();
        if let Some((event, known_as)) = deciding.or_else(similar) {
            let (listed, differences) = self.differences(event);
            view.listed = Some(listed.name());
            if decides {
                self.record(event, &known_as, &listed, &differences, checks);
            } else if !found.is_compromised() {
                let detail = format!(
                    "no event is evidence for it; the most similar registration is that of `{}`, entry {}{}",
                    known_as.name,
                    known_as.index,
                    counts(&differences)
                );
                checks.unknown(CheckCode::Contents, detail, None);
            }
            (view.changed, view.missing, view.extra) =
                (differences.changed, differences.missing, differences.extra);
            view.compared_with = Some(known_as);
        }
        (view, decides)
    }

    /// The registration that decides: that of the version asked for, or one of this folder.
    fn registration<'a>(
        &self,
        version: Option<&str>,
        found: &Found,
        contents: Contents<'a>,
    ) -> Option<(&'a EventView, RegisteredAs)> {
        if let Some(name) = version {
            let event = contents.registration(name)?;
            return Some((event, registered(event, name, None)));
        }
        let by_digest = found.file.registered_as.iter().filter_map(|known_as| {
            Some((contents.registration(&known_as.name)?, known_as.clone()))
        });
        // Several registrations may have the digest and name its files differently.
        let mut best = None;
        for (event, known_as) in by_digest {
            let same = self.differences(event).1.is_empty();
            if same {
                return Some((event, known_as));
            }
            best.get_or_insert((event, known_as));
        }
        best
    }

    /// The registration that has the most files in common with the folder.
    fn most_similar<'a>(&self, contents: Contents<'a>) -> Option<(&'a EventView, RegisteredAs)> {
        let candidates = contents.events().iter().filter_map(|event| {
            let name = event.subjects.first()?.name.as_str();
            let binds = event.does(Action::Register)
                && contents
                    .binding(name)
                    .is_some_and(|binding| binding.at == event.index);
            let common = self.in_common(event);
            (binds && common > 0).then_some((common, event, name))
        });
        // The first of those with the most.
        let best = candidates.reduce(|best, other| if other.0 > best.0 { other } else { best });
        best.map(|(_, event, name)| (event, registered(event, name, None)))
    }

    fn in_common(&self, event: &EventView) -> usize {
        let registered = listed(event);
        let differences = self.files.compare(&registered);
        self.files.files().len() - differences.changed.len() - differences.extra.len()
    }

    /// The files that a registration lists, and how the folder differs from them.
    fn differences(&self, event: &EventView) -> (Listed, Differences) {
        let named = event.file_list.as_ref().map(|list| list.digest.as_str());
        let listed = listed(event);
        let is_named = |list: &FileList| Some(text_digest(list).as_str()) == named;
        let listed = match named {
            Some(_) if is_named(&self.files) => Listed::All(self.files.files().to_vec()),
            Some(_) => match self.list.as_ref().filter(|list| is_named(list)) {
                Some(list) => Listed::All(list.files().to_vec()),
                None => Listed::Some(listed),
            },
            None if listed.is_empty() => Listed::None,
            None => Listed::All(listed),
        };
        let differences = match &listed {
            Listed::All(files) => self.files.compare(files),
            Listed::Some(files) => Differences {
                // A file that is not among some of them may be among the others.
                extra: Vec::new(),
                ..self.files.compare(files)
            },
            Listed::None => Differences::default(),
        };
        (listed, differences)
    }

    /// Records the comparison with a registration.
    fn record(
        &self,
        event: &EventView,
        known_as: &RegisteredAs,
        listed: &Listed,
        differences: &Differences,
        checks: &mut Checks,
    ) {
        let code = CheckCode::Contents;
        checks.require(code, true);
        let (name, index) = (&known_as.name, event.index);
        let digest = format!("sha256:{}", self.files.root().to_hex());
        let mut subjects = event.subjects.iter();
        let has_digest = subjects.any(|subject| subject.digest == digest);
        let evidence = Evidence::new()
            .with("name", name.as_str())
            .with("digest", digest)
            .with("registered", index);
        let rest = match listed {
            Listed::All(_) => "",
            Listed::Some(_) => "; the registration names the others in a list that was not given",
            Listed::None => "; the registration lists no files",
        };
        let is_same = match listed {
            Listed::All(_) => differences.is_empty(),
            // The list that the registration names is another one than this folder's.
            Listed::Some(_) => false,
            Listed::None => true,
        };
        if has_digest && is_same {
            let detail = match listed {
                Listed::All(_) => format!("entry {index} registers `{name}` with these files"),
                _ => format!("entry {index} registers `{name}` with this digest{rest}"),
            };
            checks.pass(code, detail, None);
        } else {
            let detail = format!(
                "the folder is not as entry {index} registers `{name}`{}{rest}",
                counts(differences)
            );
            checks.fail(code, Class::False, detail, Some(evidence));
        }
    }
}

impl Listed {
    const fn name(&self) -> &'static str {
        match self {
            Self::All(_) => "all",
            Self::Some(_) => "some",
            Self::None => "none",
        }
    }
}

/// The files that the event itself lists.
fn listed(event: &EventView) -> Vec<FolderFile> {
    let files = event.files.iter().flatten();
    files
        .filter_map(|file| {
            Some(FolderFile {
                path: file.path.clone(),
                size: file.size,
                digest: parse_digest(&file.digest)?,
            })
        })
        .collect()
}

fn text_digest(list: &FileList) -> String {
    format!("sha256:{}", list.digest().to_hex())
}

/// `: 1 changed, 2 missing`.
fn counts(differences: &Differences) -> String {
    let counts: Vec<String> = [
        (differences.changed.len(), "changed"),
        (differences.missing.len(), "missing"),
        (differences.extra.len(), "extra"),
    ]
    .iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}"))
    .collect();
    match counts.is_empty() {
        true => String::new(),
        false => format!(": {}", counts.join(", ")),
    }
}
