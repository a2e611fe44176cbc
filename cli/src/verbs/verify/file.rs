//! `verify file`: checks that files or a folder are registered or mentioned in the log.

use std::path::PathBuf;

use glasslog_client::drive;
use glasslog_core::event::FileList;
use glasslog_core::fetch::Query;
use glasslog_core::merkle::empty_root;
use glasslog_core::report::{Class, Report};
use glasslog_core::text::limits::MAX_FILE_LIST;
use glasslog_core::verify::{HistoryQuery, Options, Require};

use crate::args::{Lookup, LookupArgs, TextArgs, refuse_artifact};
use crate::contents::{ContentArgs, named};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::output::{Console, Watch};

/// Verifies that files, or a folder, are registered in the log, or at least mentioned; found by their hash.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog verify file model.bin --log https://log.example.com/ --policy trust.policy
  glasslog verify file resnet50/ --artifact resnet50@2.1 --log my.log --policy my.log/trust.policy")]
pub(crate) struct Args {
    /// Files to hash and look up, or one folder
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Version whose registration the files must be contents of
    #[arg(long, value_name = "NAME@VERSION")]
    artifact: Option<String>,

    /// List of the folder's files that its registration names, if it does not list them all
    #[arg(long, value_name = "FILE")]
    file_list: Option<PathBuf>,

    #[command(flatten)]
    contents: ContentArgs,

    #[command(flatten)]
    lookup: LookupArgs,

    #[command(flatten)]
    text: TextArgs,
}

impl Args {
    /// # Errors
    /// A file, the policy or the log cannot be read.
    pub(crate) fn run(mut self, console: &Console) -> Result<Exit, Failure> {
        let registered = self.lookup.trust.take_registered();
        let Lookup {
            policy,
            mut options,
            source,
        } = self.lookup.open()?;
        if registered {
            options.require = Some(Require::Registered);
        }
        let question = self.question(console)?;
        let query = drive::run(&*source, &Watch::reading(console), || {
            self.query(&question, &policy, options)
        })?;
        let exit = console.verdict(query.report(), self.text.extent())?;
        let report = query.report();
        if report.is_some_and(|report| report.query.kind == "file" && is_unknown(report)) {
            console.hint("a file of a folder whose registration does not list all files is found with its folder: `glasslog verify file FOLDER`");
        }
        Ok(exit)
    }

    /// Hashes the files.
    fn question(&self, console: &Console) -> Result<Question, Failure> {
        if let [path] = self.paths.as_slice()
            && path.is_dir()
        {
            let files = self.contents.folder(path, console)?;
            return Ok(Question::Folder(files, self.list()?));
        }
        if let Some(folder) = self.paths.iter().find(|path| path.is_dir()) {
            let shown = folder.display();
            return Err(
                Failure::usage(format!("`{shown}` is a folder, which is verified alone"))
                    .hint("run the command once for each folder"),
            );
        }
        if self.file_list.is_some() {
            let message = "`--file-list` is the list of a folder's files, but no folder is given";
            return Err(Failure::usage(message));
        }
        let digests = self
            .paths
            .iter()
            .map(|path| self.contents.file(path, console))
            .collect::<Result<Vec<_>, _>>()?;
        for (path, digest) in self.paths.iter().zip(&digests) {
            let shown = path.display();
            if *digest == empty_root() {
                console.warn(format_args!(
                    "`{shown}` is empty: every empty file has its digest"
                ));
            }
            // The report names files by their content alone.
            if !console.is_json() && digests.len() > 1 {
                console.note(format_args!("{shown} is {}", named(digest)));
            }
        }
        Ok(Question::Files(digests.iter().map(named).collect()))
    }

    /// Reads the list of files.
    fn list(&self) -> Result<Option<FileList>, Failure> {
        let Some(path) = &self.file_list else {
            return Ok(None);
        };
        let text = input::read(path, MAX_FILE_LIST)?;
        let list = FileList::parse(&text).map_err(|error| {
            let message = format!("`{}`: {error}", path.display());
            Failure::new(Exit::Malformed, error.code(), message)
        })?;
        Ok(Some(list))
    }

    fn query(
        &self,
        question: &Question,
        policy: &[u8],
        options: Options,
    ) -> Result<HistoryQuery, Failure> {
        let version = self.artifact.as_deref();
        let query = match question {
            Question::Files(digests) => HistoryQuery::of_files(digests, version, policy, options),
            Question::Folder(files, list) => {
                HistoryQuery::of_folder(files.clone(), list.clone(), version, policy, options)
            }
        };
        let query = query.map_err(|error| refuse_artifact(&error))?;
        Ok(self.lookup.bounded(query))
    }
}

/// Contents to look up.
enum Question {
    /// Digests of files.
    Files(Vec<String>),
    /// A folder, and the list of files that its registration names.
    Folder(FileList, Option<FileList>),
}

/// Returns whether there is no event about one of the files.
fn is_unknown(report: &Report) -> bool {
    let mut files = report.members.files.iter().flatten();
    report.class() == Class::Nothing && files.any(|file| file.events.is_empty())
}
