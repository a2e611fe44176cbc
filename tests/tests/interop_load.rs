//! Tessera's load tool writes to `glasslog serve` and reads what comes of it, as it does with Tessera's own logs.
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use glasslog_tests::glasslog;
use glasslog_tests::ours::{OurLog, size_of};
use glasslog_tests::tools::Tools;
use glasslog_tests::words;

/// Entries that it writes: more than a tile holds.
const GOAL: u64 = 400;

#[test]
fn tesseras_load_tool_writes_and_reads_our_log() {
    let Some(tools) = Tools::for_test("our server under Tessera's load tool") else {
        return;
    };
    let log = OurLog::raw(&[]);
    let server = Served::start(&log);
    let url = format!("--log_url={}", server.url);
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
    // What a reader or a writer of its finds wrong is a warning or an error on a line of its own. At its goal it cancels
    // whatever it has begun, and may warn about that.
    let mut work = hammered
        .stderr
        .lines()
        .take_while(|line| !line.contains("Reached tree size goal"));
    let complaint = work.find(|line| line.starts_with(['W', 'E', 'F']));
    assert_eq!(complaint, None, "{hammered}");
    drop(server);
    assert!(size_of(&log.public().join("checkpoint")) >= GOAL);
    tools
        .run("xmodcheck", words![log.public(), log.vkey()])
        .expect(0);
}

/// A served log, as long as it lives.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start(log: &OurLog) -> Self {
        let mut serve = glasslog::command();
        serve.arg("serve").arg(log.root());
        serve.args(["--listen", "127.0.0.1:0"]);
        let mut child = serve
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its output is a pipe");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("it says where it is");
        let url = line.trim().to_owned();
        Self { child, url }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // One that has ended by itself needs no killing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
