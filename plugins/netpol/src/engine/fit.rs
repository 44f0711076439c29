//! Whether something fits: yes, no, or nobody knows, and then why.

use super::verdict::Cause;

/// Whether something fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    No,
    May(Causes),
    Yes,
}

impl Fit {
    pub(super) const NO: Self = Self::No;
    pub(super) const YES: Self = Self::Yes;

    /// It may, for a reason.
    pub(super) fn may(cause: Cause) -> Self {
        Self::May(Causes::of(cause))
    }

    /// What is certain.
    pub(super) fn of(fits: bool) -> Self {
        if fits { Self::Yes } else { Self::No }
    }

    /// Whether it fits for certain.
    pub(super) fn is_certain(self) -> bool {
        self == Self::Yes
    }

    /// Whether it fits, or may.
    pub(super) fn is_possible(self) -> bool {
        self != Self::No
    }

    /// Why nobody knows.
    pub(super) fn causes(self) -> Causes {
        match self {
            Self::May(causes) => causes,
            Self::No | Self::Yes => Causes::default(),
        }
    }

    /// Both must fit.
    pub(super) fn and(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::No => Self::No,
            Self::Yes => other(),
            Self::May(causes) => match other() {
                Self::No => Self::No,
                other => Self::May(causes.with(other.causes())),
            },
        }
    }

    /// One must fit.
    pub(super) fn or(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Yes => Self::Yes,
            Self::No => other(),
            Self::May(causes) => match other() {
                Self::Yes => Self::Yes,
                other => Self::May(causes.with(other.causes())),
            },
        }
    }
}

/// A set of causes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Causes(u16);

impl Causes {
    /// One.
    pub(super) fn of(cause: Cause) -> Self {
        Self(1 << cause as u16)
    }

    /// Those of both.
    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// In order.
    pub(super) fn list(self) -> Vec<Cause> {
        Cause::ALL.into_iter().filter(|&cause| self.0 & Self::of(cause).0 != 0).collect()
    }
}
