//! Entries of a log as signed events (`docs/formats/events.md`): envelopes, statements, predicates, lookup keys.

pub(crate) mod access;
pub(crate) mod access_keys;
pub(crate) mod acknowledgement;
pub(crate) mod action;
pub(crate) mod artifact;
pub(crate) mod dsse;
pub(crate) mod event;
pub(crate) mod fields;
pub(crate) mod file_list;
pub(crate) mod file_list_text;
pub(crate) mod genesis;
pub(crate) mod key_event;
pub(crate) mod log_key;
pub(crate) mod lookup_key;
pub(crate) mod outline;
pub(crate) mod spki;
pub(crate) mod statement;

pub use access::{
    AccessError, AccessEvent, Actor, Context, Exception, FileListReference, Party, Reason, Transfer,
};
pub use access_keys::{key_hashes, keys_of};
pub use acknowledgement::{Acknowledgement, AcknowledgementError};
pub use action::{Action, ActorType, Outcome, Weight};
pub use artifact::{ArtifactError, ArtifactQuery, parse_digest, subject_name};
pub use dsse::{Envelope, EnvelopeError, EnvelopeSignature, pae};
pub use event::{Event, EventError, OtherEvent, ParsedEntry, encode, parse, read};
pub use fields::{MemberError, is_name};
pub use file_list::{Differences, FileList, FileListError, FolderFile, is_file_path, is_left_out};
pub use file_list_text::FileListTextError;
pub use genesis::{Genesis, GenesisError, Predecessor};
pub use key_event::{KeyEvent, KeyEventError, KeyOp};
pub use log_key::{LogKeyEvent, LogKeyEventError, log_key_id, sign_with_log_key};
pub use lookup_key::{KeyKind, LookupKey, base_name};
pub use spki::{Spki, SpkiError, parse_secret_pem, secret_to_pem};
pub use statement::{Statement, StatementError, Subject};
