// This file says what the analyzer is known to take otherwise than the
// specification, or does not look at.
package main

import (
	"bytes"
	"net/netip"
	"regexp"

	corev1 "k8s.io/api/core/v1"

	"kubectl-posture.test/oracles/lines/points"
)

var (
	// sixth is a block of IPv6 addresses.
	sixth = regexp.MustCompile(`"[0-9a-f]*:[0-9a-f:]*/[0-9]+"`)
	// namedPort is a port of a NetworkPolicy by its name.
	namedPort = regexp.MustCompile(`"port":"`)
)

// isMisread says whether there is something in a policy that the analyzer does
// not read: blocks of IPv6 addresses, and peers by the labels of nodes. A name
// of a port is to it the first port of the name, of whatever protocol.
func isMisread(kind string, raw []byte) bool {
	if kind == "Pod" || kind == "Namespace" {
		return false
	}
	return sixth.Match(raw) || bytes.Contains(raw, []byte(`"nodes":`)) ||
		bytes.Contains(raw, []byte(`"namedPort"`)) || namedPort.Match(raw)
}

// misreads says whether the analyzer judges connections between these ends in
// its own way: it does not know IPv6 and hostNetwork, it has no rule for the
// own node of a pod that ever holds, a pod and itself is no pair to it, and no
// block means pods.
func (c *cluster) misreads(from, to *points.End) bool {
	if netip.MustParseAddr(from.Address).Is6() || from.Pod == to.Pod || from.Node != "" || to.Node != "" {
		return true
	}
	onHost := func(pod *corev1.Pod) bool { return pod != nil && pod.Spec.HostNetwork }
	if onHost(c.pods[from.Pod]) || onHost(c.pods[to.Pod]) {
		return true
	}
	return c.blocks && from.Pod != "" && to.Pod != ""
}
