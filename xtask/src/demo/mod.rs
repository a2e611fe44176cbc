//! `cargo xtask demo`: a log with two actors, two local witnesses and real events about real files, made by
//! the commands that a user would type, then served with the portal.

mod models;
mod story;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use story::Story;
use xtask::process::{root, target};
use xtask::{glasslog, node, site, wasm};

/// The port tried first, so that the address is usually the same.
const PORT: u16 = 8137;

/// Builds the binary and the portal, then runs the demo.
pub(crate) fn run(files: &[PathBuf], serve: bool) -> Result<()> {
    // Without Node the demo runs without the portal.
    let portal = node::is_there();
    if portal {
        wasm::run()?;
        site::build()?;
    } else {
        eprintln!("warning: {}: the demo runs without the portal", node::HINT);
    }
    glasslog::build(portal)?;
    show(files, serve, portal)
}

/// Makes a new log with the built binary, then serves it, or prints one history and ends.
pub(crate) fn show(files: &[PathBuf], serve: bool, portal: bool) -> Result<()> {
    // Model paths are relative to the user's folder; all others to the root, short enough to type.
    let given = models::given(files)?;
    std::env::set_current_dir(root()).context("cannot enter the repository")?;
    let seen = |path: PathBuf| {
        path.strip_prefix(root())
            .map(Path::to_path_buf)
            .unwrap_or(path)
    };
    let binary = seen(glasslog::path());
    let directory = seen(target().join("demo"));
    if directory.exists() {
        fs::remove_dir_all(&directory)
            .with_context(|| format!("cannot clear {}", directory.display()))?;
    }
    fs::create_dir_all(&directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    let models = if given.is_empty() {
        models::make(&directory.join("models"))?
    } else {
        given
    };
    let story = Story {
        binary,
        directory,
        models,
    };
    story.tell(portal)?;
    if serve {
        host(&story, portal)
    } else {
        story.show_history()
    }
}

/// Serves the log and the portal until the user stops it.
fn host(story: &Story, portal: bool) -> Result<()> {
    let port = free_port()?;
    let log = format!("http://127.0.0.1:{port}/");
    let glasslog = story.binary.display();
    let policy = story.log().join("trust.policy");
    let policy = policy.display();
    let artifact = &story.newest().artifact;
    let file = story.newest().path.display();
    println!();
    if portal {
        println!("The portal:  {log}portal/#q={artifact}");
        println!();
        println!("Search for `{artifact}`, or drop this file on the page: {file}");
        println!();
    }
    println!("In another terminal:");
    println!("  {glasslog} history {artifact} --log {log} --policy {policy}");
    println!("  {glasslog} verify file {file} --log {log} --policy {policy}");
    println!("  {glasslog} audit {log} --policy {policy}");
    println!("  {glasslog} bundle {artifact} --log {log} --policy {policy} -o history.bundle");
    println!("  {glasslog} verify bundle history.bundle --policy {policy}");
    println!();
    println!(
        "Now lie: change a byte of any file under {}, and ask again.",
        story.tiles().display()
    );
    println!("Stop with Ctrl-C.");
    story.glasslog([
        "serve".as_ref(),
        story.log().as_os_str(),
        "--listen".as_ref(),
        format!("127.0.0.1:{port}").as_ref(),
    ])
}

fn free_port() -> Result<u16> {
    let listener =
        TcpListener::bind(("127.0.0.1", PORT)).or_else(|_| TcpListener::bind(("127.0.0.1", 0)));
    Ok(listener
        .context("no free port on 127.0.0.1")?
        .local_addr()?
        .port())
}
