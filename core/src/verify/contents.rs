//! Contents of versions: the digests and files that their registrations bind, and events that name other contents
//! (`docs/formats/report.md`, "Contents").

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};

use crate::event::action::Action;
use crate::report::check::{CheckCode, Checks, Class};
use crate::report::event_view::{EventView, OTHER_CONTENTS};
use crate::report::evidence::Evidence;
use crate::rules::keyring::Keyring;
use crate::rules::registration::{Binding, Registrations};

/// The registrations among the events of a history.
#[derive(Clone, Copy)]
pub(crate) struct Contents<'a> {
    registrations: &'a Registrations,
    keyring: Option<&'a Keyring>,
    /// In log order.
    events: &'a [EventView],
    /// Positions of the events that the admins signed beside their actors.
    by_admins: &'a BTreeSet<u64>,
    /// Names whose events were not all read, so that nothing is known of their bindings.
    unread: &'a BTreeSet<String>,
}

/// A content: a file, or a folder with this digest. A file can be made whose digest is that of a folder.
#[derive(Clone, Copy)]
pub(crate) struct Content<'a> {
    /// `sha256:` and hex.
    pub(crate) digest: &'a str,
    pub(crate) is_folder: bool,
}

/// The way in which a content belongs to a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Membership {
    /// The version is this content.
    Whole,
    /// The version is a folder, and a file in it has this content; its path.
    File(String),
    /// The version is a folder, and the registration does not list all its files.
    Unknown,
    /// The version has other contents.
    None,
}

impl EventView {
    /// Returns true if the event is about this content.
    pub(crate) fn is_about(&self, content: Content<'_>) -> bool {
        self.names_of(content).next().is_some()
    }

    /// The names of the subjects that are this content, or a folder with a listed file of this content, whose path is the
    /// second value.
    pub(crate) fn names_of(
        &self,
        content: Content<'_>,
    ) -> impl Iterator<Item = (&str, Option<&str>)> {
        // The folder is the first subject of an event that lists files.
        let lists_files = self.files.is_some() || self.file_list.is_some();
        let whole = self
            .subjects
            .iter()
            .enumerate()
            .filter(move |(at, subject)| {
                let is_folder = *at == 0 && lists_files;
                subject.digest == content.digest && (content.is_folder || !is_folder)
            });
        let mut files = self.files.iter().flatten();
        let file = files.find(|file| file.digest == content.digest && !content.is_folder);
        let folder = self.subjects.first().zip(file);
        let folder =
            folder.map(|(subject, file)| (subject.name.as_str(), Some(file.path.as_str())));
        whole
            .map(|(_, subject)| (subject.name.as_str(), None))
            .chain(folder)
    }
}

impl<'a> Contents<'a> {
    pub(crate) const fn new(
        registrations: &'a Registrations,
        keyring: Option<&'a Keyring>,
        events: &'a [EventView],
        by_admins: &'a BTreeSet<u64>,
        unread: &'a BTreeSet<String>,
    ) -> Self {
        Self {
            registrations,
            keyring,
            events,
            by_admins,
            unread,
        }
    }

    /// Returns true if the admins signed the event beside its actor.
    pub(crate) fn is_by_admins(&self, event: &EventView) -> bool {
        self.by_admins.contains(&event.index)
    }

    pub(crate) const fn events(&self) -> &'a [EventView] {
        self.events
    }

    /// The number of names whose events were not all read.
    pub(crate) fn unread(&self) -> usize {
        self.unread.len()
    }

    /// Returns true if it is not known whether an event binds a version, because not all events with its name were read.
    pub(crate) fn is_unread(&self, name: &str) -> bool {
        self.unread.contains(name)
    }

    /// The registration that binds a version, unless it was withdrawn.
    pub(crate) fn binding(&self, name: &str) -> Option<&'a Binding> {
        if self.is_unread(name) {
            return None;
        }
        self.registrations.in_force(name, self.keyring?)
    }

    /// The event that binds a version.
    pub(crate) fn registration(&self, name: &str) -> Option<&'a EventView> {
        let at = self.binding(name)?.at;
        let at = self.events.binary_search_by_key(&at, |event| event.index);
        self.events.get(at.ok()?)
    }

    /// Tells how a content belongs to a version; `None` if the version is not registered.
    pub(crate) fn membership(&self, name: &str, content: Content<'_>) -> Option<Membership> {
        let event = self.registration(name)?;
        let mut names = event.names_of(content);
        let found = names.find(|(found, _)| *found == name);
        Some(match found {
            Some((_, None)) => Membership::Whole,
            Some((_, Some(path))) => Membership::File(path.to_string()),
            None if event.file_list.is_some() && !content.is_folder => Membership::Unknown,
            None => Membership::None,
        })
    }

    /// The first version that the event names as a content with one of these digests, and that is registered with others.
    pub(crate) fn difference(&self, event: &EventView, digests: &[&str]) -> Option<Difference> {
        event.subjects.iter().find_map(|subject| {
            let digest = subject.digest.as_str();
            let is_other = |is_folder| {
                let content = Content { digest, is_folder };
                self.membership(&subject.name, content) == Some(Membership::None)
            };
            // An event does not tell if its subject is a file or a folder.
            let is_other = digests.contains(&digest) && is_other(true) && is_other(false);
            let binding = self.binding(&subject.name).filter(|_| is_other)?;
            Some(Difference {
                index: event.index,
                name: subject.name.clone(),
                digest: subject.digest.clone(),
                registered: binding.at,
            })
        })
    }
}

/// Marks the events that name a version with other contents than its registration, and records the first of them. The
/// marks are remarks: the reporter of an access decides nothing about the version.
pub(crate) fn judge(
    events: &mut [EventView],
    registrations: &Registrations,
    keyring: Option<&Keyring>,
    checks: &mut Checks,
) {
    let (by_admins, unread) = (BTreeSet::new(), BTreeSet::new());
    let contents = Contents::new(registrations, keyring, events, &by_admins, &unread);
    let mut different = vec![];
    for (at, event) in events.iter().enumerate() {
        // A registration is judged as such: it binds, or it conflicts.
        if !event.is_evidence() || event.does(Action::Register) {
            continue;
        }
        let digests: Vec<&str> = event
            .subjects
            .iter()
            .map(|subject| subject.digest.as_str())
            .collect();
        different.extend(
            contents
                .difference(event, &digests)
                .map(|difference| (at, difference)),
        );
    }
    let code = CheckCode::Contents;
    match different.first() {
        None => checks.pass(
            code,
            "no event names a version with other contents than its registration",
            None,
        ),
        Some((_, first)) => {
            checks.fail(code, Class::False, first.detail(), Some(first.evidence()));
        }
    }
    for (at, _) in different {
        if let Some(event) = events.get_mut(at) {
            event.notes.push(OTHER_CONTENTS);
        }
    }
}

/// An event that names a version with other contents than its registration.
pub(crate) struct Difference {
    index: u64,
    name: String,
    digest: String,
    /// Position of the registration.
    registered: u64,
}

impl Difference {
    pub(crate) fn detail(&self) -> String {
        format!(
            "entry {} names `{}` with other contents than its registration, entry {}",
            self.index, self.name, self.registered
        )
    }

    pub(crate) fn evidence(&self) -> Evidence {
        Evidence::new()
            .with("index", self.index)
            .with("name", self.name.as_str())
            .with("digest", self.digest.as_str())
            .with("registered", self.registered)
    }
}
