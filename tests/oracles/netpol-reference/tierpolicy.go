// This file judges by a ClusterNetworkPolicy, an AdminNetworkPolicy or a
// BaselineAdminNetworkPolicy. Their fields are written out here, so that a field
// of one kind that stands in another is simply not seen.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

const tierGroup = "policy.networking.k8s.io"

const (
	adminTier    = "Admin"
	baselineTier = "Baseline"
)

type action int

const (
	accept action = iota
	deny
	pass
)

var actions = map[string]action{"Accept": accept, "Allow": accept, "Deny": deny, "Pass": pass}

// tierObject has the fields of all three kinds.
type tierObject struct {
	Metadata metav1.ObjectMeta `json:"metadata"`
	Spec     struct {
		Tier     string     `json:"tier"`
		Priority int        `json:"priority"`
		Subject  tierPods   `json:"subject"`
		Ingress  []tierRule `json:"ingress"`
		Egress   []tierRule `json:"egress"`
	} `json:"spec"`
}

type tierRule struct {
	Action    string         `json:"action"`
	From      []tierPeer     `json:"from"`
	To        []tierPeer     `json:"to"`
	Ports     []tierPort     `json:"ports"`
	Protocols []tierProtocol `json:"protocols"`
}

type tierPods struct {
	Namespaces *metav1.LabelSelector `json:"namespaces"`
	Pods       *struct {
		NamespaceSelector metav1.LabelSelector `json:"namespaceSelector"`
		PodSelector       metav1.LabelSelector `json:"podSelector"`
	} `json:"pods"`
}

type tierPeer struct {
	tierPods
	Nodes    *metav1.LabelSelector `json:"nodes"`
	Networks []string              `json:"networks"`
}

// tierPort is a port of the older kinds.
type tierPort struct {
	PortNumber *struct {
		Protocol corev1.Protocol `json:"protocol"`
		Port     int32           `json:"port"`
	} `json:"portNumber"`
	PortRange *struct {
		Protocol corev1.Protocol `json:"protocol"`
		Start    int32           `json:"start"`
		End      int32           `json:"end"`
	} `json:"portRange"`
	NamedPort *string `json:"namedPort"`
}

// tierProtocol are the ports of a ClusterNetworkPolicy.
type tierProtocol struct {
	TCP                  *destination `json:"tcp"`
	UDP                  *destination `json:"udp"`
	SCTP                 *destination `json:"sctp"`
	DestinationNamedPort string       `json:"destinationNamedPort"`
}

type destination struct {
	DestinationPort *struct {
		Number int32 `json:"number"`
		Range  *struct {
			Start int32 `json:"start"`
			End   int32 `json:"end"`
		} `json:"range"`
	} `json:"destinationPort"`
}

// tierPolicy is a policy with everything read that the text of it says.
type tierPolicy struct {
	tier     string
	priority int
	subject  func(*end) bool
	rules    map[direction][]readRule
}

type readRule struct {
	action action
	peers  []func(*end) bool
	ports  []func(*traffic) bool
}

// group are policies of one priority.
type group []*tierPolicy

func byPriority(policies []*tierPolicy, tier string) []group {
	var groups []group
	sorted := slices.Clone(policies)
	slices.SortStableFunc(sorted, func(a, b *tierPolicy) int { return a.priority - b.priority })
	for _, policy := range sorted {
		if policy.tier != tier {
			continue
		}
		last := len(groups) - 1
		if last >= 0 && groups[last][0].priority == policy.priority {
			groups[last] = append(groups[last], policy)
		} else {
			groups = append(groups, group{policy})
		}
	}
	return groups
}

// decides returns the action of the first rule that matches.
func (p *tierPolicy) decides(t *traffic, subject *end, way direction) (action, bool) {
	if !p.subject(subject) {
		return pass, false
	}
	for _, rule := range p.rules[way] {
		peer := slices.ContainsFunc(rule.peers, func(means func(*end) bool) bool { return means(t.other(way)) })
		port := len(rule.ports) == 0 ||
			slices.ContainsFunc(rule.ports, func(means func(*traffic) bool) bool { return means(t) })
		if peer && port {
			return rule.action, true
		}
	}
	return pass, false
}

func readTierPolicy(kind string, raw []byte, nodes []*corev1.Node) (*tierPolicy, error) {
	var object tierObject
	if err := json.Unmarshal(raw, &object); err != nil {
		return nil, err
	}
	tier := object.Spec.Tier
	switch kind {
	case "AdminNetworkPolicy":
		tier = adminTier
	case "BaselineAdminNetworkPolicy":
		tier = baselineTier
	case "ClusterNetworkPolicy":
	default:
		return nil, fmt.Errorf("kind %q is none of group %s", kind, tierGroup)
	}
	subject, err := object.Spec.Subject.means()
	if err != nil {
		return nil, err
	}
	policy := &tierPolicy{tier, object.Spec.Priority, subject, map[direction][]readRule{}}
	for _, rule := range object.Spec.Ingress {
		if err := policy.add(ingress, rule.From, rule, nodes); err != nil {
			return nil, err
		}
	}
	for _, rule := range object.Spec.Egress {
		if err := policy.add(egress, rule.To, rule, nodes); err != nil {
			return nil, err
		}
	}
	return policy, nil
}

