//! Deliberate faults: a test switches one rule of the evaluation off, to prove that the judges
//! notice. Without the feature `faults`, which no release has, nothing can be switched off.

/// A rule of the evaluation that a test can switch off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Rules of a direction that `policyTypes` does not have count.
    DeadSectionCounts,
    /// `endPort` is not read.
    EndPortIgnored,
    /// A named port means every port of the name, whatever its protocol.
    NamedPortAnyProtocol,
    /// A peer that is not understood is nobody in rules that deny, too.
    UnknownPeerIgnored,
    /// An `ipBlock` means no pods.
    BlockMeansNoPods,
    /// `except` is not read.
    ExceptIgnored,
    /// Pods in the network of their node are selected like others.
    HostNetworkSelected,
    /// Pods that are selected by no policy of the direction are isolated.
    IsolatedAlways,
    /// A policy isolates in both directions.
    IsolatedBothWays,
    /// `Pass` allows.
    PassAllows,
    /// Policies are asked by falling priority.
    PriorityReversed,
    /// Of a policy the last rule that fits decides.
    LastRuleWins,
    /// The baseline tier is not asked.
    NoBaseline,
    /// The baseline tier is asked for pods that are isolated, too.
    BaselineAlways,
    /// The admin tier is not asked.
    NoAdmin,
    /// What leaves is not asked.
    NoEgress,
    /// What arrives is not asked.
    NoIngress,
    /// The node of a pod is a peer like others.
    NoOwnNode,
    /// Peers by node labels match nothing.
    NoNodes,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::DeadSectionCounts,
        Self::EndPortIgnored,
        Self::NamedPortAnyProtocol,
        Self::UnknownPeerIgnored,
        Self::BlockMeansNoPods,
        Self::ExceptIgnored,
        Self::HostNetworkSelected,
        Self::IsolatedAlways,
        Self::IsolatedBothWays,
        Self::PassAllows,
        Self::PriorityReversed,
        Self::LastRuleWins,
        Self::NoBaseline,
        Self::BaselineAlways,
        Self::NoAdmin,
        Self::NoEgress,
        Self::NoIngress,
        Self::NoOwnNode,
        Self::NoNodes,
    ];
}

posture::model::fault::switch!();
