//! Under construction: spki.