func (p *tierPolicy) add(way direction, peers []tierPeer, written tierRule, nodes []*corev1.Node) error {
	does, known := actions[written.Action]
	if !known {
		return fmt.Errorf("action %q", written.Action)
	}
	rule := readRule{action: does}
	if slices.ContainsFunc(peers, func(peer tierPeer) bool { return !peer.known() }) {
		// A field of a newer release: the API asks to fail closed. The rule
		// matches nothing, or denies everything.
		if does != accept {
			everybody := func(*end) bool { return true }
			p.rules[way] = append(p.rules[way], readRule{action: deny, peers: []func(*end) bool{everybody}})
		}
		return nil
	}
	for _, peer := range peers {
		means, err := peer.means(nodes)
		if err != nil {
			return err
		}
		rule.peers = append(rule.peers, means)
	}
	for _, port := range written.Ports {
		rule.ports = append(rule.ports, port.means)
	}
	for _, protocol := range written.Protocols {
		rule.ports = append(rule.ports, protocol.means)
	}
	p.rules[way] = append(p.rules[way], rule)
	return nil
}

// means reads a selection of pods.
func (p *tierPods) means() (func(*end) bool, error) {
	namespaces, pods := p.Namespaces, &metav1.LabelSelector{}
	switch {
	case p.Namespaces != nil:
	case p.Pods != nil:
		namespaces, pods = &p.Pods.NamespaceSelector, &p.Pods.PodSelector
	default:
		return nil, errors.New("nothing is selected")
	}
	ofNamespace, err := metav1.LabelSelectorAsSelector(namespaces)
	if err != nil {
		return nil, err
	}
	ofPod, err := metav1.LabelSelectorAsSelector(pods)
	if err != nil {
		return nil, err
	}
	return func(at *end) bool {
		return at.pod != nil &&
			ofNamespace.Matches(labels.Set(at.namespace.Labels)) &&
			ofPod.Matches(labels.Set(at.pod.Labels))
	}, nil
}

// known says whether a field is set that this release of the API has.
func (p *tierPeer) known() bool {
	return p.Namespaces != nil || p.Pods != nil || p.Nodes != nil || p.Networks != nil
}

func (p *tierPeer) means(nodes []*corev1.Node) (func(*end) bool, error) {
	switch {
	case p.Nodes != nil:
		return nodesMean(p.Nodes, nodes)
	case p.Networks != nil:
		return networksMean(p.Networks)
	default:
		return p.tierPods.means()
	}
}

// nodesMean reads a selection of nodes, by the addresses of their status.
func nodesMean(selector *metav1.LabelSelector, nodes []*corev1.Node) (func(*end) bool, error) {
	ofNode, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return nil, err
	}
	var selected []netip.Addr
	for _, node := range nodes {
		if !ofNode.Matches(labels.Set(node.Labels)) {
			continue
		}
		for _, address := range node.Status.Addresses {
			if read, err := netip.ParseAddr(address.Address); err == nil {
				selected = append(selected, read)
			}
		}
	}
	return func(at *end) bool { return slices.Contains(selected, at.address) }, nil
}

func networksMean(networks []string) (func(*end) bool, error) {
	var read []*block
	for _, network := range networks {
		one, err := newBlock(network, nil)
		if err != nil {
			return nil, err
		}
		read = append(read, one)
	}
	return func(at *end) bool {
		return slices.ContainsFunc(read, func(one *block) bool { return one.holds(at.address) })
	}, nil
}

func (p tierPort) means(t *traffic) bool {
	switch {
	case p.PortNumber != nil:
		return protocolOf(p.PortNumber.Protocol) == t.protocol && p.PortNumber.Port == t.port
	case p.PortRange != nil:
		return protocolOf(p.PortRange.Protocol) == t.protocol && p.PortRange.Start <= t.port && t.port <= p.PortRange.End
	case p.NamedPort != nil:
		return t.listens(*p.NamedPort, "")
	default:
		return false
	}
}

// protocolOf is the default of the API: TCP where nothing is said.
func protocolOf(written corev1.Protocol) corev1.Protocol {
	if written == "" {
		return corev1.ProtocolTCP
	}
	return written
}

func (p tierProtocol) means(t *traffic) bool {
	if p.DestinationNamedPort != "" {
		return t.listens(p.DestinationNamedPort, "")
	}
	written := map[corev1.Protocol]*destination{
		corev1.ProtocolTCP: p.TCP, corev1.ProtocolUDP: p.UDP, corev1.ProtocolSCTP: p.SCTP,
	}[t.protocol]
	switch {
	case written == nil:
		return false
	case written.DestinationPort == nil:
		return true
	case written.DestinationPort.Range != nil:
		return written.DestinationPort.Range.Start <= t.port && t.port <= written.DestinationPort.Range.End
	default:
		return written.DestinationPort.Number == t.port
	}
}
