//! Under construction: proof.
