//! Reports: the one result of every verification (`docs/formats/report.md`).

pub(crate) mod check;
pub(crate) mod checkpoint_summary;
pub(crate) mod event_view;
pub(crate) mod evidence;
pub(crate) mod fraud_view;
pub(crate) mod inconsistency_view;
pub(crate) mod report;
#[cfg(test)]
mod typescript;
pub(crate) mod words;

pub use check::{Check, CheckCode, Class, CompleteBy, Outcome};
pub use checkpoint_summary::CheckpointSummary;
pub use event_view::{
    EventView, ExceptionView, FileListView, FileView, GenesisView, KeyView, PartyView,
    PredecessorView, ReasonView, SubjectView, TimeView, TransferView,
};
pub use evidence::{Evidence, Fact};
pub use fraud_view::FraudSummary;
pub use inconsistency_view::InconsistencySummary;
pub use report::{
    Claims, Counts, EntrySummary, FileEvents, FolderView, Members, Question, RegisteredAs, Report,
    Verdict, VersionSummary,
};
