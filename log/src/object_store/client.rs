//! Performs requests of the protocol on S3, and translates the answers.
//!
//! No layer below this file retries: the protocol decides if a request without an answer may be repeated.

use super::error::StoreError;
use super::protocol::{Answer, ETag, LOCK, Machine, Object, PUBLIC, Read, Request};
use super::retry::{PATIENCE, Patience};
use super::settings::StoreSettings;
use crate::caching::{NEVER, caching};
use crate::error::LogError;
use futures_util::{StreamExt, TryStreamExt, stream};
use glasslog_core::fetch::LogFile;
use glasslog_core::object_store::Lock;
use object_store::aws::{AmazonS3, AmazonS3Builder, S3ConditionalPut};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, ClientOptions, Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions,
    PutPayload, RetryConfig, UpdateVersion,
};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, thread};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::sleep;

/// Time limit of one request: a batch of 8 MiB over a slow line.
const TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Number of concurrent requests.
const AT_ONCE: usize = 16;

/// The part of a bucket that holds one log. Clones share connections.
#[derive(Clone)]
pub struct Client {
    pub(super) store: Arc<AmazonS3>,
    pub(super) prefix: String,
    location: String,
    runtime: Arc<OwnRuntime>,
    lease: Duration,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.location).finish()
    }
}

impl Client {
    /// Prepares to use the bucket without opening a connection. Credentials are those of the environment
    /// (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, or those that the platform provides).
    ///
    /// # Errors
    /// [`StorageError::Setting`](crate::StorageError::Setting) with the path `config`, from which the settings are.
    pub fn open(settings: &StoreSettings, config: &std::path::Path) -> Result<Self, LogError> {
        Self::build(settings).map_err(|problem| LogError::setting(config, problem))
    }

    fn build(settings: &StoreSettings) -> Result<Self, String> {
        let (bucket, prefix) = settings.bucket_and_prefix()?;
        // Fails only if a provider is installed already, which is sufficient.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let options = ClientOptions::new()
            .with_timeout(TIMEOUT)
            .with_connect_timeout(CONNECT_TIMEOUT)
            .with_allow_http(settings.allow_http);
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .with_region(&settings.region)
            .with_client_options(options)
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            .with_retry(RetryConfig {
                max_retries: 0,
                ..RetryConfig::default()
            });
        if let Some(endpoint) = &settings.endpoint {
            builder = builder
                .with_endpoint(endpoint)
                .with_virtual_hosted_style_request(false);
        }
        let store = builder.build().map_err(|error| error.to_string())?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("object-store")
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        let handle = runtime.handle().clone();
        Ok(Self {
            store: Arc::new(store),
            prefix: prefix.to_owned(),
            location: format!("s3://{bucket}/{prefix}/"),
            runtime: Arc::new(OwnRuntime(Some(runtime), handle)),
            lease: settings.lease(),
        })
    }

    /// Returns the location of an object, for messages.
    pub fn locate(&self, key: &str) -> String {
        format!("{}{key}", self.location)
    }

    /// Returns the time for which a writer may be silent.
    pub fn lease(&self) -> Duration {
        self.lease
    }

    /// Runs a procedure to its end. Blocks; must not be called within a runtime.
    ///
    /// # Errors
    /// The store denies access, or does not answer for long.
    pub fn drive<M: Machine>(&self, machine: &mut M) -> Result<M::Output, StoreError> {
        self.drive_for(PATIENCE, machine)
    }

    /// As [`drive`](Self::drive), giving up after `limit`.
    ///
    /// # Errors
    /// As [`drive`](Self::drive).
    pub fn drive_for<M: Machine>(
        &self,
        limit: Duration,
        machine: &mut M,
    ) -> Result<M::Output, StoreError> {
        // The machine runs outside the runtime, since its decision may need the store.
        let mut patience = Patience::new(limit);
        loop {
            let (answer, failure) = self.block_on(self.perform(machine.ask()));
            let wait = patience.judge(&answer, failure);
            if let Some(output) = machine.hear(answer) {
                return Ok(output);
            }
            thread::sleep(wait?);
        }
    }

    /// Runs procedures to their ends, concurrently.
    ///
    /// # Errors
    /// The first failure; the other procedures are then finished or not.
    pub fn drive_all<M: Machine<Output: Send> + Send>(
        &self,
        machines: Vec<M>,
    ) -> Result<Vec<(M, M::Output)>, StoreError> {
        let runs = machines.into_iter().map(|mut machine| async {
            let output = self.run(&mut machine).await?;
            Ok((machine, output))
        });
        let all = stream::iter(runs).buffered(AT_ONCE).try_collect();
        self.block_on(all)
    }

