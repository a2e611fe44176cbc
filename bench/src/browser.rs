//! The npm package in Node, its size, and the portal in Chromium.

use anyhow::{Context, Result};

use crate::table::{Table, rate};
use xtask::{chromium, glasslog, node, process, site, wasm};

/// Measures the package in Node, its size, and the portal's first verdict.
pub(crate) fn measure() -> Result<Table> {
    let mut table = Table::default();
    if !node::is_there() {
        eprintln!("warning: {}: the browser part is not measured", node::HINT);
        return Ok(table);
    }
    wasm::run()?;
    let package = wasm::package();
    let mut bench = process::command("node");
    bench
        .arg("wasm/test/bench.mjs")
        .arg(wasm::build_with_vectors()?);
    let said = String::from_utf8(process::output(&mut bench)?)?;
    for line in said.lines() {
        let mut fields = line.split('\t');
        let (Some(what), Some(number), Some(unit)) = (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let number: f64 = number.parse()?;
        let limit = match what {
            "SHA-256 of a file" => "220–245 MB/s",
            "Ed25519: admit a key and verify" => "5–7 k/s verified",
            _ => "40–60 k/s",
        };
        let measured = if unit == "/s" {
            rate(number)
        } else {
            format!("{number:.0} {unit}")
        };
        table.row(format!("wasm: {what}"), measured, limit);
    }
    table.row(
        "wasm: size",
        wasm::Size::of(&package)?.to_string(),
        "100 kB brotli",
    );
    let Some(chromium) = chromium::find() else {
        eprintln!("warning: {}", chromium::HINT);
        return Ok(table);
    };
    site::build()?;
    let binary = glasslog::build(true)?;
    let mut tests = node::npm();
    tests
        .args(["run", "--silent", "test", "--", "log"])
        .env("NODE_OPTIONS", "--test-reporter=spec");
    tests.env("CHROMIUM", chromium).env("GLASSLOG_BIN", binary);
    let said = String::from_utf8(process::output(&mut tests)?)?;
    let first = said.lines().find_map(|line| {
        line.split_once("first verdict after ")
            .map(|(_, time)| time)
    });
    table.row(
        "portal: first verified result",
        first.context("the portal's test printed no time")?,
        "1 s",
    );
    Ok(table)
}
