//! Under construction: audit.
