//! A table of measurements, as a person reads them and as Markdown keeps them.

/// Rows of what, measured, limit.
#[derive(Default)]
pub(crate) struct Table(Vec<[String; 3]>);

impl Table {
    /// One line: what was measured, what it came to, and the limit, goal or prototype beside it.
    pub(crate) fn row(
        &mut self,
        what: impl Into<String>,
        measured: impl Into<String>,
        limit: &str,
    ) {
        self.0
            .push([what.into(), measured.into(), limit.to_string()]);
    }

    /// Prints it.
    pub(crate) fn print(&self) {
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        println!("\n| measured on {cores} cores | | limit, goal or prototype |\n|---|---|---|");
        for [what, measured, limit] in &self.0 {
            println!("| {what} | {measured} | {limit} |");
        }
    }
}

/// A rate as people say it.
pub(crate) fn rate(each_second: f64) -> String {
    match each_second {
        fast if fast >= 1e6 => format!("{:.1} M/s", fast / 1e6),
        fast if fast >= 1e4 => format!("{:.0} k/s", fast / 1e3),
        fast if fast >= 1e3 => format!("{:.1} k/s", fast / 1e3),
        slow => format!("{slow:.0} /s"),
    }
}
