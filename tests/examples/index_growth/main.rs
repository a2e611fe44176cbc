//! Costs of the index of a growing log: built for real, or simulated if its keys alone would be gigabytes.
//!
//! `index_growth FOLDER SIZE…` builds; `index_growth simulate SIZE` simulates. One line a size, fields apart by tabs.

mod events;
mod measure;
mod simulate;

use std::path::Path;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((first, sizes)) = arguments.split_first() else {
        panic!("a folder and sizes, or `simulate` and sizes");
    };
    for size in sizes {
        let size: u64 = size.parse().expect("a size in decimal");
        let line = match first.as_str() {
            "simulate" => simulate::growth(size),
            folder => measure::growth(Path::new(folder), size),
        };
        println!("{line}");
    }
}
