//! Under construction: hash.
