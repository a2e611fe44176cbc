//! The complete history of an artifact, and the evidence for files and folders: plan, fetch, finish.

use glasslog_core::event::FileList;
use glasslog_core::fetch::Query;
use glasslog_core::report::{Check, EventView};
use glasslog_core::verify::{self, Options};
use serde::Serialize;
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::options::options;

/// A history query in progress.
#[wasm_bindgen]
pub struct HistoryQuery(verify::HistoryQuery);

#[wasm_bindgen]
impl HistoryQuery {
    /// Starts a query; `exact` follows no registration, `full_scan` asks no index, `state` leaves out routine accesses, and
    /// `since` is the bundle of an older history that must be the beginning of this one.
    ///
    /// # Errors
    /// Throws if the artifact breaks its syntax, or if the older history cannot be compared with this one.
    #[wasm_bindgen(constructor)]
    #[expect(
        clippy::too_many_arguments,
        reason = "only single values pass between JavaScript and Rust; the wrapper in JavaScript names them"
    )]
    pub fn new(
        artifact: &str,
        policy: &str,
        exact: bool,
        full_scan: bool,
        state: bool,
        since: Option<Vec<u8>>,
        now: u64,
        require: Option<String>,
        max_checkpoint_age: Option<u64>,
        accept_index: bool,
    ) -> Result<Self, JsError> {
        let options = Options {
            full_scan,
            state,
            ..options(now, require.as_deref(), max_checkpoint_age, accept_index)?
        };
        let policy = policy.as_bytes();
        Ok(Self(match since {
            None => verify::HistoryQuery::new(artifact, policy, options, exact)?,
            Some(older) => verify::HistoryQuery::since(artifact, policy, options, exact, &older)?,
        }))
    }

    /// Starts a query for the evidence for files with these digests, `sha256:` and hex each; if `version` is given, each
    /// must be a content of that `NAME@VERSION`.
    ///
    /// # Errors
    /// Throws if the version is not a name with a version.
    #[wasm_bindgen(js_name = ofFiles)]
    #[expect(
        clippy::too_many_arguments,
        reason = "only single values pass between JavaScript and Rust; the wrapper in JavaScript names them"
    )]
    pub fn of_files(
        digests: Vec<String>,
        version: Option<String>,
        policy: &str,
        full_scan: bool,
        now: u64,
        require: Option<String>,
        max_checkpoint_age: Option<u64>,
        accept_index: bool,
    ) -> Result<Self, JsError> {
        let options = Options {
            full_scan,
            ..options(now, require.as_deref(), max_checkpoint_age, accept_index)?
        };
        let version = version.as_deref();
        let query = verify::HistoryQuery::of_files(&digests, version, policy.as_bytes(), options)?;
        Ok(Self(query))
    }

    /// Starts a query for the evidence for a folder with the files of a list, `glasslog-files/v1`, compared file by file
    /// with the registration of `version`, or with the best one. `registered` is the list that the registration names, if
    /// it does not list all files.
    ///
    /// # Errors
    /// Throws if a list is malformed, or the version is not a name with a version.
    #[wasm_bindgen(js_name = ofFolder)]
    #[expect(
        clippy::too_many_arguments,
        reason = "only single values pass between JavaScript and Rust; the wrapper in JavaScript names them"
    )]
    pub fn of_folder(
        files: &str,
        registered: Option<String>,
        version: Option<String>,
        policy: &str,
        full_scan: bool,
        now: u64,
        require: Option<String>,
        max_checkpoint_age: Option<u64>,
        accept_index: bool,
    ) -> Result<Self, JsError> {
        let options = Options {
            full_scan,
            ..options(now, require.as_deref(), max_checkpoint_age, accept_index)?
        };
        let parse = |text: &str| FileList::parse(text.as_bytes());
        let (files, registered) = (parse(files)?, registered.as_deref().map(parse).transpose()?);
        let (version, policy) = (version.as_deref(), policy.as_bytes());
        let query = verify::HistoryQuery::of_folder(files, registered, version, policy, options)?;
        Ok(Self(query))
    }

    /// Sets the most bytes of entries, positions and lists that the query holds.
    #[wasm_bindgen(js_name = holdAtMost)]
    pub fn hold_at_most(&mut self, bytes: usize) {
        self.0.hold_at_most(bytes);
    }

    /// The files to fetch next.
    #[must_use]
    pub fn needs(&self) -> Vec<String> {
        self.0.needs()
    }

    /// Takes one file, or notes that it is missing.
    pub fn supply(&mut self, path: &str, file: Option<Vec<u8>>) {
        self.0.supply(path, file);
    }

    /// The report, once no more files are needed.
    #[must_use]
    pub fn report(&self) -> Option<String> {
        self.0.report().map(|report| report.to_json())
    }

    /// Events found since the first `from` entries were read, as JSON.
    ///
    /// # Errors
    /// Never: numbers and text always have a JSON form.
    pub fn found(&self, from: usize) -> Result<String, JsError> {
        let (next, events) = self.0.found(from);
        Ok(serde_json::to_string(&Found { next, events })?)
    }

    /// The progress so far, as JSON.
    ///
    /// # Errors
    /// Never: numbers and text always have a JSON form.
    pub fn progress(&self) -> Result<String, JsError> {
        let progress = self.0.progress();
        let shown = Shown {
            done: progress.done,
            total: progress.total,
            positions: progress.positions,
            files: progress.files,
            bytes: progress.bytes,
            checks: progress.checks,
        };
        Ok(serde_json::to_string(&shown)?)
    }
}

#[derive(Serialize)]
struct Found {
    next: usize,
    events: Vec<EventView>,
}

#[derive(Serialize)]
struct Shown<'a> {
    done: u64,
    total: u64,
    positions: Option<u64>,
    files: u64,
    bytes: u64,
    checks: &'a [Check],
}
