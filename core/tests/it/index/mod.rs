//! The verifiable index as a whole: what it answers, what it refuses, and what it can be accused of.

mod fraud;
mod join;
mod oracle;
mod refusals;
mod vectors;
mod world;
