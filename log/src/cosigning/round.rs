//! Rounds: all witnesses are asked at once for cosignatures on one checkpoint.

use super::missing::{Missing, NotCosigned};
use super::policy::{Cosigners, Role, cosigners};
use super::settings::Pace;
use super::state::State;
use super::{Change, NO_ADDRESS, Standing};
use crate::config::Config;
use crate::directory::disk::Disk;
use crate::directory::layout::Layout;
use crate::error::LogError;
use glasslog_client::witness::{Asked, Caller, Prove, Witness};
use glasslog_core::note::{Checkpoint, Signature, VerifierKey};
use glasslog_core::trust::{Policy, QuorumVerdict};
use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

/// The witnesses of one log, and the round under way.
#[derive(Debug)]
pub(crate) struct Cosigning {
    role: Role,
    policy: Policy,
    pace: Pace,
    caller: Caller,
    members: Vec<Member>,
    in_flight: JoinSet<Done>,
    /// Beginning of the last round.
    begun: Option<Instant>,
    round: Option<Round>,
    /// True if the last round that ended did so without a quorum.
    is_lost: bool,
    /// Events that the operator has not heard of.
    changes: Vec<Change>,
}

/// A witness of the policy, at the same place as there.
#[derive(Debug)]
struct Member {
    standing: Standing,
    /// `None` for a witness without an address.
    witness: Option<Arc<Witness>>,
    /// The turn to ask its server, which witnesses with other keys may share: a server that is asked twice at once about one
    /// log may refuse one of them. It holds the largest size that the server cosigned in a turn.
    turn: Arc<Mutex<u64>>,
    is_asked: bool,
    /// Moment of its last request.
    asked: Option<Instant>,
}

/// The last round; it stays after its end, for witnesses that cosign later.
struct Round {
    /// The checkpoint with the log's signature only, as it is sent.
    own: Checkpoint,
    /// The same with the cosignatures so far.
    checkpoint: Checkpoint,
    prove: Arc<Prove>,
    /// Time of the beginning, in seconds since the epoch.
    since: u64,
    /// For each witness, whether it cosigned.
    cosigned: Vec<bool>,
    /// Witnesses whose answers the round waits for.
    outstanding: usize,
    is_met: bool,
}

impl Round {
    /// Adds the cosignature of a witness; a checkpoint that has no room for it is public without it.
    fn add(&mut self, place: usize, line: Signature) -> bool {
        let added = self.checkpoint.with_signature(line);
        let (Ok(checkpoint), Some(cosigned)) = (added, self.cosigned.get_mut(place)) else {
            return false;
        };
        self.checkpoint = checkpoint;
        *cosigned = true;
        true
    }
}

impl std::fmt::Debug for Round {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Round")
            .field("size", &self.checkpoint.head().size)
            .field("is_met", &self.is_met)
            .finish_non_exhaustive()
    }
}

/// The end of a request.
#[derive(Debug)]
pub(crate) struct Done {
    place: usize,
    /// Text of the checkpoint that was sent.
    text: String,
    size: u64,
    asked: Asked,
}

/// The meaning of an answer for the checkpoint.
#[derive(Debug)]
pub(crate) enum Heard {
    /// Nothing yet.
    Nothing,
    /// The quorum is met: this checkpoint may be public.
    Quorum(Checkpoint),
    /// A witness cosigned the checkpoint for which the quorum was met before.
    Later(Checkpoint),
    /// The round ended without a quorum.
    Failed(NotCosigned),
}

impl Cosigning {
    /// Prepares to ask the witnesses of the log whose checkpoints `own` signs; `kept` is its private file. `None` for a log
    /// without witnesses.
    ///
    /// # Errors
    /// The policy cannot be read, is about another log, or has a quorum that cannot be met.
    pub(crate) fn open(
        config: &Config,
        role: Role,
        own: &VerifierKey,
        (disk, layout): (&Disk, &Layout),
        kept: Option<Vec<u8>>,
    ) -> Result<Option<Self>, LogError> {
        let Some(settings) = &config.witnesses else {
            return Ok(None);
        };
        let Some(found) = cosigners(settings, role, own, disk, layout)? else {
            return Ok(None);
        };
        let caller = Caller::new().map_err(|error| LogError::setting(layout.config(), error))?;
        let kept = State::parse(&kept.unwrap_or_default());
        Ok(Some(Self::new(role, found, caller, &kept)))
    }

