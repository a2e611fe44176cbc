//! One writer: it watches the lock, takes the lease, finishes decided entries, and stages, publishes and acknowledges.
//!
//! The steps between operations are the backend's and the log's; the protocol itself requests every operation.

use crate::manifest;
use crate::mutation::Mutation;
use crate::store::etag;
use glasslog_core::merkle::sha256;
use glasslog_core::note::{Checkpoint, Origin, SignerKey};
use glasslog_core::object_store::{
    Batch, Holder, Lock, MANIFEST, Manifest, STAGED, decode_batch, encode_batch,
};
use glasslog_core::tiles::{Edge, EntryBundle, PublicFile, parse_entries};
use glasslog_log::object_store::protocol::{
    Answer, Change, Create, LOCK, Lease, LeaseStatus, Machine, Object, Outcome, PUBLIC, Presence,
    Request, Update, Watch,
};
use std::collections::VecDeque;
use std::time::Duration;

/// Longest silence of a holder, and the interval of its renewals, in milliseconds of its own clock.
pub(crate) const LEASE: u64 = 1_000;
const RENEW: u64 = LEASE / 3;
const POLL: u64 = LEASE / 2;

/// Requests of a node to the world around it.
pub(crate) enum Wish {
    /// Carry out this operation and return its result.
    Ask(Request),
    /// Carry out this operation at some time.
    Send(Request),
    /// Wake the node after this many milliseconds of its clock.
    Sleep(u64),
    /// These entries have these indices: durable, or published.
    Acknowledge(Vec<(Vec<u8>, u64)>, bool),
}

type Shower = Update<Box<dyn FnMut(Option<Vec<u8>>) -> Result<Option<Vec<u8>>, String>>>;

enum Doing {
    Nothing,
    Looking,
    Taking(Change),
    Reading(Lease, VecDeque<String>),
    Storing(Create, Batch, Vec<Vec<u8>>),
    Staging(Change, Vec<Vec<u8>>),
    Filing(Vec<Create>, Option<(Batch, Create, Vec<Vec<u8>>)>),
    Signing(Change),
    Showing(Box<Shower>),
    Describing(Create, Manifest, Vec<u8>),
    Deciding(Change, Vec<u8>),
    Entering(Create),
    Renewing(Change),
}

/// Progress of a change.
enum Turn {
    Won(Box<Lease>),
    Goes(Box<Change>),
    Lost,
}

impl Turn {
    fn of(ended: Result<Lease, Outcome>) -> Self {
        ended.map_or(Self::Lost, |lease| Self::Won(Box::new(lease)))
    }
}

/// State of a writer while it has the lease.
struct Leader {
    lease: Lease,
    /// The published edge and every decided entry.
    edge: Edge,
    entries: Vec<Vec<u8>>,
    shown: u64,
    renewed: u64,
    /// The newest manifest of the lock, until it is public under its position.
    manifest: Option<Vec<u8>>,
    /// Size of the log at this writer's last description.
    described: u64,
}

pub(crate) struct Node {
    id: [u8; 16],
    mutation: Option<Mutation>,
    doing: Doing,
    watch: Watch,
    leader: Option<Leader>,
    pub(crate) inbox: Vec<Vec<u8>>,
}