    /// Runs `future` on the store's own runtime. A thread that drives another runtime must not block on a second one,
    /// so a new thread does.
    pub(super) fn block_on<F: Future<Output: Send> + Send>(&self, future: F) -> F::Output {
        if Handle::try_current().is_err() {
            return self.runtime.1.block_on(future);
        }
        thread::scope(|scope| {
            let waiting = scope.spawn(|| self.runtime.1.block_on(future));
            waiting.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    }

    /// Reads an object; `None` if it is missing.
    ///
    /// # Errors
    /// As [`drive`](Self::drive).
    pub fn read(&self, key: &str) -> Result<Option<Object>, StoreError> {
        self.drive(&mut Read(key.to_owned()))
    }

    /// Reads a file of the public tree by its path; `None` if it is missing.
    ///
    /// # Errors
    /// As [`drive`](Self::drive).
    pub(crate) fn read_public(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let object = self.read(&format!("{PUBLIC}{path}"))?;
        Ok(object.map(|object| object.bytes))
    }

    /// Reads the lock within the time of a lease: callers poll it, and a later answer is worthless.
    ///
    /// # Errors
    /// As [`drive`](Self::drive); or the lock is missing or malformed.
    pub(crate) fn read_lock(&self) -> Result<(Object, Lock), StoreError> {
        let object = self.drive_for(self.lease, &mut Read(LOCK.to_owned()))?;
        let object = object.ok_or_else(|| self.no_lock())?;
        let lock = self.parse_lock(&object)?;
        Ok((object, lock))
    }

    pub(super) fn parse_lock(&self, object: &Object) -> Result<Lock, StoreError> {
        Lock::parse(&object.bytes).map_err(|error| StoreError::Lock {
            key: self.locate(LOCK),
            error,
        })
    }

    pub(super) fn no_lock(&self) -> StoreError {
        let key = self.locate(LOCK);
        StoreError::NoLock { key }
    }

    async fn run<M: Machine>(&self, machine: &mut M) -> Result<M::Output, StoreError> {
        let mut patience = Patience::new(PATIENCE);
        loop {
            let (answer, failure) = self.perform(machine.ask()).await;
            let wait = patience.judge(&answer, failure);
            if let Some(output) = machine.hear(answer) {
                return Ok(output);
            }
            sleep(wait?).await;
        }
    }

    /// Performs one request; returns the failure too if the answer is unknown.
    pub(super) async fn perform(&self, request: Request) -> (Answer, Option<StoreError>) {
        let (operation, key) = match &request {
            Request::Get(key) => ("read", key.clone()),
            Request::Create(key, _) => ("create", key.clone()),
            Request::Swap(key, ..) => ("replace", key.clone()),
            Request::Delete(key) => ("remove", key.clone()),
        };
        let path = match Path::parse(format!("{}/{key}", self.prefix)) {
            Ok(path) => path,
            Err(error) => {
                let key = self.locate(&key);
                let reason = error.to_string();
                return (Answer::Unknown, Some(StoreError::Denied { key, reason }));
            }
        };
        let is_create = matches!(request, Request::Create(..));
        let result = match request {
            Request::Get(_) => self.get(&path).await.map(Answer::Found),
            Request::Create(_, bytes) => self.put(&path, &key, PutMode::Create, bytes).await,
            Request::Swap(_, etag, bytes) => {
                let version = UpdateVersion {
                    e_tag: Some(etag.0),
                    version: None,
                };
                self.put(&path, &key, PutMode::Update(version), bytes).await
            }
            Request::Delete(_) => self.store.delete(&path).await.map(|()| Answer::Done(None)),
        };
        match result {
            Ok(answer) => (answer, None),
            Err(Error::NotFound { .. }) => (Answer::Missing, None),
            Err(Error::Precondition { .. }) => (Answer::Refused, None),
            // For a swap this is a conflict of two concurrent requests: the outcome is not known yet.
            Err(Error::AlreadyExists { .. }) if is_create => (Answer::Refused, None),
            Err(error) => {
                let (answer, failure) = self.judge(operation, &key, &error);
                (answer, Some(failure))
            }
        }
    }

    async fn get(&self, path: &Path) -> object_store::Result<Object> {
        let found = self.store.get(path).await?;
        let etag = ETag(found.meta.e_tag.clone().unwrap_or_default());
        let bytes = found.bytes().await?.to_vec();
        Ok(Object { etag, bytes })
    }

    async fn put(
        &self,
        path: &Path,
        key: &str,
        mode: PutMode,
        bytes: Vec<u8>,
    ) -> object_store::Result<Answer> {
        let public = key.strip_prefix(PUBLIC).map(LogFile::parse);
        let content_type = match public {
            Some(Some(file)) => file.content_type(),
            _ => "application/octet-stream",
        };
        let caching = public.map_or(NEVER, caching);
        let attributes = Attributes::from_iter([
            (Attribute::ContentType, content_type),
            (Attribute::CacheControl, caching),
        ]);
        let options = PutOptions {
            mode,
            attributes,
            ..PutOptions::default()
        };
        let payload = PutPayload::from(bytes);
        let done = self.store.put_opts(path, payload, options).await?;
        Ok(Answer::Done(done.e_tag.map(ETag)))
    }

    pub(super) fn judge(
        &self,
        operation: &'static str,
        key: &str,
        error: &Error,
    ) -> (Answer, StoreError) {
        let key = self.locate(key);
        let reason = innermost(error);
        let failure = match error {
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
                StoreError::Denied { key, reason }
            }
            _ => StoreError::Unreachable {
                operation,
                key,
                reason,
            },
        };
        (Answer::Unknown, failure)
    }
}

/// The runtime of the requests. It is shut down without waiting, since waiting is forbidden on threads of another
/// runtime.
struct OwnRuntime(Option<Runtime>, Handle);

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Returns the innermost cause of an error, which is the helpful part.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
