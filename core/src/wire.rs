//! Under construction: wire.
