// This file judges by a NetworkPolicy.
package main

import (
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// networkPolicy is a NetworkPolicy with its selectors and blocks read.
type networkPolicy struct {
	object  *networkingv1.NetworkPolicy
	subject labels.Selector
	rules   map[direction][]networkRule
}

type networkRule struct {
	peers []networkPeer
	ports []networkingv1.NetworkPolicyPort
}

// networkPeer is one entry of from or to; what is absent is nil.
type networkPeer struct {
	namespaces labels.Selector
	pods       labels.Selector
	block      *block
}

func newNetworkPolicy(object *networkingv1.NetworkPolicy) (*networkPolicy, error) {
	subject, err := metav1.LabelSelectorAsSelector(&object.Spec.PodSelector)
	if err != nil {
		return nil, err
	}
	read := &networkPolicy{object, subject, map[direction][]networkRule{}}
	for _, rule := range object.Spec.Ingress {
		if err := read.add(ingress, rule.From, rule.Ports); err != nil {
			return nil, err
		}
	}
	for _, rule := range object.Spec.Egress {
		if err := read.add(egress, rule.To, rule.Ports); err != nil {
			return nil, err
		}
	}
	return read, nil
}

func (p *networkPolicy) add(way direction, peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort) error {
	rule := networkRule{ports: ports}
	for _, peer := range peers {
		var read networkPeer
		var err error
		if read.namespaces, err = optional(peer.NamespaceSelector); err != nil {
			return err
		}
		if read.pods, err = optional(peer.PodSelector); err != nil {
			return err
		}
		if peer.IPBlock != nil {
			if read.block, err = newBlock(peer.IPBlock.CIDR, peer.IPBlock.Except); err != nil {
				return err
			}
		}
		rule.peers = append(rule.peers, read)
	}
	p.rules[way] = append(p.rules[way], rule)
	return nil
}

// optional reads a selector; an absent one stays absent.
func optional(selector *metav1.LabelSelector) (labels.Selector, error) {
	if selector == nil {
		return nil, nil
	}
	return metav1.LabelSelectorAsSelector(selector)
}

// isolates says whether the policy selects a pod and has the direction.
func (p *networkPolicy) isolates(subject *end, way direction) bool {
	return p.object.Namespace == subject.pod.Namespace &&
		slices.Contains(p.object.Spec.PolicyTypes, way) &&
		p.subject.Matches(labels.Set(subject.pod.Labels))
}

func (p *networkPolicy) allows(t *traffic, way direction) bool {
	return slices.ContainsFunc(p.rules[way], func(rule networkRule) bool {
		return p.meansPeer(rule.peers, t.other(way)) && meansPort(rule.ports, t)
	})
}

func (p *networkPolicy) meansPeer(peers []networkPeer, other *end) bool {
	if len(peers) == 0 {
		return true
	}
	return slices.ContainsFunc(peers, func(peer networkPeer) bool {
		if peer.block != nil {
			return peer.block.holds(other.address)
		}
		if other.pod == nil {
			return false
		}
		if peer.namespaces == nil {
			if other.pod.Namespace != p.object.Namespace {
				return false
			}
		} else if !peer.namespaces.Matches(labels.Set(other.namespace.Labels)) {
			return false
		}
		return peer.pods == nil || peer.pods.Matches(labels.Set(other.pod.Labels))
	})
}

func meansPort(ports []networkingv1.NetworkPolicyPort, t *traffic) bool {
	if len(ports) == 0 {
		return true
	}
	return slices.ContainsFunc(ports, func(port networkingv1.NetworkPolicyPort) bool {
		switch {
		case *port.Protocol != t.protocol:
			return false
		case port.Port == nil:
			return true
		case port.Port.Type == intstr.String:
			return t.listens(port.Port.StrVal, *port.Protocol)
		case port.EndPort != nil:
			return port.Port.IntVal <= t.port && t.port <= *port.EndPort
		default:
			return port.Port.IntVal == t.port
		}
	})
}
