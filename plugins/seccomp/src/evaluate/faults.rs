//! Deliberate faults: a test switches one rule of the evaluation off, to prove that the judges
//! notice. Without the feature `faults`, which no release has, nothing can be switched off.

/// A rule of the evaluation that a test can switch off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Rules that do what the default does are kept.
    EqualToDefaultKept,
    /// The last unconditional rule wins.
    LastUnconditionalWins,
    /// An unconditional rule leaves conditional ones alone.
    ConditionalNotAbsorbed,
    /// Conditions on the same argument must all hold.
    RepeatedArgumentIsAnd,
    /// Where rules overlap, the first one wins.
    FirstOverlapWins,
    /// An equality is an exception to any inequality on its argument.
    EqualityAlwaysFirst,
    /// Only 32 bits are compared.
    NarrowComparison,
    /// Arguments are compared as signed numbers.
    SignedComparison,
    /// `value` and `valueTwo` of a mask are taken for each other.
    MaskAndValueSwapped,
    /// Numbers above the largest one are judged by the default.
    NoStub,
    /// ABIs that are not in the list are judged as the others are.
    NoBadArch,
    /// `socketcall` and `ipc` are calls like any other.
    NoMultiplexing,
    /// Gates by capability stand open.
    NoCapabilities,
    /// Gates by architecture stand open.
    NoArchitectures,
    /// Gates by kernel stand open.
    NoKernels,
    /// Every refusal is EPERM.
    NoErrno,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::EqualToDefaultKept,
        Self::LastUnconditionalWins,
        Self::ConditionalNotAbsorbed,
        Self::RepeatedArgumentIsAnd,
        Self::FirstOverlapWins,
        Self::EqualityAlwaysFirst,
        Self::NarrowComparison,
        Self::SignedComparison,
        Self::MaskAndValueSwapped,
        Self::NoStub,
        Self::NoBadArch,
        Self::NoMultiplexing,
        Self::NoCapabilities,
        Self::NoArchitectures,
        Self::NoKernels,
        Self::NoErrno,
    ];
}

posture::model::fault::switch!();
