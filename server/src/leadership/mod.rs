//! Several servers of one log: one sequences, the others stand in for it and forward submissions.

pub(crate) mod forward;
mod place;
pub(crate) mod role;
pub(crate) mod term;
mod whole_lines;
