//! HTTP faces of a Glasslog log.
