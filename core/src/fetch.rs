//! Under construction: fetch.
