//! Under construction: access.
