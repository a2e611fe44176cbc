//! Owns the files of a Glasslog log.
