//! Under construction: dsse.