    fn new(role: Role, found: Cosigners, caller: Caller, kept: &State) -> Self {
        let Cosigners {
            policy,
            witnesses,
            pace,
        } = found;
        let mut turns: BTreeMap<String, Arc<Mutex<u64>>> = BTreeMap::new();
        let members = policy.witnesses().iter().zip(witnesses);
        let members = members.map(|(known, witness)| {
            let key = known.key.to_string();
            let address = witness.as_ref().map(|witness| witness.address().to_owned());
            let turn = turns.entry(address.unwrap_or_default()).or_default();
            Member {
                turn: Arc::clone(turn),
                standing: Standing {
                    name: known.name.clone(),
                    is_asked: witness.is_some(),
                    memory: kept.memory(&key),
                    key,
                },
                witness,
                is_asked: false,
                asked: None,
            }
        });
        Self {
            members: members.collect(),
            role,
            policy,
            pace,
            caller,
            in_flight: JoinSet::new(),
            begun: began(kept.begun, pace.every),
            round: None,
            is_lost: false,
            changes: Vec::new(),
        }
    }

    /// Returns the log whose checkpoints are cosigned: the log itself, or that of its index.
    pub(crate) fn role(&self) -> Role {
        self.role
    }

    /// Returns the pace.
    pub(crate) fn pace(&self) -> Pace {
        self.pace
    }

    /// Returns the connections to the witnesses, with the runtime that drives them.
    pub(crate) fn caller(&self) -> Caller {
        self.caller.clone()
    }

    /// Returns the standings of the witnesses, in the order of the policy.
    pub(crate) fn standings(&self) -> Vec<Standing> {
        let standings = self.members.iter().map(|member| member.standing.clone());
        standings.collect()
    }

