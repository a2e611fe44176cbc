//! Under construction: checkpoint.
