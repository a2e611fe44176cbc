//! Shared helpers of the tests: running the command line, other people's tools, and hosts that misbehave.
pub mod command;
pub mod fixture;
pub mod glasslog;
pub mod host;
pub mod http;
pub mod operator;
pub mod ours;
pub mod proxy;
pub mod python;
pub mod skip;
pub mod tamper;
pub mod tessera;
pub mod tools;
pub mod transcript;
pub mod versitygw;
pub mod witness;
pub mod world;
