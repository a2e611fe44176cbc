//! Under construction: statement.
