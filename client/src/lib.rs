//! Reads logs and asks servers on behalf of the command line, auditors and tests; the verdicts are the core's.

pub mod audit;
