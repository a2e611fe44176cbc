//! Arguments that several verbs share, each read in one place.

mod artifact;
mod digest;
mod event_fields;
mod files;
pub(crate) mod given;
mod lookup;
mod question;
mod server;
mod size;
mod text;
mod time;
mod trust;

pub(crate) use artifact::{recorded_name, refuse_artifact, resolve_artifact};
pub(crate) use digest::parse_digest;
pub(crate) use event_fields::EventFields;
pub(crate) use files::{named_key, read_policy, read_trust_policy};
pub(crate) use lookup::{Lookup, LookupArgs};
pub(crate) use question::QuestionArgs;
pub(crate) use server::{loopback, parse_listen, parse_timeout, rate};
pub(crate) use text::TextArgs;
pub(crate) use time::{parse_duration, parse_period, parse_time};
pub(crate) use trust::{TrustArgs, by_the_index};
