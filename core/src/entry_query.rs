//! Under construction: entry_query.
