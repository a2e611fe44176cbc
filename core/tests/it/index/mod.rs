//! The verifiable index as a whole: its answers, its refusals, and accusations against its builder.

mod fraud;
mod join;
mod oracle;
mod refusals;
mod vectors;
mod world;
