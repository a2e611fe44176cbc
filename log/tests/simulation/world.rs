//! The world around the writers: a network that delays, loses and repeats, machines that stop, pause and misjudge time.

use crate::mutation::Mutation;
use crate::node::{LEASE, Node, Wish, sign};
use crate::reference::Reference;
use crate::rng::Rng;
use crate::store::Store;
use glasslog_core::crypto::SecretKey;
use glasslog_core::note::{KeyName, SignatureType, SignerKey};
use glasslog_core::object_store::{Holder, Lock, MANIFEST, STAGED};
use glasslog_core::tiles::Edge;
use glasslog_log::object_store::protocol::{Answer, LOCK, Request};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// Time after which a node considers an answer lost.
const TIMEOUT: u64 = LEASE / 2;
/// Time until which faults occur; afterwards every entry must be published.
const STORM: u64 = 10 * LEASE;
/// Time at which every entry must be published.
const END: u64 = STORM + 40 * LEASE;

/// Frequency of each fault, in a thousand cases.
#[derive(Clone, Copy)]
pub(crate) struct Faults {
    pub(crate) lost: u64,
    pub(crate) repeated: u64,
    pub(crate) slow: u64,
    pub(crate) crash: u64,
    pub(crate) pause: u64,
}

impl Faults {
    pub(crate) const NONE: Self = Self {
        lost: 0,
        repeated: 0,
        slow: 0,
        crash: 0,
        pause: 0,
    };
    pub(crate) const STORM: Self = Self {
        lost: 30,
        repeated: 30,
        slow: 40,
        crash: 15,
        pause: 30,
    };
}

enum Event {
    Deliver {
        node: usize,
        request: Request,
        id: Option<u64>,
    },
    Answer {
        node: usize,
        answer: Answer,
        id: u64,
    },
    Wake {
        node: usize,
        life: u64,
    },
    Offer {
        entry: usize,
    },
    Trouble {
        node: usize,
    },
}

struct Machine {
    node: Node,
    /// Number of restarts: messages to an earlier life are dropped.
    life: u64,
    waits_for: Option<u64>,
    paused_until: u64,
    /// Speed of its clock in thousandths of true time.
    rate: u64,
}

pub(crate) struct World {
    rng: Rng,
    faults: Faults,
    mutation: Option<Mutation>,
    now: u64,
    sequence: u64,
    queue: BinaryHeap<Reverse<(u64, u64)>>,
    events: BTreeMap<(u64, u64), Event>,
    store: Store,
    pub(crate) reference: Reference,
    machines: Vec<Machine>,
    key: SignerKey,
    entries: Vec<Vec<u8>>,
    published: BTreeSet<Vec<u8>>,
    pub(crate) operations: u64,
}

impl World {
    pub(crate) fn new(seed: u64, faults: Faults, mutation: Option<Mutation>) -> Self {
        let mut rng = Rng::new(seed);
        let name = KeyName::parse("sim.example/log").unwrap();
        let secret = SecretKey::from_seed(&[7; 32]);
        let key = SignerKey::new(name, SignatureType::Ed25519, secret);
        let maker = Holder {
            id: [0xff; 16],
            lease: LEASE,
            url: None,
        };
        let mut lock = Lock::new(maker);
        lock.holder = None;
        lock.head = Some(sign(&Edge::new(), &key));
        let mut store = Store {
            objects: BTreeMap::new(),
            mutation,
        };
        store.objects.insert(LOCK.into(), lock.encode());
        let nodes = 2 + rng.below(2) as usize;
        let count = 8 + rng.below(16) as usize;
        let mut world = Self {
            faults,
            mutation,
            now: 0,
            sequence: 0,
            queue: BinaryHeap::new(),
            events: BTreeMap::new(),
            store,
            reference: Reference::new(),
            machines: Vec::new(),
            key,
            entries: (0..count)
                .map(|n| format!("entry {n}").into_bytes())
                .collect(),
            published: BTreeSet::new(),
            operations: 0,
            rng,
        };
        for node in 0..nodes {
            let machine = Machine {
                node: Node::new(1_000 * node as u64, mutation),
                life: 0,
                waits_for: None,
                paused_until: 0,
                rate: 500 + world.rng.below(1_000),
            };
            world.machines.push(machine);
            world.after(0, 100, Event::Wake { node, life: 0 });
            world.after(0, LEASE, Event::Trouble { node });
        }
        for entry in 0..count {
            world.after(0, STORM, Event::Offer { entry });
        }
        world
    }

    /// Runs to the end; an error is a broken promise.
    pub(crate) fn run(&mut self) -> Result<(), String> {
        let objects = self.store.objects.clone();
        self.reference.check(&objects, LOCK)?;
        while let Some(Reverse(at)) = self.queue.pop() {
            let is_over = at.0 > STORM + LEASE && self.published.len() == self.entries.len();
            if is_over || at.0 > END {
                break;
            }
            self.now = at.0;
            let event = self.events.remove(&at).expect("every time has its event");
            self.happen(event)?;
        }
        let missing = self.entries.len() - self.published.len();
        match missing {
            0 => Ok(()),
            missing => Err(format!("stuck: {missing} entries were never published")),
        }
    }

    fn is_stormy(&self) -> bool {
        self.now < STORM
    }

