//! Under construction: time.
