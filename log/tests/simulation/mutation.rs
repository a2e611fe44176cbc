//! Mistakes that the checker must catch: each breaks one rule of the protocol, or one promise of the store.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutation {
    /// The store accepts `If-Match` and ignores it: no fencing.
    StoreIgnoresIfMatch,
    /// The store accepts `If-None-Match: *` and ignores it.
    StoreIgnoresIfNoneMatch,
    /// Entries are acknowledged when their batch is stored, before the lock decides their order.
    AcknowledgesEarly,
    /// Tiles are written before the lock decides the order of their entries.
    WritesFilesEarly,
    /// A manifest of the index is given its position before the lock decides on it.
    EntersEarly,
    /// A new writer does not take over the decided entries of the old one.
    ForgetsStaged,
    /// A lost answer counts as a success.
    TrustsSilence,
    /// The public checkpoint is replaced without a check of the current one.
    ShowsBlindly,
    /// A takeover does not begin an epoch.
    KeepsEpoch,
    /// A new writer removes batches of other epochs that the lock still names.
    RemovesDecided,
}
