//! `audit --cosign`: cosigns the checkpoint of an index that was found right.

use std::path::Path;

use glasslog_client::audit::Audited;
use glasslog_core::note::{SignatureType, SignerKey};
use glasslog_log::Layout;
use glasslog_log::directory::Disk;
use glasslog_log::index::{CosignError, Cosigned};

use crate::args::named_key;
use crate::clock::now;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Console, write_file};

/// The auditor's key, and the destination of the cosignature.
pub(super) struct Cosigner<'a> {
    key: SignerKey,
    layout: Layout,
    output: Option<&'a Path>,
}

impl<'a> Cosigner<'a> {
    /// Reads the key. Without `output` the cosignature goes into the log directory `log`.
    ///
    /// # Errors
    /// The key cannot be read or is not an auditor's, or `log` is not a log directory.
    pub(super) fn new(key: &Path, log: &str, output: Option<&'a Path>) -> Result<Self, Failure> {
        let layout = Layout::new(log);
        if output.is_none() && !layout.config().is_file() {
            return Err(Failure::usage(format!(
                "`{log}` is not a log directory, so a cosignature cannot be added to it"
            ))
            .hint("`-o FILE` writes the cosigned index checkpoint, for the log's operator"));
        }
        let path = key;
        let key = named_key(path, "auditor")?;
        if key.verifier().signature_type() != SignatureType::CosignatureV1 {
            return Err(
                Failure::usage(format!("`{}` is not an auditor's key", path.display()))
                    .hint("`glasslog keygen --kind auditor` makes one"),
            );
        }
        Ok(Self {
            key,
            layout,
            output,
        })
    }

    /// Cosigns the index checkpoint that was audited, and writes or publishes it.
    ///
    /// # Errors
    /// The index was not audited whole or has grown since, or the disk fails.
    pub(super) fn cosign(&self, audited: &Audited, console: &Console) -> Result<(), Failure> {
        let name = self.key.verifier().name();
        let cosigned = Cosigned::new(audited, &self.key, now()).map_err(refuse)?;
        if let Some(path) = self.output {
            let checkpoint = cosigned.checkpoint().map_err(refuse)?;
            write_file(path, &checkpoint.encode())?;
            console.note(format_args!(
                "the index checkpoint, cosigned by `{name}`, was written to {}",
                path.display()
            ));
            return Ok(());
        }
        if !cosigned
            .publish(&Disk::new(), &self.layout)
            .map_err(refuse)?
        {
            return Err(Failure::unfinished(
                "audit-index-moved",
                "the index has grown since it was audited, and nothing was cosigned",
            )
            .hint("audit again"));
        }
        console.note(format_args!("the index was cosigned by `{name}`"));
        Ok(())
    }
}

fn refuse(error: CosignError) -> Failure {
    match error {
        CosignError::Log(error) => error.into(),
        error => Failure::new(Exit::Usage, error.code(), error.to_string()),
    }
}
