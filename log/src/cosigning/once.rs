//! One round for a caller that waits: a verb that writes a directory, and the builder of the index.

use super::missing::NotCosigned;
use super::policy::Role;
use super::round::{Cosigning, Heard};
use glasslog_client::witness::Prove;
use glasslog_core::note::Checkpoint;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::{sleep_until, timeout_at};

/// Longest wait of a verb for the moment at which a round may begin.
const PATIENCE: Duration = Duration::from_secs(30);

/// The same for the builder of the index: a manifest that is not public yet is published with the next work of any builder.
const PATIENCE_OF_INDEX: Duration = Duration::from_secs(1);

/// Time for further witnesses to cosign after the quorum was met.
const GRACE: Duration = Duration::from_millis(200);

impl Cosigning {
    /// Waits until a round may begin, and has a checkpoint cosigned; the result carries every cosignature that came in time.
    ///
    /// # Errors
    /// Too few witnesses cosigned, or no round may begin soon.
    pub(crate) fn cosign(
        &mut self,
        checkpoint: Checkpoint,
        prove: Arc<Prove>,
    ) -> Result<Checkpoint, NotCosigned> {
        let caller = self.caller();
        let cosigned = caller.block_on(async {
            self.wait_for_turn().await?;
            self.begin(checkpoint, prove);
            self.finish().await
        });
        self.abandon();
        cosigned
    }

    async fn wait_for_turn(&self) -> Result<(), NotCosigned> {
        let now = Instant::now();
        let patience = match self.role() {
            Role::Log => PATIENCE,
            Role::Index => PATIENCE_OF_INDEX,
        };
        match self.due(now) {
            Some(due) if due <= now + patience => {
                sleep_until(due.into()).await;
                Ok(())
            }
            _ => Err(self.not_cosigned()),
        }
    }

    async fn finish(&mut self) -> Result<Checkpoint, NotCosigned> {
        let mut cosigned = loop {
            let done = self.next().await;
            match self.hear(done) {
                Heard::Quorum(checkpoint) => break checkpoint,
                Heard::Failed(error) => return Err(error),
                Heard::Nothing | Heard::Later(_) => {}
            }
        };
        let deadline = (Instant::now() + GRACE).into();
        while self.is_waiting() {
            let Ok(done) = timeout_at(deadline, self.next()).await else {
                break;
            };
            if let Heard::Later(checkpoint) = self.hear(done) {
                cosigned = checkpoint;
            }
        }
        Ok(cosigned)
    }
}
