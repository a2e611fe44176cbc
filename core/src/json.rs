//! Under construction: json.
