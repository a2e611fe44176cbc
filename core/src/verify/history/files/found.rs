//! The evidence for one file or folder among the events of a history.

use alloc::string::ToString;
use alloc::vec::Vec;

use crate::event::action::Action;
use crate::report::event_view::EventView;
use crate::report::report::{FileEvents, RegisteredAs};
use crate::verify::contents::{Content, Contents, Difference};

/// The evidence for one content.
pub(super) struct Found {
    pub(super) file: FileEvents,
    /// The first event that names a version with this content, if the version's registration has another.
    difference: Option<Difference>,
    /// True if an event names it otherwise.
    agrees: bool,
    /// True if an event about it is signed with a key later reported compromised.
    compromised: bool,
    /// True if it is not known who first registered it, because not all events with the name were read.
    undecided: bool,
}

impl Found {
    pub(super) fn among(contents: Contents<'_>, content: Content<'_>) -> Self {
        let mut found = Self {
            file: FileEvents {
                digest: content.digest.to_string(),
                events: Vec::new(),
                registered_as: Vec::new(),
                mentioned_by: Vec::new(),
            },
            difference: None,
            agrees: false,
            compromised: false,
            undecided: false,
        };
        let events = contents.events().iter();
        for event in events.filter(|event| event.is_about(content)) {
            found.add(event, content, contents);
        }
        found
    }

    fn add(&mut self, event: &EventView, content: Content<'_>, contents: Contents<'_>) {
        self.file.events.push(event.index);
        // A hold or a deletion says that the content is not to be used.
        if event.does(Action::Hold) || event.does(Action::Delete) {
            return;
        }
        if !event.is_evidence() {
            self.compromised |= event.is_compromised();
            return;
        }
        let bound = event.names_of(content).filter(|(name, _)| {
            let binding = contents.binding(name);
            binding.is_some_and(|binding| binding.at == event.index)
        });
        let before = self.file.registered_as.len();
        let registered_as = bound.map(|(name, path)| registered(event, name, path));
        self.file.registered_as.extend(registered_as);
        if self.file.registered_as.len() > before {
            return;
        }
        let mut names = event.names_of(content);
        self.undecided |= event.does(Action::Register)
            && before == 0
            && names.any(|(name, _)| contents.is_unread(name));
        self.file.mentioned_by.push(event.index);
        match contents.difference(event, &[content.digest]) {
            None => self.agrees = true,
            Some(difference) => {
                self.difference.get_or_insert(difference);
            }
        }
    }

    pub(super) const fn is_registered(&self) -> bool {
        !self.file.registered_as.is_empty()
    }

    pub(super) const fn is_undecided(&self) -> bool {
        self.undecided
    }

    pub(super) const fn is_evidence(&self) -> bool {
        self.is_registered() || !self.file.mentioned_by.is_empty()
    }

    /// The contradiction, if no event says anything else.
    pub(super) fn difference(&self) -> Option<&Difference> {
        let is_refuted = !self.is_registered() && !self.agrees;
        self.difference.as_ref().filter(|_| is_refuted)
    }

    pub(super) const fn is_compromised(&self) -> bool {
        self.compromised && !self.is_evidence()
    }
}

/// The version that an event registers.
pub(super) fn registered(event: &EventView, name: &str, path: Option<&str>) -> RegisteredAs {
    RegisteredAs {
        name: name.to_string(),
        actor: event.actor.clone().unwrap_or_default(),
        index: event.index,
        path: path.map(ToString::to_string),
    }
}
