//! The sections of a trust file (`docs/formats/trust-policy.md`, "Format").

/// A section of a trust file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Section {
    /// `[log]`: the log and its witnesses.
    Log,
    /// `[index]`: the index and its witnesses.
    Index,
    /// `[audit]`: the auditors of the index.
    Audit,
    /// `[genesis]`: the leaf hashes of entry 0 of the logs.
    Genesis,
    /// `[validity]`: the conditions under which keys and logs count.
    Validity,
}

impl Section {
    /// All sections.
    pub const ALL: [Self; 5] = [
        Self::Log,
        Self::Index,
        Self::Audit,
        Self::Genesis,
        Self::Validity,
    ];

    /// Returns the line that begins the section.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Log => "[log]",
            Self::Index => "[index]",
            Self::Audit => "[audit]",
            Self::Genesis => "[genesis]",
            Self::Validity => "[validity]",
        }
    }
}
