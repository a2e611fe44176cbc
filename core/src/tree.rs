//! Under construction: tree.
