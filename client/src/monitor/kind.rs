//! The kinds of alerts (`docs/formats/monitor.md`, "Alerts").

/// Declares the kinds: variant, and its name in alerts and in the state.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)+) => {
        /// The kind of an alert.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind {
            $($(#[$doc])* $kind,)+
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// Returns the name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }
        }
    };
}

kinds! {
    /// An entry that meets a watch.
    Event = "event",
    /// An event that was told, and that a later statement about its key withdrew.
    Withdrawn = "withdrawn",
    /// Two signed heads that cannot both be true.
    Fork = "fork",
    /// Two sources of one log show heads that cannot both be true.
    SplitView = "split-view",
    /// The log shows a smaller head than another source has shown for too long.
    Withheld = "withheld",
    /// The log, or a witness, shows an older head than before.
    Rollback = "rollback",
    /// The log has another origin than before.
    Restart = "restart",
    /// A signature, tile or entry is false.
    False = "false",
    /// The checkpoint does not decode.
    Malformed = "malformed",
    /// The log has more key events than a monitor keeps.
    BeyondLimits = "beyond-limits",
    /// The policy does not accept the checkpoint.
    NotAccepted = "not-accepted",
    /// The witnesses vouched for the head too long ago.
    Stale = "stale",
    /// There was no new entry for too long.
    Silent = "silent",
    /// The log, or a file of it, or a witness cannot be read.
    Unreachable = "unreachable",
}
