// This file judges a connection.
package main

import (
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"kubectl-posture.test/oracles/lines/points"
)

// direction is ingress or egress, as policyTypes has it.
type direction = networkingv1.PolicyType

const (
	ingress = networkingv1.PolicyTypeIngress
	egress  = networkingv1.PolicyTypeEgress
)

// end is one end of a connection. What is no pod in the network of pods has
// neither pod nor namespace: policies see its address alone.
type end struct {
	pod       *corev1.Pod
	namespace *corev1.Namespace
	address   netip.Addr
	// node is the name of the node that it is, or in whose network it is.
	node string
}

// traffic is a connection that somebody wants to open.
type traffic struct {
	from, to *end
	protocol corev1.Protocol
	port     int32
}

// other is who is on the other side for the subject of a direction.
func (t *traffic) other(of direction) *end {
	if of == ingress {
		return t.from
	}
	return t.to
}

// outcomes are what can come of a connection: it is allowed, it is denied, or
// either, by which of two policies goes first.
type outcomes struct{ allowed, denied bool }

var (
	yes = outcomes{allowed: true}
	no  = outcomes{denied: true}
)

func (c *cluster) judge(from, to *points.End, port points.Port) byte {
	if from.Pod != "" && from.Pod == to.Pod {
		// A pod cannot be kept from itself.
		return points.Allowed
	}
	t := &traffic{c.end(from), c.end(to), corev1.Protocol(port.Protocol), port.Port}
	out, in := c.side(t, egress), c.side(t, ingress)
	switch {
	case out.allowed && in.allowed && (out.denied || in.denied):
		return points.Open
	default:
		return points.Sign(out.allowed && in.allowed)
	}
}

func (c *cluster) end(asked *points.End) *end {
	address, err := netip.ParseAddr(asked.Address)
	if err != nil {
		panic(err)
	}
	found := &end{address: address, node: asked.Node}
	if asked.Pod == "" {
		return found
	}
	pod := c.pods[asked.Pod]
	if pod == nil {
		panic(fmt.Sprintf("there is no pod %s", asked.Pod))
	}
	if pod.Spec.HostNetwork {
		found.node = pod.Spec.NodeName
		return found
	}
	found.pod, found.namespace = pod, c.namespaces[pod.Namespace]
	return found
}

// side judges one direction, tier by tier.
func (c *cluster) side(t *traffic, way direction) outcomes {
	subject := t.from
	if way == ingress {
		subject = t.to
	}
	if subject.pod == nil {
		// Policies are about pods.
		return yes
	}
	if way == ingress && t.from.node != "" && t.from.node == subject.pod.Spec.NodeName {
		// A pod cannot be kept from its own node.
		return yes
	}
	return decide(c.admin, t, subject, way, func() outcomes {
		isolated, allowed := false, false
		for _, policy := range c.policies {
			if policy.isolates(subject, way) {
				isolated = true
				allowed = allowed || policy.allows(t, way)
			}
		}
		switch {
		case allowed:
			return yes
		case isolated:
			return no
		default:
			return decide(c.baseline, t, subject, way, func() outcomes { return yes })
		}
	})
}

// decide asks the policies of a tier in the order of their priorities. What
// passes, and what no rule is about, is for the next tier.
func decide(groups []group, t *traffic, subject *end, way direction, next func() outcomes) outcomes {
	for _, equals := range groups {
		// Any of the equals may be the first, so each that has a matching rule
		// may decide.
		var found outcomes
		matched := false
		for _, policy := range equals {
			action, matches := policy.decides(t, subject, way)
			if !matches {
				continue
			}
			matched = true
			switch action {
			case accept:
				found.allowed = true
			case deny:
				found.denied = true
			case pass:
				after := next()
				found.allowed = found.allowed || after.allowed
				found.denied = found.denied || after.denied
			}
		}
		if matched {
			return found
		}
	}
	return next()
}

// listens says whether a container of the pod at the end that is called has a
// port of this name, where the connection goes to. Ports of init containers do
// not count. Any protocol is meant where none is given.
func (t *traffic) listens(name string, protocol corev1.Protocol) bool {
	if t.to.pod == nil || protocol != "" && protocol != t.protocol {
		return false
	}
	for _, container := range t.to.pod.Spec.Containers {
		for _, port := range container.Ports {
			if port.Name == name && port.ContainerPort == t.port && port.Protocol == t.protocol {
				return true
			}
		}
	}
	return false
}
