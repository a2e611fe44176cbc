//! Under construction: note.
