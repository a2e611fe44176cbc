//! Under construction: bundle.
