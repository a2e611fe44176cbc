//! Under construction: index_key.
