//! Terms of leadership: the server waits until the lease is free, opens the log, sequences until it is deposed, and waits
//! again.
//!
//! A deposed server continues as a stand-in instead of ending: no state of an old term is used in a new one, since the
//! log is read anew under a new lease. If the log fails while the lease is still held, its files or its store are
//! damaged, and the server ends, as the server of a log in a directory does.

use crate::app::App;
use crate::error::ServeError;
use crate::leadership::role::{Role, parse_url};
use crate::submission::intake::Sequenced;
use glasslog_log::index::Background;
use glasslog_log::object_store::{Bucket, Candidate, StoreError, Taken};
use glasslog_log::sequencer::Running;
use glasslog_log::{Log, LogError};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// Polling interval for the lease status; polling makes no store request.
const PULSE: Duration = Duration::from_millis(100);

/// The terms of one server of a log that several servers share.
pub(crate) struct Terms {
    pub(crate) app: Arc<App>,
    /// The log directory: keys and configuration.
    pub(crate) path: PathBuf,
    pub(crate) candidate: Candidate,
    /// Address where this server takes entries.
    pub(crate) url: String,
    pub(crate) role: watch::Sender<Role>,
}

/// A term that has not ended.
pub(crate) struct Term {
    running: Running,
    index: Background,
    bucket: Bucket,
}

/// The end of a term.
enum End {
    /// The server was asked to stop.
    Asked(Term),
    Deposed,
}

type Stop<'a> = Pin<&'a mut (dyn Future<Output = ()> + Send)>;

impl Terms {
    /// Waits and sequences by turns until `stop` is ready; returns the term that is under way then.
    ///
    /// # Errors
    /// A log that cannot be written while the lease is held, and a store that is not the log's.
    pub(crate) async fn run(mut self, mut stop: Stop<'_>) -> Result<Option<Term>, ServeError> {
        let mut reported = None;
        loop {
            let lease;
            (self.candidate, lease) = blocking(move || {
                let mut candidate = self.candidate;
                let lease = candidate.look();
                (candidate, lease)
            })
            .await?;
            match lease {
                Ok(Taken::Bucket(bucket)) => {
                    reported = None;
                    match self.lead(*bucket, stop.as_mut()).await? {
                        End::Asked(term) => return Ok(Some(term)),
                        End::Deposed => {}
                    }
                }
                Ok(Taken::Held(holder)) => {
                    let leader = holder.url.as_deref().and_then(parse_url);
                    if reported != Some(holder.id) {
                        reported = Some(holder.id);
                        tracing::info!(leader = holder.url, "standing in for another server");
                    }
                    self.set_role(Role::StandIn(leader));
                }
                Err(error @ StoreError::Unreachable { .. }) => {
                    // The leader may reach the store even if this server does not: submissions still go to the leader.
                    tracing::warn!(%error, "the lease cannot be read");
                    reported = None;
                }
                Err(error) => return Err(ServeError::Log(error.into())),
            }
            let pause = self.candidate.pause();
            tokio::select! {
                () = sleep(pause) => {}
                () = stop.as_mut() => return Ok(None),
            }
        }
    }

    /// Sequences for as long as the lease is held.
    async fn lead(&self, bucket: Bucket, mut stop: Stop<'_>) -> Result<End, ServeError> {
        let begun = Instant::now();
        self.set_role(Role::StandIn(None));
        tracing::info!("the lease is taken: reading the log");
        let (own, path, url) = (bucket.clone(), self.path.clone(), self.url.clone());
        let opened = blocking(move || {
            let mut log = Log::open_in(own, path)?;
            log.announce(&url)?;
            Ok(log)
        })
        .await?;
        let log = match opened {
            Ok(log) => log,
            Err(error) => return judge(error, bucket).await,
        };
        let (sequenced, mut running, index) = Sequenced::start(log, |tell| {
            Background::start_in(bucket.clone(), &self.path, tell)
        });
        self.app.intake.lead(sequenced);
        self.set_role(Role::Leader);
        let took = begun.elapsed();
        self.app.metrics.term(took);
        tracing::info!(seconds = took.as_secs_f64(), "sequencing");
        loop {
            tokio::select! {
                () = stop.as_mut() => return Ok(End::Asked(Term { running, index, bucket })),
                () = running.ended() => break,
                () = sleep(PULSE) => {
                    if bucket.is_deposed() {
                        break;
                    }
                    // A server that may have a successor acknowledges nothing; if it has none, it resumes.
                    self.set_role(match bucket.is_doubtful() {
                        true => Role::StandIn(None),
                        false => Role::Leader,
                    });
                }
            }
        }
        self.set_role(Role::StandIn(None));
        self.app.intake.stand_down();
        let ended = blocking(|| {
            let ended = running.join();
            index.abandon();
            ended
        })
        .await?;
        judge(ended.err().unwrap_or(LogError::STOPPED), bucket).await
    }

    fn set_role(&self, role: Role) {
        self.role.send_if_modified(|current| {
            let is_new = *current != role;
            *current = role;
            is_new
        });
    }
}

impl Term {
    /// Publishes the staged entries and releases the lease. To be called when no client can submit any more.
    ///
    /// # Errors
    /// A log that failed, unless the reason is that another server has taken over.
    pub(crate) async fn end(self, app: &App) -> Result<(), ServeError> {
        app.intake.stand_down();
        let (running, index) = (self.running, self.index);
        let ended = blocking(|| {
            let ended = running.join();
            // The lease is held until the bucket is dropped, so the index still covers the last publication.
            index.stop();
            ended
        });
        match ended.await? {
            Ok(()) => Ok(()),
            Err(error) => judge(error, self.bucket).await.map(|_| ()),
        }
    }
}

/// Distinguishes a server that was deposed, or cannot reach the store, from one whose log failed.
async fn judge(error: LogError, bucket: Bucket) -> Result<End, ServeError> {
    tracing::warn!(%error, "the log takes no more entries here");
    let held = blocking(move || bucket.check_writer()).await?;
    match (held, error) {
        (Err(StoreError::NotWriter { .. } | StoreError::Unreachable { .. }), _)
        | (Ok(()), LogError::Store(StoreError::Unreachable { .. })) => Ok(End::Deposed),
        (Err(error), _) => Err(ServeError::Log(error.into())),
        (Ok(()), error) => Err(ServeError::Log(error)),
    }
}

/// Runs blocking work on a thread for such work.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ServeError> {
    let done = spawn_blocking(work).await;
    // The work panicked, and the panic was printed.
    done.map_err(|_| ServeError::Log(LogError::STOPPED))
}
