//! Under construction: proof_query.
