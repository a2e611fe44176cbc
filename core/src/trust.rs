//! Under construction: trust.
