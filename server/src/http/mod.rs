//! Connections: how many there are, who opens them, how long they may take and what answers them.

pub(crate) mod body;
pub(crate) mod client;
pub(crate) mod connections;
pub(crate) mod counters;
pub(crate) mod descriptors;
pub(crate) mod front;
mod head;
pub(crate) mod host;
pub(crate) mod observe;
pub(crate) mod open_connections;
pub(crate) mod pace;
pub(crate) mod rate;
pub(crate) mod refusal_class;
pub(crate) mod slots;
