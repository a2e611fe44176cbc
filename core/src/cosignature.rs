//! Under construction: cosignature.
