//! Under construction: tlog_proof.
