//! The story of the demo: its actors, their actions on the models, and the witnesses of the log.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::models::Model;
use xtask::process;

/// The log's identity, under the reserved domain `.example`.
const ORIGIN: &str = "demo.example/model-access";
/// The actor that trains models.
const TRAINER: &str = "maya@demo.example";
/// The actor that runs models.
const SERVICE: &str = "serving-pipeline@demo.example";
/// Names of the witnesses. They mark them as local: witnesses run by the log add no trust beyond the log itself.
const WITNESSES: [&str; 2] = [
    "local-demo-witness.example/one",
    "local-demo-witness.example/two",
];

/// Name of the auditor, whose key lies beside the log, not in it.
const AUDITOR: &str = "local-demo-auditor.example";

/// A running demo.
pub(crate) struct Story {
    /// The `glasslog` binary.
    pub(crate) binary: PathBuf,
    /// The folder of all files of the demo.
    pub(crate) directory: PathBuf,
    /// The models that the events are about.
    pub(crate) models: Vec<Model>,
}

/// One event: actor, action and reason.
struct Deed {
    actor: &'static str,
    action: &'static str,
    flags: &'static [&'static str],
}

/// The events of each model, in order. Material actions need a reason, routine ones do not.
const DEEDS: [Deed; 4] = [
    Deed {
        actor: TRAINER,
        action: "register",
        flags: &["--reason-code", "release", "--reason", "evaluation passed"],
    },
    Deed {
        actor: SERVICE,
        action: "verify",
        flags: &["--pipeline", "nightly-checks"],
    },
    Deed {
        actor: TRAINER,
        action: "read",
        flags: &[],
    },
    Deed {
        actor: SERVICE,
        action: "deploy",
        flags: &[
            "--reason-code",
            "rollout",
            "--reason",
            "planned rollout",
            "--env",
            "prod",
            "--pipeline",
            "rollout",
        ],
    },
];

impl Story {
    /// Makes the log, records the events, publishes, has the log witnessed, and adds the portal.
    pub(crate) fn tell(&self, portal: bool) -> Result<()> {
        let log = self.log();
        let log = log.as_os_str();
        self.say("An auditor, a local one for this demo, makes a key that the log's operator does not have");
        self.keygen("auditor", AUDITOR)?;
        let auditor = self.public_key(AUDITOR)?;

        self.say(
            "A new log, with its keys, its genesis entry and a trust policy that names the auditor",
        );
        let init = ["init".as_ref(), log, "--origin".as_ref(), ORIGIN.as_ref()];
        let named = ["--auditor".as_ref(), auditor.as_ref()];
        let genesis = self.genesis(init.into_iter().chain(named))?;

        self.say("Two actors get keys, and the log's admin enrols them");
        for actor in [TRAINER, SERVICE] {
            self.keygen("actor", actor)?;
            let public = self.public(actor);
            let enrol = ["keys", "enrol", "--actor", actor, "--log"].map(OsStr::new);
            self.glasslog(
                enrol
                    .into_iter()
                    .chain([log, "--key".as_ref(), public.as_os_str()]),
            )?;
        }

        self.say("They act on real files; each event is signed, and proven to be in the log");
        let mut proofs = 0;
        for model in &self.models {
            for deed in &DEEDS {
                proofs += 1;
                let proof = self.directory.join(format!("{proofs}.tlog-proof"));
                let signer = self.secret(deed.actor);
                let record = [
                    "record",
                    "--action",
                    deed.action,
                    "--artifact",
                    &model.artifact,
                ]
                .map(OsStr::new);
                let paths = [
                    "--log".as_ref(),
                    log,
                    "--signer".as_ref(),
                    signer.as_os_str(),
                ];
                let files = [
                    "--file".as_ref(),
                    model.path.as_os_str(),
                    "-o".as_ref(),
                    proof.as_os_str(),
                ];
                let flags = deed.flags.iter().map(OsStr::new);
                self.glasslog(record.into_iter().chain(paths).chain(files).chain(flags))?;
            }
        }
        self.glasslog(["publish".as_ref(), log])?;

        self.say("Two witnesses, local ones for this demo, check and cosign the log's checkpoint");
        for witness in WITNESSES {
            self.keygen("witness", witness)?;
            let (key, state) = (self.secret(witness), self.key_path(witness, "state"));
            let cosign = [
                "witness".as_ref(),
                "cosign".as_ref(),
                log,
                "--key".as_ref(),
                key.as_os_str(),
            ];
            self.glasslog(
                cosign
                    .into_iter()
                    .chain(["--state".as_ref(), state.as_os_str()]),
            )?;
        }
        self.trust(&genesis)?;

        self.say("The auditor recomputes the whole index from the log, and vouches for it because it is right");
        let (policy, key) = (self.log().join("trust.policy"), self.secret(AUDITOR));
        self.glasslog([
            "audit".as_ref(),
            log,
            "--policy".as_ref(),
            policy.as_os_str(),
            "--cosign".as_ref(),
            key.as_os_str(),
        ])?;

        if portal {
            self.say("The portal joins the log's public files");
            self.glasslog(["portal".as_ref(), log])?;
        }
        Ok(())
    }

