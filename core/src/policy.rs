//! Under construction: policy.
