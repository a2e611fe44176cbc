//! Pages that list names from the sources: the files of a log directory.
use glasslog_tests::glasslog::repository;

use super::files::{read, without_tests};

#[test]
fn every_file_of_a_log_directory_is_on_its_page() {
    let page = read(&repository().join("docs/formats/log-directory.md"));
    let layout = without_tests(&read(&repository().join("log/src/directory/layout.rs")));
    let mut names = 0;
    for maker in [".join(\"", ".private(\""] {
        for (at, _) in layout.match_indices(maker) {
            let name = layout[at + maker.len()..]
                .split('"')
                .next()
                .unwrap_or_default();
            let is_listed = [format!("── {name} "), format!("── {name}/")];
            assert!(
                is_listed.iter().any(|line| page.contains(line)),
                "docs/formats/log-directory.md says nothing of `{name}`"
            );
            names += 1;
        }
    }
    assert!(names > 15, "only {names} names found");
}
