//! Words of access events: actions with their evidentiary weight, outcomes and kinds of actors (docs/formats/events.md,
//! "Artifact access").

use core::fmt;

/// Declares an enum of words: its variants, their spellings, and the conversions between them.
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
    /// The action of an event.
    Action {
        /// Binds `name@version` to digests.
        Register = "register",
        /// Reads the artifact.
        Read = "read",
        /// Writes the artifact.
        Write = "write",
        /// Hands over custody, until the recipient confirms it.
        Transfer = "transfer",
        /// Takes over custody.
        Receive = "receive",
        /// Puts the artifact into service.
        Deploy = "deploy",
        /// Takes the artifact out of service.
        Undeploy = "undeploy",
        /// Runs the artifact.
        Execute = "execute",
        /// Deletes the artifact.
        Delete = "delete",
        /// Gives a right.
        Grant = "grant",
        /// Takes a right away.
        Revoke = "revoke",
        /// Forbids use until released.
        Hold = "hold",
        /// Ends a hold.
        Release = "release",
        /// Checks the artifact.
        Verify = "verify",
        /// Approves the artifact or an action.
        Approve = "approve",
    }
}

words! {
    /// The outcome of an action.
    Outcome {
        /// The action was done.
        Success = "success",
        /// The action was refused.
        Denied = "denied",
        /// The action failed.
        Failure = "failure",
    }
}

words! {
    /// The kind of an actor.
    ActorType {
        /// A person.
        Human = "human",
        /// A job, pipeline or process.
        Workload = "workload",
        /// A long-running service.
        Service = "service",
        /// An autonomous agent.
        Agent = "agent",
    }
}

words! {
    /// The evidence that an action requires.
    Weight {
        /// One signature is enough.
        Routine = "routine",
        /// The event must give a reason in code and text.
        Material = "material",
        /// The event must name both parties; each signs an event of its own.
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

    /// Tells whether the event must give a reason in code and text. A receipt need not, because its transfer did.
    #[must_use]
    pub const fn needs_reason(self) -> bool {
        matches!(self.weight(), Weight::Material) || matches!(self, Self::Transfer)
    }

    /// Tells whether the event must name both parties.
    #[must_use]
    pub const fn needs_transfer(self) -> bool {
        matches!(self.weight(), Weight::Custody)
    }

    /// Returns the action of the events that this one answers; it must name one of them.
    #[must_use]
    pub const fn answers(self) -> Option<Self> {
        match self {
            Self::Release => Some(Self::Hold),
            Self::Revoke => Some(Self::Grant),
            Self::Receive => Some(Self::Transfer),
            _ => None,
        }
    }
}
