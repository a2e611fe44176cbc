//! The verifiable index as a whole: its answers, its refusals, and accusations against its builder.

mod cost;
mod framing;
mod fraud;
mod join;
mod key_cases;
mod oracle;
mod refusals;
mod vectors;
mod world;
