//! Tests of the log as its callers use it.

mod audit_resume;
mod bulk;
mod crash;
mod dedup;
mod event_entries;
mod events;
mod faults;
mod index;
mod index_log;
mod mirror;
mod power_loss;
mod refusals;
mod rotation;
mod seen;
mod sequencer;
mod support;
mod tree;
mod witness;
mod witness_state;