impl Node {
    pub(crate) fn new(id: u64, mutation: Option<Mutation>) -> Self {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&id.to_be_bytes());
        Self {
            id: bytes,
            mutation,
            doing: Doing::Nothing,
            watch: Watch::default(),
            leader: None,
            inbox: Vec::new(),
        }
    }

    pub(crate) fn is_leader(&self) -> bool {
        self.leader.is_some()
    }

    /// Continues after a sleep, or a start.
    pub(crate) fn wake(&mut self, now: u64, dice: u64) -> Result<Vec<Wish>, String> {
        match (&self.doing, &self.leader) {
            (Doing::Nothing, None) => {
                self.doing = Doing::Looking;
                Ok(vec![self.ask()])
            }
            (Doing::Nothing, Some(_)) => self.work(now, dice),
            _ => Ok(Vec::new()),
        }
    }

    /// Returns the next operation of the current work.
    fn ask(&self) -> Wish {
        Wish::Ask(match &self.doing {
            Doing::Nothing | Doing::Looking => Request::Get(LOCK.into()),
            Doing::Taking(change)
            | Doing::Staging(change, _)
            | Doing::Signing(change)
            | Doing::Deciding(change, _)
            | Doing::Renewing(change) => change.ask(),
            Doing::Reading(_, keys) => Request::Get(keys[0].clone()),
            Doing::Storing(create, ..)
            | Doing::Describing(create, ..)
            | Doing::Entering(create) => create.ask(),
            Doing::Filing(files, _) => files[0].ask(),
            Doing::Showing(update) => update.ask(),
        })
    }

    /// Stops being the writer, and forgets the state of its lease.
    fn step_down(&mut self) -> Vec<Wish> {
        self.leader = None;
        self.inbox.clear();
        self.doing = Doing::Nothing;
        vec![Wish::Sleep(POLL)]
    }

    /// Continues a change.
    fn change(&mut self, mut change: Change, answer: Answer) -> Turn {
        if self.mutation == Some(Mutation::TrustsSilence) && answer == Answer::Unknown {
            let tag = etag(&change.wanted().encode());
            return Turn::of(Lease::won(change, Outcome::Won(tag)));
        }
        match change.hear(answer) {
            None => Turn::Goes(Box::new(change)),
            Some(outcome) => Turn::of(Lease::won(change, outcome)),
        }
    }

    /// Takes the answer to the last request.
    pub(crate) fn hear(
        &mut self,
        now: u64,
        answer: Answer,
        key: &SignerKey,
        stored: &[String],
    ) -> Result<Vec<Wish>, String> {
        match std::mem::replace(&mut self.doing, Doing::Nothing) {
            Doing::Nothing => Ok(Vec::new()),
            Doing::Looking => match answer {
                Answer::Found(object) => self.look(now, object),
                _ => Ok(vec![Wish::Sleep(POLL)]),
            },
            Doing::Taking(change) => match self.change(change, answer) {
                Turn::Goes(change) => self.go_on(Doing::Taking(*change)),
                Turn::Lost => Ok(self.step_down()),
                Turn::Won(lease) => self.recover(now, *lease, stored),
            },
            Doing::Reading(lease, keys) => self.read(now, lease, keys, answer),
            Doing::Storing(mut create, batch, entries) => match create.hear(answer) {
                None => self.go_on(Doing::Storing(create, batch, entries)),
                Some(Presence::Differs) => Err(format!("`{}` is taken", batch.key())),
                Some(Presence::There) => {
                    let mut wishes = Vec::new();
                    if self.mutation == Some(Mutation::AcknowledgesEarly) {
                        wishes.push(Wish::Acknowledge(numbered(batch.first, &entries), false));
                    }
                    let Some(leader) = &self.leader else {
                        return Ok(self.step_down());
                    };
                    self.doing = Doing::Staging(leader.lease.stage(batch), entries);
                    wishes.push(self.ask());
                    Ok(wishes)
                }
            },
            Doing::Staging(change, entries) => match self.change(change, answer) {
                Turn::Goes(change) => self.go_on(Doing::Staging(*change, entries)),
                Turn::Lost => Ok(self.step_down()),
                Turn::Won(lease) => {
                    let leader = self.leader.as_mut().expect("only a leader stages");
                    let first = leader.entries.len() as u64;
                    let acknowledged = numbered(first, &entries);
                    leader.entries.extend(entries);
                    (leader.lease, leader.renewed) = (*lease, now);
                    Ok(vec![Wish::Acknowledge(acknowledged, false), Wish::Sleep(1)])
                }
            },
            Doing::Filing(mut files, then) => {
                match files[0].hear(answer) {
                    None => return self.go_on(Doing::Filing(files, then)),
                    Some(Presence::Differs) => {
                        return Err(format!("poisoned: `{}`", files[0].key()));
                    }
                    Some(Presence::There) => files.swap_remove(0),
                };
                if !files.is_empty() {
                    return self.go_on(Doing::Filing(files, then));
                }
                if let Some((batch, create, entries)) = then {
                    return self.go_on(Doing::Storing(create, batch, entries));
                }
                let leader = self.leader.as_mut().expect("only a leader publishes");
                let checkpoint = sign(&leader.edge, key);
                let change = leader.lease.advance(checkpoint);
                self.go_on(Doing::Signing(change))
            }
            Doing::Signing(change) => match self.change(change, answer) {
                Turn::Goes(change) => self.go_on(Doing::Signing(*change)),
                Turn::Lost => Ok(self.step_down()),
                Turn::Won(lease) => {
                    let leader = self.leader.as_mut().expect("only a leader signs");
                    let done = leader.lease.lock().staged.iter().map(Batch::key);
                    let gone = done.map(|key| Wish::Send(Request::Delete(key)));
                    let mut wishes: Vec<Wish> = gone.collect();
                    (leader.lease, leader.renewed) = (*lease, now);
                    self.doing = self.show();
                    wishes.push(self.ask());
                    Ok(wishes)
                }
            },
            Doing::Showing(mut update) => match update.hear(answer) {
                None => self.go_on(Doing::Showing(update)),
                Some(Err(_)) => Ok(self.step_down()),
                Some(Ok(())) => {
                    let leader = self.leader.as_mut().expect("only a leader shows");
                    let size = leader.edge.size();
                    let fresh = &leader.entries[leader.shown as usize..size as usize];
                    let acknowledged = numbered(leader.shown, fresh);
                    leader.shown = size;
                    Ok(vec![Wish::Acknowledge(acknowledged, true), Wish::Sleep(1)])
                }
            },
            Doing::Describing(mut create, next, bytes) => match create.hear(answer) {
                None => self.go_on(Doing::Describing(create, next, bytes)),
                Some(Presence::Differs) => Err(format!("`{}` is taken", next.key())),
                Some(Presence::There) => {
                    let mut wishes = Vec::new();
                    if self.mutation == Some(Mutation::EntersEarly) {
                        let early = Request::Create(manifest::path(next.size), bytes.clone());
                        wishes.push(Wish::Send(early));
                    }
                    let leader = self.leader.as_ref().expect("only a leader describes");
                    self.doing = Doing::Deciding(leader.lease.index(next), bytes);
                    wishes.push(self.ask());
                    Ok(wishes)
                }
            },
            Doing::Deciding(change, bytes) => match self.change(change, answer) {
                Turn::Goes(change) => self.go_on(Doing::Deciding(*change, bytes)),
                Turn::Lost => Ok(self.step_down()),
                Turn::Won(lease) => {
                    let leader = self.leader.as_mut().expect("only a leader decides");
                    let old = leader.lease.lock().index.as_ref().map(Manifest::key);
                    let gone = old.map(|key| Wish::Send(Request::Delete(key)));
                    (leader.lease, leader.renewed) = (*lease, now);
                    leader.manifest = Some(bytes);
                    Ok(gone.into_iter().chain([Wish::Sleep(1)]).collect())
                }
            },
            Doing::Entering(mut create) => match create.hear(answer) {
                None => self.go_on(Doing::Entering(create)),
                Some(Presence::Differs) => Err(format!("poisoned: `{}`", create.key())),
                Some(Presence::There) => {
                    let leader = self.leader.as_mut().expect("only a leader enters");
                    leader.manifest = None;
                    Ok(vec![Wish::Sleep(1)])
                }
            },
            Doing::Renewing(change) => match self.change(change, answer) {
                Turn::Goes(change) => self.go_on(Doing::Renewing(*change)),
                Turn::Lost => Ok(self.step_down()),
                Turn::Won(lease) => {
                    let leader = self.leader.as_mut().expect("only a leader renews");
                    (leader.lease, leader.renewed) = (*lease, now);
                    Ok(vec![Wish::Sleep(1)])
                }
            },
        }
    }

    fn go_on(&mut self, doing: Doing) -> Result<Vec<Wish>, String> {
        self.doing = doing;
        Ok(vec![self.ask()])
    }

    fn look(&mut self, now: u64, object: Object) -> Result<Vec<Wish>, String> {
        let mut lock = Lock::parse(&object.bytes).map_err(|error| error.to_string())?;
        match self.watch.see(Duration::from_millis(now), &object, &lock) {
            LeaseStatus::Held(_) => Ok(vec![Wish::Sleep(POLL)]),
            LeaseStatus::Free | LeaseStatus::Expired => {
                match self.mutation {
                    Some(Mutation::ForgetsStaged) => lock.staged.clear(),
                    Some(Mutation::KeepsEpoch) => lock.epoch -= 1,
                    _ => {}
                }
                let holder = Holder {
                    id: self.id,
                    lease: LEASE,
                    url: None,
                };
                self.go_on(Doing::Taking(Lease::take(object, &lock, holder)))
            }
        }
    }

    /// Takes over as a new writer: reads the published entries, then the decided ones, and removes files of older epochs.
    fn recover(&mut self, now: u64, lease: Lease, stored: &[String]) -> Result<Vec<Wish>, String> {
        let lock = lease.lock();
        let staged = lock.staged.iter().map(Batch::key);
        let index = lock.index.iter().map(Manifest::key);
        let named: Vec<String> = staged.chain(index).collect();
        let spares = self.mutation != Some(Mutation::RemovesDecided);
        let stale = stored.iter().filter(|key| {
            let name = key.strip_prefix(STAGED).or(key.strip_prefix(MANIFEST));
            let epoch = name.and_then(|name| name.split_once('-')?.0.parse::<u64>().ok());
            epoch.is_some_and(|epoch| epoch < lock.epoch) && !(spares && named.contains(key))
        });
        let stale = stale.map(|key| Wish::Send(Request::Delete(key.clone())));
        let mut wishes: Vec<Wish> = stale.collect();
        let last = lock.size().checked_sub(1);
        let bundle = last.and_then(|last| EntryBundle::containing(last, lock.size()));
        let bundle = bundle.map(|bundle| format!("{PUBLIC}{}", bundle.path()));
        let keys: VecDeque<String> = bundle.into_iter().chain(named).collect();
        self.leader = Some(Leader {
            lease: lease.clone(),
            edge: Edge::new(),
            entries: Vec::new(),
            shown: 0,
            renewed: now,
            manifest: None,
            described: 0,
        });
        if keys.is_empty() {
            wishes.push(Wish::Sleep(1));
            return Ok(wishes);
        }
        self.doing = Doing::Reading(lease, keys);
        wishes.push(self.ask());
        Ok(wishes)
    }

    fn read(
        &mut self,
        now: u64,
        lease: Lease,
        mut keys: VecDeque<String>,
        answer: Answer,
    ) -> Result<Vec<Wish>, String> {
        let key = keys[0].clone();
        let object = match answer {
            Answer::Found(object) => object,
            Answer::Missing => return self.missing(&lease, &key),
            _ => return self.go_on(Doing::Reading(lease, keys)),
        };
        let size = lease.lock().size();
        let leader = self.leader.as_mut().expect("only a leader recovers");
        let entries = if key.starts_with(MANIFEST) {
            leader.manifest = Some(object.bytes);
            Vec::new()
        } else if key.starts_with(PUBLIC) {
            let entries = parse_entries(&object.bytes, size as u16);
            let entries = entries.map_err(|error| error.to_string())?;
            entries.into_iter().map(<[u8]>::to_vec).collect()
        } else {
            decode_batch(&object.bytes).ok_or("a batch is malformed")?.1
        };
        leader.entries.extend(entries);
        keys.pop_front();
        if !keys.is_empty() {
            return self.go_on(Doing::Reading(lease, keys));
        }
        for entry in &leader.entries[..size as usize] {
            leader.edge.append(entry, |_| ()).unwrap();
        }
        let head = lease.lock().head.as_ref();
        if head.is_some_and(|head| head.head() != leader.edge.head()) {
            return Err("the public entries do not give the signed head".into());
        }
        leader.renewed = now;
        Ok(vec![Wish::Sleep(1)])
    }

    /// Handles a missing batch: a successor has published it, unless the lock shows that this writer still has the lease.
    fn missing(&mut self, lease: &Lease, key: &str) -> Result<Vec<Wish>, String> {
        if key.starts_with(PUBLIC) {
            return Err(format!("`{key}` is under a signed head, and missing"));
        }
        let change = lease.renew(None);
        self.leader = None;
        self.go_on(Doing::Taking(change))
    }

    /// Chooses a leader's next piece of work.
    fn work(&mut self, now: u64, dice: u64) -> Result<Vec<Wish>, String> {
        let leader = self.leader.as_mut().expect("only a leader works");
        let known: Vec<(Vec<u8>, u64)> = self
            .inbox
            .extract_if(.., |entry| leader.entries.contains(entry))
            .map(|entry| {
                let index = leader.entries.iter().position(|known| *known == entry);
                (entry, index.unwrap_or_default() as u64)
            })
            .collect();
        let (published, durable) = known
            .into_iter()
            .partition(|(_, index)| *index < leader.shown);
        let mut wishes = vec![
            Wish::Acknowledge(published, true),
            Wish::Acknowledge(durable, false),
        ];
        let decided = leader.entries.len() as u64;
        let has_backlog = decided > leader.edge.size();
        if !self.inbox.is_empty() && (!has_backlog || dice.is_multiple_of(2)) {
            let count = (1 + dice as usize / 2 % 3).min(self.inbox.len());
            let entries: Vec<Vec<u8>> = self.inbox.drain(..count).collect();
            let bytes = encode_batch(decided, &entries).ok_or("an entry is too long")?;
            let batch = leader.lease.next_batch(count as u64, sha256(&bytes));
            let batch = batch.ok_or("too many batches")?;
            let create = Create::new(batch.key(), bytes);
            if self.mutation == Some(Mutation::WritesFilesEarly) {
                let mut edge = leader.edge.clone();
                let all = leader.entries[edge.size() as usize..]
                    .iter()
                    .chain(&entries);
                let files = files(&mut edge, all);
                self.doing = Doing::Filing(files, Some((batch, create, entries)));
            } else {
                self.doing = Doing::Storing(create, batch, entries);
            }
        } else if has_backlog {
            let fresh = leader.entries[leader.edge.size() as usize..].to_vec();
            let files = files(&mut leader.edge, fresh.iter());
            self.doing = Doing::Filing(files, None);
        } else if leader.shown < leader.edge.size() {
            self.doing = self.show();
        } else if let Some(bytes) = leader.manifest.clone() {
            let path = manifest::path(manifest::size(leader.lease.lock()));
            self.doing = Doing::Entering(Create::new(path, bytes));
        } else if leader.described < leader.edge.size() && dice.is_multiple_of(3) {
            leader.described = leader.edge.size();
            let lock = leader.lease.lock();
            let position = manifest::size(lock) + 1;
            let bytes = manifest::bytes(&self.id, position, leader.described);
            let root = manifest::root(lock.index.as_ref(), &bytes);
            let next = leader.lease.next_manifest(position, root);
            let create = Create::new(next.key(), bytes.clone());
            self.doing = Doing::Describing(create, next, bytes);
        } else if now.saturating_sub(leader.renewed) >= RENEW {
            self.doing = Doing::Renewing(leader.lease.renew(None));
        } else {
            wishes.push(Wish::Sleep(RENEW / 4));
            return Ok(wishes);
        }
        wishes.push(self.ask());
        Ok(wishes)
    }

    /// Replaces the public checkpoint by the one of the lock, unless it has this size already. A larger one is from a
    /// successor.
    fn show(&self) -> Doing {
        let head = self
            .leader
            .as_ref()
            .and_then(|leader| leader.lease.lock().head.clone());
        let head = head.expect("only a signed head is shown");
        let is_blind = self.mutation == Some(Mutation::ShowsBlindly);
        let decide = move |found: Option<Vec<u8>>| {
            let shown = found.map(|bytes| Checkpoint::parse(&bytes).unwrap().head());
            match shown {
                Some(shown) if shown.size > head.head().size && !is_blind => Err("deposed".into()),
                Some(shown) if shown == head.head() => Ok(None),
                _ => Ok(Some(head.encode())),
            }
        };
        Doing::Showing(Box::new(Update::new(
            format!("{PUBLIC}checkpoint"),
            Box::new(decide),
        )))
    }
}

fn numbered(first: u64, entries: &[Vec<u8>]) -> Vec<(Vec<u8>, u64)> {
    entries.iter().cloned().zip(first..).collect()
}

fn files<'a>(edge: &mut Edge, entries: impl Iterator<Item = &'a Vec<u8>>) -> Vec<Create> {
    let mut files: Vec<PublicFile> = Vec::new();
    for entry in entries {
        edge.append(entry, |file| files.push(file)).unwrap();
    }
    files.extend(edge.partials(0));
    let create = |file: PublicFile| Create::new(format!("{PUBLIC}{}", file.path), file.bytes);
    files.into_iter().map(create).collect()
}

pub(crate) fn sign(edge: &Edge, key: &SignerKey) -> Checkpoint {
    let origin = Origin::parse(key.verifier().name().as_str()).unwrap();
    Checkpoint::sign(&origin, edge.head(), key).unwrap()
}
