// Command kube-network-policies answers which connections the policies of a
// cluster allow as the engine of sigs.k8s.io/kube-network-policies judges them.
//
// Where it is known to depart from the specification, its input is put right,
// or nothing is answered. Both stand with their reason in input.go.
package main

import (
	"context"
	"encoding/json"
	"net"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/kube-network-policies/pkg/api"
	"sigs.k8s.io/kube-network-policies/pkg/network"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"

	"kubectl-posture.test/oracles/lines/points"
)

func main() {
	points.Serve(func(objects []json.RawMessage) (points.Judge, []string, error) {
		cluster, err := read(objects)
		if err != nil {
			return nil, nil, err
		}
		if cluster.departs {
			return func(_, _ *points.End, _ points.Port) byte { return points.NotJudged }, nil, nil
		}
		evaluators, err := cluster.evaluators()
		if err != nil {
			return nil, nil, err
		}
		engine := networkpolicy.NewPolicyEngine(cluster, evaluators)
		return func(from, to *points.End, port points.Port) byte {
			return cluster.judge(engine, from, to, port)
		}, nil, nil
	})
}

// judge asks the engine about the first packet of a connection.
func (c *cluster) judge(engine *networkpolicy.PolicyEngine, from, to *points.End, port points.Port) byte {
	if c.exempt(from, to) {
		return points.NotJudged
	}
	family := corev1.IPv6Protocol
	if net.ParseIP(from.Address).To4() != nil {
		family = corev1.IPv4Protocol
	}
	// No policy looks at the port from which a connection is opened.
	const anyPort = 40_000
	allowed, err := engine.EvaluatePacket(context.Background(), &network.Packet{
		Family:  family,
		SrcIP:   net.ParseIP(from.Address),
		DstIP:   net.ParseIP(to.Address),
		Proto:   corev1.Protocol(port.Protocol),
		SrcPort: anyPort,
		DstPort: int(port.Port),
	})
	if err != nil {
		panic(err)
	}
	return points.Sign(allowed)
}

// GetPodInfoByIP is how the engine finds pods.
func (c *cluster) GetPodInfoByIP(address string) (*api.PodInfo, bool) {
	pod, found := c.pods[address]
	return pod, found
}
