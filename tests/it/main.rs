//! Tests across crates, languages and the network, one folder for each part that they meet.

mod cli {
    mod audit_resume;
    mod changed_key;
    mod everyday;
    mod forks;
    mod hints;
    mod judging;
    mod lab;
    mod lost;
    mod merging;
    mod messages;
    mod mirroring;
    mod monitoring;
    mod process;
    mod reference;
    mod rotation;
    mod shards;
    mod transcripts;
    mod variables;
    mod views;
    mod watching;
    pub(crate) mod writing;
    mod wrong_files;
}
mod index {
    mod audited;
    mod history;
    mod oracle;
    mod verb;
}
mod interop {
    mod core;
    mod load;
    mod ml_dsa;
    mod oracles;
    mod ours_read;
    mod policy;
    mod python;
    mod theirs_read;
    mod witness;
}
mod lies {
    mod every_byte;
    mod framed_builder;
    mod malicious_index;
}
mod network {
    mod hosts;
    mod reading;
    mod witness_serve;
}
mod publish {
    mod bucket;
    mod index;
    mod peers;
    mod rounds;
    mod stage;
    mod verbs;
}
mod source {
    mod arrows;
    mod circles;
    mod codes;
    mod files;
    mod links;
    mod pages;
    mod paths;
    mod prose;
}
mod store {
    mod object_store;
}
