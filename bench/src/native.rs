//! The core's criterion benchmarks.

use std::fs;

use anyhow::{Context, Result};

use crate::table::{Table, rate};
use xtask::process::{self, target};

/// Measures hashing, proofs and signatures, one core each.
pub(crate) fn measure() -> Result<Table> {
    let mut table = Table::default();
    let mut bench = process::cargo();
    bench.args([
        "bench",
        "--locked",
        "--package",
        "glasslog-core",
        "--bench",
        "merkle",
        "--bench",
        "signature",
    ]);
    process::run(bench.args(["--", "--quick"]))?;
    // Limits: `docs/ARCHITECTURE.md`, measured with prototypes on one core.
    for (folder, what, limit) in [
        ("hash/node", "hash a tree node", "6.9 M/s"),
        ("hash/leaf of 1024 bytes", "hash a leaf of 1 KiB", "1.1 M/s"),
        ("proof/inclusion in 2_30", "verify an inclusion in 2^30", ""),
        (
            "proof/consistency in 2_30",
            "verify a consistency in 2^30",
            "",
        ),
        ("ed25519/verify", "verify a signature", "14–16 k/s"),
        ("ed25519/sign", "sign", "38–43 k/s"),
        ("ed25519/admit a key", "admit a key", ""),
    ] {
        let path = target()
            .join("criterion")
            .join(folder)
            .join("new/estimates.json");
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let estimates: serde_json::Value = serde_json::from_str(&text)?;
        let nanoseconds = estimates["median"]["point_estimate"]
            .as_f64()
            .context("no median")?;
        table.row(format!("native: {what}"), rate(1e9 / nanoseconds), limit);
    }
    Ok(table)
}
