//! Under construction: artifact.
