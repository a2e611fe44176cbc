//! A server's turns at sequencing a log that several servers share: it waits until the lease is free, opens the log,
//! sequences until it is deposed, and waits again.
//!
//! A server that was deposed goes on as a stand-in instead of ending: nothing of an old term is used in a new one, since
//! the log is read anew under a new lease. A log that fails while the lease is still held is another matter: its files or
//! its store are not as they should be, and the server ends, as that of a log in a directory does.

use crate::ServeError;
use crate::app::App;
use crate::leadership::role::{Role, parse_url};
use crate::submission::intake;
use glasslog_log::index::Background;
use glasslog_log::object_store::{Bucket, Candidate, StoreError, Taken};
use glasslog_log::sequencer::{Running, Sequencer};
use glasslog_log::{Log, LogError};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// Looks at how the lease stands are cheap: nothing is asked of the store.
const PULSE: Duration = Duration::from_millis(100);

/// One server's part in a log that several share.
pub(crate) struct Turns {
    pub(crate) app: Arc<App>,
    /// The log directory: keys and configuration.
    pub(crate) path: PathBuf,
    pub(crate) candidate: Candidate,
    /// Where this server takes entries.
    pub(crate) url: String,
    pub(crate) role: watch::Sender<Role>,
}

/// A term that has not ended.
pub(crate) struct Term {
    running: Running,
    index: Background,
    bucket: Bucket,
}

/// How a term ended.
enum End {
    /// The server was asked to stop.
    Asked(Term),
    Deposed,
}

type Stop<'a> = Pin<&'a mut (dyn Future<Output = ()> + Send)>;

impl Turns {
    /// Waits and sequences by turns until `stop` is ready; returns the term that is under way then.
    ///
    /// # Errors
    /// When the log cannot be written though the lease is held, or the store is not the log's.
    pub(crate) async fn run(mut self, mut stop: Stop<'_>) -> Result<Option<Term>, ServeError> {
        let mut told = None;
        loop {
            let looked;
            (self.candidate, looked) = blocking(move || {
                let mut candidate = self.candidate;
                let looked = candidate.look();
                (candidate, looked)
            })
            .await?;
            match looked {
                Ok(Taken::Bucket(bucket)) => {
                    told = None;
                    match self.lead(*bucket, stop.as_mut()).await? {
                        End::Asked(term) => return Ok(Some(term)),
                        End::Deposed => {}
                    }
                }
                Ok(Taken::Held(holder)) => {
                    let leader = holder.url.as_deref().and_then(parse_url);
                    if told != Some(holder.id) {
                        told = Some(holder.id);
                        tracing::info!(leader = holder.url, "standing in for another server");
                    }
                    self.play(Role::StandIn(leader));
                }
                Err(error @ StoreError::Unreachable { .. }) => {
                    // The leader may reach the store though this server does not: submissions still go there.
                    tracing::warn!(%error, "the lease cannot be looked at");
                    told = None;
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
        self.play(Role::StandIn(None));
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
        let (sequencer, mut running) = Sequencer::start(log, intake::LIMITS);
        self.app.intake.lead(sequencer);
        let index = Background::start_in(bucket.clone(), &self.path, |error| {
            tracing::warn!(%error, "the index was not extended");
        });
        self.play(Role::Leader);
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
                    // Whoever may have a successor promises nothing; if it has none, it goes on where it was.
                    self.play(match bucket.is_doubtful() {
                        true => Role::StandIn(None),
                        false => Role::Leader,
                    });
                }
            }
        }
        self.play(Role::StandIn(None));
        self.app.intake.stand_down();
        let ended = blocking(|| {
            let ended = running.join();
            index.abandon();
            ended
        })
        .await?;
        judge(ended.err().unwrap_or(LogError::STOPPED), bucket).await
    }

    fn play(&self, role: Role) {
        self.role.send_if_modified(|played| {
            let is_new = *played != role;
            *played = role;
            is_new
        });
    }
}

impl Term {
    /// Publishes what is staged and lets go of the lease. To be called when nobody can submit any more.
    ///
    /// # Errors
    /// When the log failed, unless that is because another server has taken over.
    pub(crate) async fn end(self, app: &App) -> Result<(), ServeError> {
        app.intake.stand_down();
        let (running, index) = (self.running, self.index);
        let ended = blocking(|| {
            let ended = running.join();
            // The lease is held until the bucket is dropped, so the index still covers what was published last.
            index.stop();
            ended
        });
        match ended.await? {
            Ok(()) => Ok(()),
            Err(error) => judge(error, self.bucket).await.map(|_| ()),
        }
    }
}

/// Tells a server that was deposed, or cannot tell, from one whose log failed.
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

/// Does what blocks on a thread that may.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ServeError> {
    let done = spawn_blocking(work).await;
    // It panicked, and said so.
    done.map_err(|_| ServeError::Log(LogError::STOPPED))
}
