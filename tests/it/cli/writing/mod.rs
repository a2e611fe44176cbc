//! The writing verbs as their user meets them: answers, files, exit codes, on a directory and through a server.

mod acknowledge;
mod folders;
mod init;
mod keys;
mod outcomes;
mod outputs;
mod record;
mod refusals;
mod remarks;
mod secrets;
mod server;
pub(crate) mod shell;
mod submit;
mod witness;
