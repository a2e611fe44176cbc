//! Words of access events: actions with their evidentiary weight, outcomes and kinds of actors (docs/formats/events.md, "Artifact access").

use core::fmt;

/// Declares an enum of words: its variants, their spellings, and the way between.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// Every word, in the order of the schema.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Returns the word as events spell it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// Parses the word as events spell it.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// What was done.
    Action {
        /// Binds `name@version` to digests.
        Register = "register",
        /// Read the artifact.
        Read = "read",
        /// Wrote the artifact.
        Write = "write",
        /// Handed custody over; open until received.
        Transfer = "transfer",
        /// Took custody over.
        Receive = "receive",
        /// Put the artifact into service.
        Deploy = "deploy",
        /// Took it out of service.
        Undeploy = "undeploy",
        /// Ran the artifact.
        Execute = "execute",
        /// Deleted the artifact.
        Delete = "delete",
        /// Gave a right.
        Grant = "grant",
        /// Took a right away.
        Revoke = "revoke",
        /// Forbade use until released.
        Hold = "hold",
        /// Ended a hold.
        Release = "release",
        /// Checked the artifact.
        Verify = "verify",
        /// Approved the artifact or an action.
        Approve = "approve",
    }
}

words! {
    /// How it ended.
    Outcome {
        /// It was done.
        Success = "success",
        /// It was refused.
        Denied = "denied",
        /// It failed.
        Failure = "failure",
    }
}

words! {
    /// What kind of actor acted.
    ActorType {
        /// A person.
        Human = "human",
        /// A job, pipeline or process.
        Workload = "workload",
        /// A standing service.
        Service = "service",
        /// An autonomous agent.
        Agent = "agent",
    }
}

words! {
    /// How much evidence an action asks for.
    Weight {
        /// One signature.
        Routine = "routine",
        /// A reason in code and text.
        Material = "material",
        /// Both parties named, each signing its own event.
        Custody = "custody",
    }
}

impl Action {
    /// Derives the evidentiary weight.
    #[must_use]
    pub const fn weight(self) -> Weight {
        match self {
            Self::Read | Self::Execute | Self::Verify => Weight::Routine,
            Self::Transfer | Self::Receive => Weight::Custody,
            Self::Register
            | Self::Write
            | Self::Deploy
            | Self::Undeploy
            | Self::Delete
            | Self::Grant
            | Self::Revoke
            | Self::Hold
            | Self::Release
            | Self::Approve => Weight::Material,
        }
    }

    /// Tells whether the event must say why, in code and text. A receipt need not: its transfer did.
    #[must_use]
    pub const fn needs_reason(self) -> bool {
        matches!(self.weight(), Weight::Material) || matches!(self, Self::Transfer)
    }

    /// Tells whether the event must name both parties.
    #[must_use]
    pub const fn needs_transfer(self) -> bool {
        matches!(self.weight(), Weight::Custody)
    }

    /// Tells whether the event must name the event that it acts on.
    #[must_use]
    pub const fn needs_acts_on(self) -> bool {
        matches!(self, Self::Release | Self::Revoke | Self::Receive)
    }
}
