//! Tessera's load tool writes to `glasslog serve` and reads what comes of it, as it does with Tessera's own logs.
use std::process::Stdio;

use glasslog_tests::ours::{OurLog, size_of};
use glasslog_tests::served::Served;
use glasslog_tests::tools::Tools;
use glasslog_tests::{glasslog, words};

/// Entries that it writes: more than a tile holds.
const GOAL: u64 = 400;

#[test]
fn tesseras_load_tool_writes_and_reads_our_log() {
    let Some(tools) = Tools::for_test("our server under Tessera's load tool") else {
        return;
    };
    let log = OurLog::raw(&[]);
    let mut serve = glasslog::command();
    serve.arg("serve").arg(log.root());
    let mut server = Served::start(serve, Stdio::null()).expect("it listens");
    let url = format!("--log_url={}/", server.url);
    let key = format!("--log_public_key={}", log.vkey());
    let goal = format!("--leaf_write_goal={GOAL}");
    // It ends well once the checkpoint covers the goal, which it looks at each second, and badly after the longest time.
    let hammered = tools
        .run(
            "hammer",
            words![
                url,
                key,
                goal,
                "--num_writers=16",
                "--max_write_ops=400",
                "--num_readers_random=2",
                "--num_readers_full=1",
                "--dup_chance=0.1",
                "--max_runtime=80s",
                "--show_ui=false"
            ],
        )
        .expect(0);
    // It reports each error of a reader or writer as a warning or an error on a line of its own. At its goal it cancels
    // whatever it has begun, and may warn about that.
    let mut work = hammered
        .stderr
        .lines()
        .take_while(|line| !line.contains("Reached tree size goal"));
    let complaint = work.find(|line| line.starts_with(['W', 'E', 'F']));
    assert_eq!(complaint, None, "{hammered}");
    // Killed, it could leave tiles of entries that no checkpoint has yet.
    server.terminate();
    assert!(size_of(&log.public().join("checkpoint")) >= GOAL);
    tools
        .run("xmodcheck", words![log.public(), log.vkey()])
        .expect(0);
}
