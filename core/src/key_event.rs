//! Under construction: key_event.