    fn chance(&mut self, per_mille: u64) -> bool {
        self.is_stormy() && self.rng.chance(per_mille)
    }

    fn after(&mut self, least: u64, spread: u64, event: Event) {
        let at = self.now + least + self.rng.below(spread);
        self.sequence += 1;
        self.queue.push(Reverse((at, self.sequence)));
        self.events.insert((at, self.sequence), event);
    }

    fn happen(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Deliver { node, request, id } => self.deliver(node, request, id),
            Event::Answer { node, answer, id } => {
                if self.machines[node].waits_for != Some(id) {
                    return Ok(());
                }
                if self.machines[node].paused_until > self.now {
                    let wait = self.machines[node].paused_until - self.now;
                    self.after(wait, 5, Event::Answer { node, answer, id });
                    return Ok(());
                }
                self.machines[node].waits_for = None;
                let stored = self.stored();
                let now = self.clock(node);
                let wishes = self.machines[node]
                    .node
                    .hear(now, answer, &self.key, &stored)?;
                self.grant(node, wishes)
            }
            Event::Wake { node, life } => {
                let machine = &mut self.machines[node];
                if machine.life != life || machine.waits_for.is_some() {
                    return Ok(());
                }
                if machine.paused_until > self.now {
                    let wait = machine.paused_until - self.now;
                    self.after(wait, 5, Event::Wake { node, life });
                    return Ok(());
                }
                let (now, dice) = (self.clock(node), self.rng.next());
                let wishes = self.machines[node].node.wake(now, dice)?;
                self.grant(node, wishes)
            }
            Event::Offer { entry } => {
                // A client tries every node that it knows, repeatedly, until the entry is published.
                if !self.published.contains(&self.entries[entry]) {
                    let node = self.rng.below(self.machines.len() as u64) as usize;
                    let offered = self.entries[entry].clone();
                    let node = &mut self.machines[node].node;
                    if node.is_leader() && !node.inbox.contains(&offered) {
                        node.inbox.push(offered);
                    }
                    self.after(LEASE / 4, LEASE, Event::Offer { entry });
                }
                Ok(())
            }
            Event::Trouble { node } => {
                self.trouble(node);
                if self.is_stormy() {
                    self.after(LEASE / 8, LEASE / 4, Event::Trouble { node });
                }
                Ok(())
            }
        }
    }

    fn trouble(&mut self, node: usize) {
        if self.chance(self.faults.crash) {
            let machine = &mut self.machines[node];
            machine.life += 1;
            machine.waits_for = None;
            machine.node = Node::new(1_000 * node as u64 + machine.life, self.mutation);
            let life = machine.life;
            self.after(1, 2 * LEASE, Event::Wake { node, life });
        } else if self.chance(self.faults.pause) {
            self.machines[node].paused_until = self.now + self.rng.below(4 * LEASE);
        }
    }

    fn deliver(&mut self, node: usize, request: Request, id: Option<u64>) -> Result<(), String> {
        self.operations += 1;
        let (answer, written) = self.store.perform(request);
        if let Some(key) = written {
            self.reference.check(&self.store.objects, &key)?;
        }
        if let Some(id) = id
            && !self.chance(self.faults.lost)
        {
            let slow = if self.chance(self.faults.slow) {
                2 * LEASE
            } else {
                10
            };
            self.after(1, slow, Event::Answer { node, answer, id });
        }
        Ok(())
    }

    fn grant(&mut self, node: usize, wishes: Vec<Wish>) -> Result<(), String> {
        for wish in wishes {
            match wish {
                Wish::Ask(request) => {
                    self.sequence += 1;
                    let id = self.sequence;
                    self.machines[node].waits_for = Some(id);
                    self.after(
                        TIMEOUT,
                        1,
                        Event::Answer {
                            node,
                            answer: Answer::Unknown,
                            id,
                        },
                    );
                    self.send(node, request, Some(id));
                }
                Wish::Send(request) => self.send(node, request, None),
                Wish::Sleep(time) => {
                    let life = self.machines[node].life;
                    let time = time * 1_000 / self.machines[node].rate;
                    self.after(time, 3, Event::Wake { node, life });
                }
                Wish::Acknowledge(entries, is_published) => {
                    for (entry, index) in entries {
                        self.reference.acknowledge(&entry, index)?;
                        if is_published {
                            if index >= self.reference.shown {
                                return Err(format!(
                                    "entry {index} is called published and is not"
                                ));
                            }
                            self.published.insert(entry);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn send(&mut self, node: usize, request: Request, id: Option<u64>) {
        if self.chance(self.faults.lost) {
            return;
        }
        if self.chance(self.faults.repeated) {
            let request = request.clone();
            self.after(
                1,
                8 * LEASE,
                Event::Deliver {
                    node,
                    request,
                    id: None,
                },
            );
        }
        let delay = if self.chance(self.faults.slow) {
            4 * LEASE
        } else {
            10
        };
        self.after(1, delay, Event::Deliver { node, request, id });
    }

    fn stored(&self) -> Vec<String> {
        let keys = self.store.objects.keys();
        keys.filter(|key| key.starts_with(STAGED) || key.starts_with(MANIFEST))
            .cloned()
            .collect()
    }

    fn clock(&self, node: usize) -> u64 {
        self.now * self.machines[node].rate / 1_000
    }
}
