//! A folder beside its registration, with each file that differs.
use core::fmt::{self, Write};

use glasslog_core::report::FolderView;
use glasslog_core::text::escape::display_safe;

use super::HEADING;

pub(super) fn write(out: &mut String, folder: &FolderView) -> fmt::Result {
    writeln!(out, "\n{HEADING}Folder{HEADING:#}")?;
    writeln!(out, "  digest  {}", display_safe(&folder.digest))?;
    writeln!(out, "  files   {}, {} bytes", folder.files, folder.size)?;
    let Some(known_as) = &folder.compared_with else {
        return Ok(());
    };
    let listed = match folder.listed {
        Some("all") => "which lists its files",
        Some("some") => "which lists some of its files",
        _ => "which lists no files",
    };
    writeln!(
        out,
        "  beside  {} by {} in entry {}, {listed}",
        display_safe(&known_as.name),
        display_safe(&known_as.actor),
        known_as.index
    )?;
    for (word, paths) in [
        ("changed", &folder.changed),
        ("missing", &folder.missing),
        ("extra", &folder.extra),
    ] {
        for path in paths {
            writeln!(out, "  {word:<7} {}", display_safe(path))?;
        }
    }
    Ok(())
}