    /// Encodes what is kept of the witnesses.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let age = self.begun.map(|begun| begun.elapsed());
        let begun = age.and_then(|age| SystemTime::now().checked_sub(age));
        let begun = begun.map_or(0, milliseconds);
        let standings = self.members.iter().map(|member| &member.standing);
        let missing = match self.is_lost {
            true => self.not_cosigned().missing,
            false => Arc::default(),
        };
        let missing = missing.iter().map(|missing| missing.name.clone());
        State::new(begun, missing.collect(), standings).encode()
    }

    /// Takes the events since the last call.
    pub(crate) fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// Tells whether the witnesses of the policy whose good lines a checkpoint carries meet the quorum.
    pub(crate) fn is_cosigned(&self, checkpoint: &Checkpoint, now: u64) -> bool {
        is_cosigned(&self.policy, checkpoint, now)
    }

    /// Returns the time for which the quorum vouches for a checkpoint.
    pub(crate) fn vouched(&self, checkpoint: &Checkpoint, now: u64) -> Option<u64> {
        self.policy.judge(checkpoint, now).time
    }

    /// Returns the checkpoint of the last round, with the log's signature only.
    pub(crate) fn shown(&self) -> Option<Checkpoint> {
        self.round.as_ref().map(|round| round.own.clone())
    }

    /// Tells whether a round is under way.
    pub(crate) fn is_asking(&self) -> bool {
        let round = self.round.as_ref();
        round.is_some_and(|round| !round.is_met && round.outstanding > 0)
    }

    /// Tells whether any request is under way, be it for an earlier checkpoint.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// Returns the moment at which the next round may begin: `every` after the last one, when the witnesses that do not rest
    /// can meet the quorum. `None` while they cannot because requests are under way.
    pub(crate) fn due(&self, now: Instant) -> Option<Instant> {
        if self.is_asking() {
            return None;
        }
        let mut ready: Vec<Instant> = (0..self.members.len())
            .filter_map(|at| self.ready_at(at, now))
            .collect();
        ready.sort_unstable();
        ready.dedup();
        let is_enough = |moment: &Instant| {
            let is_ready = |at| self.ready_at(at, now).is_some_and(|ready| ready <= *moment);
            self.policy.is_met_by(is_ready)
        };
        let ready = ready.into_iter().find(is_enough)?;
        let paced = self.begun.map_or(now, |begun| begun + self.pace.every);
        Some(ready.max(paced))
    }

    /// Returns the moment from which a witness may be asked; `None` if it cannot be, or is being asked.
    fn ready_at(&self, at: usize, now: Instant) -> Option<Instant> {
        let member = self.members.get(at)?;
        member.witness.as_ref().filter(|_| !member.is_asked)?;
        let rests = member.standing.memory.rests_until();
        Some(rests.unwrap_or(now).max(now))
    }

    /// Begins a round about a checkpoint with the log's signature only. To be called within the runtime of the caller.
    pub(crate) fn begin(&mut self, checkpoint: Checkpoint, prove: Arc<Prove>) {
        let now = Instant::now();
        self.begun = Some(now);
        self.round = Some(Round {
            own: checkpoint.clone(),
            checkpoint,
            prove,
            since: seconds(),
            cosigned: vec![false; self.members.len()],
            outstanding: 0,
            is_met: false,
        });
        for at in 0..self.members.len() {
            if self.ready_at(at, now) == Some(now) {
                self.ask(at, now);
            }
        }
    }

    /// Returns the moment at which a witness that lacks the last public checkpoint is to be asked again.
    pub(crate) fn reminder(&self, now: Instant) -> Option<Instant> {
        let late = (0..self.members.len()).filter_map(|at| self.late_at(at, now));
        late.min()
    }

    /// Asks the witnesses that lack the last public checkpoint, and whose rest is over.
    pub(crate) fn remind(&mut self, now: Instant) {
        for at in 0..self.members.len() {
            if self.late_at(at, now).is_some_and(|moment| moment <= now) {
                self.ask(at, now);
            }
        }
    }

    fn late_at(&self, at: usize, now: Instant) -> Option<Instant> {
        let round = self.round.as_ref().filter(|round| round.is_met)?;
        let is_missing = round.cosigned.get(at) == Some(&false);
        let ready = self.ready_at(at, now).filter(|_| is_missing)?;
        let asked = self.members.get(at)?.asked;
        Some(asked.map_or(ready, |asked| ready.max(asked + self.pace.every)))
    }

    fn ask(&mut self, at: usize, now: Instant) {
        let (Some(round), Some(member)) = (&mut self.round, self.members.get_mut(at)) else {
            return;
        };
        let Some(witness) = member.witness.clone() else {
            return;
        };
        member.is_asked = true;
        member.asked = Some(now);
        round.outstanding += 1;
        let (caller, prove) = (self.caller.clone(), Arc::clone(&round.prove));
        let checkpoint = round.own.clone();
        let (old, limit) = (member.standing.memory.size(), self.pace.timeout);
        let turn = Arc::clone(&member.turn);
        self.in_flight.spawn(async move {
            let mut cosigned = turn.lock().await;
            let limit = limit.saturating_sub(now.elapsed());
            let size = checkpoint.head().size;
            let old = match *cosigned <= size {
                true => old.max(*cosigned),
                false => old,
            };
            let asked = witness.ask(&caller, &checkpoint, old, &*prove, limit).await;
            if asked.outcome.is_ok() {
                *cosigned = size;
            }
            drop(cosigned);
            Done {
                place: at,
                text: checkpoint.note().text().to_owned(),
                size,
                asked,
            }
        });
    }

    /// Waits for the end of a request; for ever if none is under way.
    pub(crate) async fn next(&mut self) -> Done {
        match self.in_flight.join_next().await {
            Some(Ok(done)) => done,
            // A request has no way to fail but its result.
            Some(Err(_)) | None => pending().await,
        }
    }

    /// Ends all requests that are under way.
    pub(crate) fn abandon(&mut self) {
        self.in_flight.abort_all();
        self.in_flight.detach_all();
        for member in &mut self.members {
            member.is_asked = false;
        }
        if let Some(round) = &mut self.round {
            round.outstanding = 0;
        }
    }

    /// Takes the end of a request into account.
    pub(crate) fn hear(&mut self, done: Done) -> Heard {
        let Done {
            place,
            text,
            size,
            asked,
        } = done;
        let now = Instant::now();
        self.note(place, &asked, size, now);
        let Some(round) = &mut self.round else {
            return Heard::Nothing;
        };
        if round.checkpoint.note().text() != text {
            // The request of an earlier round: its witness can take part in this one.
            if !round.is_met && self.ready_at(place, now) == Some(now) {
                self.ask(place, now);
            }
            return Heard::Nothing;
        }
        round.outstanding = round.outstanding.saturating_sub(1);
        let is_added = match asked.outcome {
            Ok(cosigned) => round.add(place, cosigned.line),
            Err(_) => false,
        };
        if round.is_met {
            return match is_added {
                true => Heard::Later(round.checkpoint.clone()),
                false => Heard::Nothing,
            };
        }
        let cosigned = &round.cosigned;
        // The whole policy decides in the end: a key may count under conditions only.
        if self.policy.is_met_by(|at| cosigned.get(at) == Some(&true))
            && is_cosigned(&self.policy, &round.checkpoint, seconds())
        {
            round.is_met = true;
            if std::mem::take(&mut self.is_lost) {
                self.changes.push(Change::Published { size });
            }
            return Heard::Quorum(round.checkpoint.clone());
        }
        match round.outstanding {
            0 => {
                let error = self.not_cosigned();
                if !std::mem::replace(&mut self.is_lost, true) {
                    self.changes.push(Change::NotCosigned(error.clone()));
                }
                Heard::Failed(error)
            }
            _ => Heard::Nothing,
        }
    }

    /// Records the end of a request in the memory of its witness.
    fn note(&mut self, place: usize, asked: &Asked, size: u64, now: Instant) {
        let Some(member) = self.members.get_mut(place) else {
            return;
        };
        member.is_asked = false;
        let Standing { name, memory, .. } = &mut member.standing;
        let before = memory.failing.clone();
        memory.record(asked, size, self.pace.gap, (now, seconds()));
        let code = |failing: &glasslog_client::witness::Failing| failing.code.clone();
        match (&before, &memory.failing) {
            (Some(_), None) => self.changes.push(Change::Recovered { name: name.clone() }),
            (before, Some(failing)) if before.as_ref().map(code) != Some(code(failing)) => {
                self.changes.push(Change::Fails {
                    name: name.clone(),
                    message: failing.message.clone(),
                    is_alarm: failing.is_alarm,
                });
            }
            _ => {}
        }
    }

    /// Returns the witnesses that have not cosigned the last checkpoint, or fail.
    pub(crate) fn not_cosigned(&self) -> NotCosigned {
        let round = self.round.as_ref();
        let since = round.map_or_else(seconds, |round| round.since);
        let missing = self.members.iter().enumerate();
        let missing = missing.filter(|(at, member)| match round {
            Some(round) => round.cosigned.get(*at) != Some(&true),
            None => member.standing.memory.failing.is_some(),
        });
        let missing = missing.map(|(_, member)| {
            let failing = member.standing.memory.failing.as_ref();
            Missing {
                name: member.standing.name.clone(),
                since: failing.map_or(since, |failing| failing.since),
                problem: match member.standing.is_asked {
                    true => failing.map(|failing| failing.message.clone()),
                    false => Some(NO_ADDRESS.to_owned()),
                },
            }
        });
        let now = Instant::now();
        let until = self.due(now).map(|due| due.saturating_duration_since(now));
        NotCosigned {
            needs: self.policy.needs().to_owned(),
            missing: missing.collect(),
            next: until.map(|until| seconds() + until.as_secs()),
        }
    }
}

fn is_cosigned(policy: &Policy, checkpoint: &Checkpoint, now: u64) -> bool {
    policy.judge(checkpoint, now).quorum == QuorumVerdict::Met
}

/// Returns the moment of a round that began at this time by the clock; `None` if it is over. A clock that went back does not
/// tell its age: the round counts as one that begins now.
fn began(milliseconds_then: u64, every: Duration) -> Option<Instant> {
    let (now, clock) = (Instant::now(), milliseconds(SystemTime::now()));
    let age = Duration::from_millis(clock.saturating_sub(milliseconds_then));
    match age < every {
        true => now.checked_sub(age),
        false => None,
    }
}

fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn seconds() -> u64 {
    milliseconds(SystemTime::now()) / 1_000
}
