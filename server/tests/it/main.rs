//! The server over real loopback connections.

mod admin;
mod batch;
mod files;
mod limits;
mod openapi;
mod submission;
mod support;
