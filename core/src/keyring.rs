//! Under construction: keyring.
