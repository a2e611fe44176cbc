//! A table of measurements, readable on a terminal and valid as Markdown.

/// Rows of subject, measured value and limit.
#[derive(Default)]
pub(crate) struct Table(Vec<[String; 3]>);

impl Table {
    /// Adds one line: the subject, its measured value, and the limit, goal or prototype to compare with.
    pub(crate) fn row(
        &mut self,
        what: impl Into<String>,
        measured: impl Into<String>,
        limit: &str,
    ) {
        self.0
            .push([what.into(), measured.into(), limit.to_string()]);
    }

    /// Prints the table.
    pub(crate) fn print(&self) {
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        println!("\n| measured on {cores} cores | | limit, goal or prototype |\n|---|---|---|");
        for [what, measured, limit] in &self.0 {
            println!("| {what} | {measured} | {limit} |");
        }
    }
}

/// A rate with its unit, for display.
pub(crate) fn rate(each_second: f64) -> String {
    match each_second {
        fast if fast >= 1e6 => format!("{:.1} M/s", fast / 1e6),
        fast if fast >= 1e4 => format!("{:.0} k/s", fast / 1e3),
        fast if fast >= 1e3 => format!("{:.1} k/s", fast / 1e3),
        slow => format!("{slow:.0} /s"),
    }
}
