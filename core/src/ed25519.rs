//! Under construction: ed25519.
