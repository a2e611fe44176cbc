//! Reports: the one result of every verification (`docs/formats/report.md`).

pub(crate) mod event_view;
pub(crate) mod report;

pub use event_view::{EventView, ReasonView, SubjectView, TransferView};
pub use report::{
    Check, CheckCode, CheckpointSummary, Claims, Class, Counts, EntrySummary, Evidence, Fact,
    FileEvents, Members, Outcome, Question, Report, Verdict,
};
