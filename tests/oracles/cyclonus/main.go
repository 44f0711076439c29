// Command cyclonus answers which connections the NetworkPolicies of a cluster
// allow as the matcher of github.com/mattfenwick/cyclonus judges them. It knows
// no other kind.
//
// Where it is known to depart from the specification, nothing is answered; the
// reasons stand in departures.go.
package main

import (
	"encoding/json"
	"fmt"

	"github.com/mattfenwick/cyclonus/pkg/matcher"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"kubectl-posture.test/oracles/lines/points"
)

type cluster struct {
	namespaces map[string]*corev1.Namespace
	pods       map[string]*corev1.Pod
	policies   []*networkingv1.NetworkPolicy
	// foreign says that there are policies of other kinds.
	foreign bool
	matcher *matcher.Policy
}

func main() {
	points.Serve(func(objects []json.RawMessage) (points.Judge, []string, error) {
		c, err := read(objects)
		if err != nil {
			return nil, nil, err
		}
		if c.foreign || c.departs() {
			return func(_, _ *points.End, _ points.Port) byte { return points.NotJudged }, nil, nil
		}
		c.matcher = matcher.BuildNetworkPolicies(false, c.policies)
		return c.judge, nil, nil
	})
}

func read(objects []json.RawMessage) (*cluster, error) {
	c := &cluster{namespaces: map[string]*corev1.Namespace{}, pods: map[string]*corev1.Pod{}}
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
			var pod corev1.Pod
			err = json.Unmarshal(raw, &pod)
			c.pods[pod.Namespace+"/"+pod.Name] = &pod
		case "NetworkPolicy":
			var policy networkingv1.NetworkPolicy
			err = json.Unmarshal(raw, &policy)
			setDefaults(&policy)
			c.policies = append(c.policies, &policy)
		case "Node":
			// A node is an address like any other to it.
		default:
			c.foreign = true
		}
		if err != nil {
			return nil, err
		}
	}
	return c, nil
}

// setDefaults sets policyTypes as the server does: the matcher panics without.
func setDefaults(policy *networkingv1.NetworkPolicy) {
	if len(policy.Spec.PolicyTypes) == 0 {
		policy.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
		if len(policy.Spec.Egress) != 0 {
			policy.Spec.PolicyTypes = append(policy.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
		}
	}
}

func (c *cluster) judge(from, to *points.End, port points.Port) byte {
	protocol := corev1.Protocol(port.Protocol)
	name, clear := c.portName(to, protocol, port.Port)
	if !clear || c.exempt(from, to) {
		return points.NotJudged
	}
	return points.Sign(c.matcher.IsTrafficAllowed(&matcher.Traffic{
		Source:           c.peer(from),
		Destination:      c.peer(to),
		ResolvedPort:     int(port.Port),
		ResolvedPortName: name,
		Protocol:         protocol,
	}).IsAllowed())
}

// peer is an end as the matcher takes it. It knows nothing of hostNetwork: such
// a pod is an address.
func (c *cluster) peer(end *points.End) *matcher.TrafficPeer {
	peer := &matcher.TrafficPeer{IP: end.Address}
	if end.Pod == "" {
		return peer
	}
	pod := c.pods[end.Pod]
	if pod == nil {
		panic(fmt.Sprintf("there is no pod %s", end.Pod))
	}
	if !pod.Spec.HostNetwork {
		peer.Internal = &matcher.InternalPeer{
			PodLabels:       pod.Labels,
			NamespaceLabels: c.namespaces[pod.Namespace].Labels,
			Namespace:       pod.Namespace,
		}
	}
	return peer
}
