// This file says what the matcher is known to take otherwise than the
// specification, or does not look at.
package main

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kubectl-posture.test/oracles/lines/points"
)

// departs says whether a selector is one that the matcher reads in its own way:
// NotIn does not match to it where the key is absent, and a label that must be
// empty may be absent to it.
func (c *cluster) departs() bool {
	for _, policy := range c.policies {
		spec := policy.Spec
		selectors := []*metav1.LabelSelector{&spec.PodSelector}
		for _, rule := range spec.Ingress {
			for _, peer := range rule.From {
				selectors = append(selectors, peer.PodSelector, peer.NamespaceSelector)
			}
		}
		for _, rule := range spec.Egress {
			for _, peer := range rule.To {
				selectors = append(selectors, peer.PodSelector, peer.NamespaceSelector)
			}
		}
		for _, selector := range selectors {
			if selector != nil && isMisread(selector) {
				return true
			}
		}
	}
	return false
}

func isMisread(selector *metav1.LabelSelector) bool {
	for _, value := range selector.MatchLabels {
		if value == "" {
			return true
		}
	}
	for _, requirement := range selector.MatchExpressions {
		if requirement.Operator == metav1.LabelSelectorOpNotIn {
			return true
		}
	}
	return false
}

// portName is the name of a port of the pod that is called. The matcher takes
// one name, and does not ask for the protocol of the port that has it: nothing
// is clear where the number has several names.
func (c *cluster) portName(to *points.End, protocol corev1.Protocol, number int32) (string, bool) {
	pod := c.pods[to.Pod]
	if pod == nil || pod.Spec.HostNetwork {
		return "", true
	}
	name := ""
	for _, container := range pod.Spec.Containers {
		for _, port := range container.Ports {
			its := port.Protocol
			if its == "" {
				its = corev1.ProtocolTCP
			}
			if port.Name == "" || port.ContainerPort != number || its != protocol {
				continue
			}
			if name != "" && name != port.Name {
				return "", false
			}
			name = port.Name
		}
	}
	return name, true
}

// exempt says whether a connection is one that no policy forbids: a pod's to
// itself, and the own node's to a pod. The matcher knows no such rule.
func (c *cluster) exempt(from, to *points.End) bool {
	if from.Pod != "" && from.Pod == to.Pod {
		return true
	}
	node := from.Node
	if pod := c.pods[from.Pod]; pod != nil && pod.Spec.HostNetwork {
		node = pod.Spec.NodeName
	}
	called := c.pods[to.Pod]
	return called != nil && node != "" && node == called.Spec.NodeName
}
