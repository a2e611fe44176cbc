//! Under construction: compact.