    /// Prints the newest model's verified history.
    pub(crate) fn show_history(&self) -> Result<()> {
        let (log, policy) = (self.log(), self.log().join("trust.policy"));
        self.say("Its history, verified from the public files and the trust policy alone");
        let history = ["history", &self.newest().artifact, "--log"].map(OsStr::new);
        self.glasslog(history.into_iter().chain([
            log.as_os_str(),
            "--policy".as_ref(),
            policy.as_os_str(),
        ]))
    }

    /// The log directory.
    pub(crate) fn log(&self) -> PathBuf {
        self.directory.join("log")
    }

    /// The public tree's tiles.
    pub(crate) fn tiles(&self) -> PathBuf {
        self.log().join("public/tile")
    }

    /// The last model.
    pub(crate) fn newest(&self) -> &Model {
        &self.models[self.models.len() - 1]
    }

    /// Shows a command as a user would type it, and runs it.
    pub(crate) fn glasslog<'a>(
        &self,
        arguments: impl IntoIterator<Item = &'a OsStr>,
    ) -> Result<()> {
        process::run(process::command(&self.binary).args(arguments))
    }

    fn say(&self, what: &str) {
        eprintln!("\n── {what}");
    }

    fn keygen(&self, kind: &str, name: &str) -> Result<()> {
        let keys = self.directory.join("keys");
        fs::create_dir_all(&keys).with_context(|| format!("cannot make {}", keys.display()))?;
        let secret = self.secret(name);
        let keygen = ["keygen", "--kind", kind, "--name", name, "--out"].map(OsStr::new);
        self.glasslog(keygen.into_iter().chain([secret.as_os_str()]))
    }

    fn secret(&self, name: &str) -> PathBuf {
        self.key_path(name, "key")
    }

    fn public(&self, name: &str) -> PathBuf {
        self.key_path(name, "key.pub")
    }

    /// Reads the line of a public key.
    fn public_key(&self, name: &str) -> Result<String> {
        let public = self.public(name);
        let key = fs::read_to_string(&public)
            .with_context(|| format!("cannot read {}", public.display()))?;
        Ok(key.trim().to_string())
    }

    fn key_path(&self, name: &str, kind: &str) -> PathBuf {
        self.directory
            .join("keys")
            .join(format!("{}.{kind}", name.replace('/', "-")))
    }

    /// Makes the log and keeps the hash of its first entry, which the trust policy will pin.
    fn genesis<'a>(&self, init: impl IntoIterator<Item = &'a OsStr>) -> Result<String> {
        let mut command = process::command(&self.binary);
        let said = process::output(command.args(init).args(["--format", "json"]))?;
        let said: serde_json::Value =
            serde_json::from_slice(&said).context("`init` answers with JSON")?;
        let genesis = said["genesis"]
            .as_str()
            .context("`init` names the genesis")?;
        Ok(genesis.to_string())
    }

    /// Adds both witnesses to the trust policy, which requires none so far, and pins the genesis.
    fn trust(&self, genesis: &str) -> Result<()> {
        let path = self.log().join("trust.policy");
        let policy =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut lines = String::new();
        for (number, witness) in (1..).zip(WITNESSES) {
            let key = self.public_key(witness)?;
            lines += &format!("witness local-{number} {key}\n");
        }
        lines += "group both all local-1 local-2\nquorum both";
        // The first quorum is the log's; the index has its own.
        let policy = policy.replacen("quorum none", &lines, 1);
        fs::write(&path, format!("{policy}\n[genesis]\n{genesis}\n"))
            .with_context(|| format!("cannot write {}", path.display()))
    }
}
