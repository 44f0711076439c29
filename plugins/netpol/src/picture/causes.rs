//! Verdicts and causes in words.

use crate::engine::verdict::{Cause, Verdict};

/// The verdict as machine formats have it.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allowed => "allowed",
        Verdict::Denied => "denied",
        Verdict::Depends => "depends",
        Verdict::Unknown => "unknown",
    }
}

/// The cause as machine formats have it.
pub fn name(cause: Cause) -> &'static str {
    match cause {
        Cause::BlockOnPod => "block-on-pod",
        Cause::HostNetwork => "host-network",
        Cause::EqualPriority => "equal-priority",
        Cause::BeforeDnat => "before-dnat",
        Cause::AddressUnknown => "address-unknown",
        Cause::NamespaceUnknown => "namespace-unknown",
        Cause::DomainName => "domain-name",
        Cause::AddressFamily => "address-family",
        Cause::PodUnknown => "pod-unknown",
        Cause::VendorPolicy => "vendor-policy",
    }
}

/// The cause for people: what stands behind `depends:` or `unknown:`.
pub fn words(cause: Cause) -> &'static str {
    match cause {
        Cause::BlockOnPod => "whether an ipBlock means pods and nodes",
        Cause::HostNetwork => "whether policies select pods in the network of their node",
        Cause::EqualPriority => "which of two policies of one priority goes first",
        Cause::BeforeDnat => "whether a Service is judged by its own address",
        Cause::AddressUnknown => "the address of a pod is not known",
        Cause::NamespaceUnknown => "the labels of a namespace are not known",
        Cause::DomainName => "the addresses behind a domain name are not known",
        Cause::AddressFamily => "by which of its addresses, IPv4 or IPv6, the pod is asked",
        Cause::PodUnknown => "which pods these are is not known",
        Cause::VendorPolicy => "a policy of another kind selects one of them",
    }
}
