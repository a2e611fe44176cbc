//! Makes the folder that transcripts run in, to try commands by hand: `cargo run --example world -- FOLDER`.
fn main() {
    let folder = std::env::args_os().nth(1).expect("the folder to make");
    glasslog_tests::world::build(std::path::Path::new(&folder));
}
