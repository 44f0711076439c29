// This file reads a cluster, and puts right what the engine is known to take
// otherwise than the specification has it.
package main

import (
	"encoding/json"
	"fmt"
	"net"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/kube-network-policies/pkg/api"
	npav1alpha1 "sigs.k8s.io/network-policy-api/apis/v1alpha1"
	npav1alpha2 "sigs.k8s.io/network-policy-api/apis/v1alpha2"

	"kubectl-posture.test/oracles/lines/points"
)

type cluster struct {
	namespaces map[string]*corev1.Namespace
	// pods are those in the network of pods, by address.
	pods map[string]*api.PodInfo
	// homes are the nodes of pods, by namespace and name.
	homes map[string]string
	// hosts are the pods that are in the network of their node.
	hosts           map[string]bool
	nodes           []*corev1.Node
	networkPolicies []*networkingv1.NetworkPolicy
	cluster         []*npav1alpha2.ClusterNetworkPolicy
	admin           []*npav1alpha1.AdminNetworkPolicy
	baseline        []*npav1alpha1.BaselineAdminNetworkPolicy
	// departs says that the engine is known to judge something in the cluster
	// otherwise than the specification.
	departs bool
}

func read(objects []json.RawMessage) (*cluster, error) {
	c := &cluster{
		namespaces: map[string]*corev1.Namespace{},
		pods:       map[string]*api.PodInfo{},
		homes:      map[string]string{},
		hosts:      map[string]bool{},
	}
	var pods []*corev1.Pod
	for _, raw := range objects {
		var typed struct {
			Kind string `json:"kind"`
		}
		if err := json.Unmarshal(raw, &typed); err != nil {
			return nil, err
		}
		var err error
		switch typed.Kind {
		case "Namespace":
			var namespace corev1.Namespace
			err = json.Unmarshal(raw, &namespace)
			c.namespaces[namespace.Name] = &namespace
		case "Pod":
			pods, err = appended(pods, raw)
		case "Node":
			c.nodes, err = appended(c.nodes, raw)
		case "NetworkPolicy":
			c.networkPolicies, err = appended(c.networkPolicies, raw)
		case "ClusterNetworkPolicy":
			c.cluster, err = appended(c.cluster, raw)
		case "AdminNetworkPolicy":
			c.admin, err = appended(c.admin, raw)
		case "BaselineAdminNetworkPolicy":
			c.baseline, err = appended(c.baseline, raw)
		default:
			err = fmt.Errorf("no policy depends on kind %q", typed.Kind)
		}
		if err != nil {
			return nil, err
		}
	}
	for _, pod := range pods {
		c.add(pod)
	}
	for _, policy := range c.networkPolicies {
		setDefaults(policy)
	}
	c.departs = c.hasEqualPriorities() || c.hasUnknownPeers() || c.hasMisreadPeersOfAdmin()
	return c, nil
}

func appended[T any](list []*T, raw []byte) ([]*T, error) {
	object := new(T)
	err := json.Unmarshal(raw, object)
	return append(list, object), err
}

// add makes a pod known by its addresses. The engine itself knows nothing of
// hostNetwork or of pods that have ended: what it runs in keeps them away.
func (c *cluster) add(pod *corev1.Pod) {
	name := pod.Namespace + "/" + pod.Name
	c.homes[name] = pod.Spec.NodeName
	c.hosts[name] = pod.Spec.HostNetwork
	if pod.Spec.HostNetwork || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return
	}
	for container := range pod.Spec.Containers {
		for port := range pod.Spec.Containers[container].Ports {
			protocol := &pod.Spec.Containers[container].Ports[port].Protocol
			if *protocol == "" {
				*protocol = corev1.ProtocolTCP
			}
		}
	}
	info := api.NewPodInfo(pod, c.namespaces[pod.Namespace].Labels, nil, "")
	for _, address := range pod.Status.PodIPs {
		c.pods[net.ParseIP(address.IP).String()] = info
	}
}

