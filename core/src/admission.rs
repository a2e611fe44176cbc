//! Under construction: admission.
