//! Tests of the log as its callers use it.

mod crash;
mod refusals;
mod support;
mod tree;
mod witness;