// setDefaults does what the server does with a NetworkPolicy: the engine asks
// a server and never sees a policy without.
func setDefaults(policy *networkingv1.NetworkPolicy) {
	tcp := corev1.ProtocolTCP
	setProtocols := func(ports []networkingv1.NetworkPolicyPort) {
		for port := range ports {
			if ports[port].Protocol == nil {
				ports[port].Protocol = &tcp
			}
		}
	}
	for rule := range policy.Spec.Ingress {
		setProtocols(policy.Spec.Ingress[rule].Ports)
	}
	for rule := range policy.Spec.Egress {
		setProtocols(policy.Spec.Egress[rule].Ports)
	}
	if len(policy.Spec.PolicyTypes) == 0 {
		policy.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
		if len(policy.Spec.Egress) != 0 {
			policy.Spec.PolicyTypes = append(policy.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
		}
	}
	// A list that is empty, not absent, allows everything to the engine; in the
	// wire format of a server the two are one.
	if len(policy.Spec.Ingress) == 0 {
		policy.Spec.Ingress = nil
	}
	if len(policy.Spec.Egress) == 0 {
		policy.Spec.Egress = nil
	}
}

// of returns the policies that isolate pods in a direction, with that direction
// alone. The engine lets a policy of the other direction keep the baseline tier
// away; the specification does not say so, and other enforcers do not do it.
func of(direction networkingv1.PolicyType, policies []*networkingv1.NetworkPolicy) []*networkingv1.NetworkPolicy {
	var found []*networkingv1.NetworkPolicy
	for _, policy := range policies {
		for _, has := range policy.Spec.PolicyTypes {
			if has == direction {
				alone := policy.DeepCopy()
				alone.Spec.PolicyTypes = []networkingv1.PolicyType{direction}
				found = append(found, alone)
				break
			}
		}
	}
	return found
}

// hasEqualPriorities says whether two policies of a tier have one priority. The
// engine then goes by name; the specification says that either may be first.
func (c *cluster) hasEqualPriorities() bool {
	seen := map[string]bool{}
	twice := false
	see := func(tier string, priority int32) {
		key := fmt.Sprint(tier, priority)
		twice = twice || seen[key]
		seen[key] = true
	}
	for _, policy := range c.cluster {
		see(string(policy.Spec.Tier), policy.Spec.Priority)
	}
	for _, policy := range c.admin {
		see("", policy.Spec.Priority)
	}
	return twice
}

// hasUnknownPeers says whether a peer of a ClusterNetworkPolicy has no field
// that the engine knows. It passes such peers over and does not fail closed.
func (c *cluster) hasUnknownPeers() bool {
	for _, policy := range c.cluster {
		for _, rule := range policy.Spec.Ingress {
			for _, peer := range rule.From {
				if peer.Namespaces == nil && peer.Pods == nil {
					return true
				}
			}
		}
		for _, rule := range policy.Spec.Egress {
			for _, peer := range rule.To {
				if peer.Namespaces == nil && peer.Pods == nil && peer.Nodes == nil && peer.Networks == nil {
					return true
				}
			}
		}
	}
	return false
}

// hasMisreadPeersOfAdmin says whether there is what the engine misreads in the
// two older kinds: to it a named port is every port of a pod that has one of
// the name, and nodes are the pods on them.
func (c *cluster) hasMisreadPeersOfAdmin() bool {
	named := func(ports *[]npav1alpha1.AdminNetworkPolicyPort) bool {
		if ports != nil {
			for _, port := range *ports {
				if port.NamedPort != nil {
					return true
				}
			}
		}
		return false
	}
	for _, policy := range c.admin {
		for _, rule := range policy.Spec.Ingress {
			if named(rule.Ports) {
				return true
			}
		}
		for _, rule := range policy.Spec.Egress {
			if named(rule.Ports) || hasNodes(rule.To, func(peer npav1alpha1.AdminNetworkPolicyEgressPeer) bool { return peer.Nodes != nil }) {
				return true
			}
		}
	}
	for _, policy := range c.baseline {
		for _, rule := range policy.Spec.Ingress {
			if named(rule.Ports) {
				return true
			}
		}
		for _, rule := range policy.Spec.Egress {
			if named(rule.Ports) || hasNodes(rule.To, func(peer npav1alpha1.BaselineAdminNetworkPolicyEgressPeer) bool { return peer.Nodes != nil }) {
				return true
			}
		}
	}
	return false
}

func hasNodes[P any](peers []P, has func(P) bool) bool {
	for _, peer := range peers {
		if has(peer) {
			return true
		}
	}
	return false
}

// exempt says whether a connection is one that no policy forbids: a pod's to
// itself, and the own node's to a pod. The engine never sees these packets.
func (c *cluster) exempt(from, to *points.End) bool {
	if from.Pod != "" && from.Pod == to.Pod {
		return true
	}
	node := from.Node
	if c.hosts[from.Pod] {
		node = c.homes[from.Pod]
	}
	return to.Pod != "" && node != "" && node == c.homes[to.Pod]
}
