//! Under construction: event.
