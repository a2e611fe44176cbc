//! Tests of the log as its callers use it.

mod crash;
mod event_entries;
mod events;
mod index;
mod refusals;
mod support;
mod tree;
mod witness;
