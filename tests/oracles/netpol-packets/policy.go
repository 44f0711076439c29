package main

import (
	"net/netip"
	"slices"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// direction is which way, as seen from the pod.
type direction string

const (
	ingress direction = "ingress"
	egress  direction = "egress"
)

var directions = []direction{ingress, egress}

// block is addresses on the other side.
type block struct {
	within netip.Prefix
	except []netip.Prefix
	// pod is whose address it is, where a selector found it: the ports of
	// egress rules that have names are the destination's.
	pod *pod
}

// port is a stretch of ports of a protocol.
type port struct {
	protocol    core.Protocol
	first, last uint16
}

// line is one condition: every part that is there must hold.
type line struct {
	block *block
	port  *port
}

// allowed are the lines of what the NetworkPolicies let through, and whether
// there is one that isolates the pod at all.
func (c *cluster) allowed(subject *pod, way direction) (lines []line, isolated bool, err error) {
	for _, policy := range c.policies {
		if policy.Namespace != subject.namespace || subject.hostNetwork {
			continue
		}
		selected, err := matches(&policy.Spec.PodSelector, subject.labels)
		if err != nil {
			return nil, false, err
		}
		if !selected || !slices.Contains(types(&policy.Spec), way) {
			continue
		}
		isolated = true
		more, err := c.rules(&policy, subject, way)
		if err != nil {
			return nil, false, err
		}
		lines = append(lines, more...)
	}
	return lines, isolated, nil
}

// types are the policyTypes, or what the API server sets for none.
func types(spec *networking.NetworkPolicySpec) []direction {
	var set []direction
	for _, one := range spec.PolicyTypes {
		switch one {
		case networking.PolicyTypeIngress:
			set = append(set, ingress)
		case networking.PolicyTypeEgress:
			set = append(set, egress)
		}
	}
	if len(spec.PolicyTypes) == 0 {
		set = append(set, ingress)
		if len(spec.Egress) != 0 {
			set = append(set, egress)
		}
	}
	return set
}

func (c *cluster) rules(policy *networking.NetworkPolicy, subject *pod, way direction) ([]line, error) {
	var lines []line
	add := func(peers []networking.NetworkPolicyPeer, ports []networking.NetworkPolicyPort) error {
		blocks, err := c.peers(policy.Namespace, peers)
		if err != nil {
			return err
		}
		var wanted []wantedPort
		for _, one := range ports {
			wanted = append(wanted, want(one))
		}
		lines = append(lines, c.combine(subject, way, blocks, wanted)...)
		return nil
	}
	if way == ingress {
		for _, rule := range policy.Spec.Ingress {
			if err := add(rule.From, rule.Ports); err != nil {
				return nil, err
			}
		}
	} else {
		for _, rule := range policy.Spec.Egress {
			if err := add(rule.To, rule.Ports); err != nil {
				return nil, err
			}
		}
	}
	return lines, nil
}

// peers finds the addresses of from or to; nil is everybody.
func (c *cluster) peers(namespace string, peers []networking.NetworkPolicyPeer) ([]block, error) {
	if len(peers) == 0 {
		return nil, nil
	}
	found := []block{}
	for _, peer := range peers {
		if peer.IPBlock != nil {
			one, err := within(peer.IPBlock.CIDR, peer.IPBlock.Except)
			if err != nil {
				return nil, err
			}
			found = append(found, one)
			continue
		}
		pods := peer.PodSelector
		if pods == nil {
			pods = &meta.LabelSelector{}
		}
		more, err := c.selected(func(name string) (bool, error) {
			if peer.NamespaceSelector == nil {
				return name == namespace, nil
			}
			return matches(peer.NamespaceSelector, c.namespaces[name])
		}, pods)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

func within(cidr string, except []string) (block, error) {
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil {
		return block{}, err
	}
	made := block{within: prefix.Masked()}
	for _, text := range except {
		hole, err := netip.ParsePrefix(text)
		if err != nil {
			return block{}, err
		}
		made.except = append(made.except, hole.Masked())
	}
	return made, nil
}

// selected are the addresses of the pods with these labels in these namespaces.
// Pods in the network of their node are never meant.
func (c *cluster) selected(in func(namespace string) (bool, error), selector *meta.LabelSelector) ([]block, error) {
	var found []block
	for _, pod := range c.pods {
		if pod.hostNetwork {
			continue
		}
		inside, err := in(pod.namespace)
		if err != nil {
			return nil, err
		}
		matched, err := matches(selector, pod.labels)
		if err != nil {
			return nil, err
		}
		if inside && matched {
			found = append(found, pod.blocks()...)
		}
	}
	return found, nil
}

func (p *pod) blocks() []block {
	var blocks []block
	for _, address := range p.addresses {
		blocks = append(blocks, block{within: netip.PrefixFrom(address, address.BitLen()), pod: p})
	}
	return blocks
}

// wantedPort is a port as a rule has it: a stretch, or a name that the
// destination's containers have.
type wantedPort struct {
	port
	name string
	// anyProtocol says that the name's own protocol counts.
	anyProtocol bool
}

func want(asked networking.NetworkPolicyPort) wantedPort {
	wanted := wantedPort{port: port{protocol: core.ProtocolTCP, first: 1, last: 65535}}
	if asked.Protocol != nil {
		wanted.protocol = *asked.Protocol
	}
	if asked.Port == nil {
		return wanted
	}
	if asked.Port.Type == intstr.String {
		wanted.name = asked.Port.StrVal
		return wanted
	}
	wanted.first, wanted.last = uint16(asked.Port.IntVal), uint16(asked.Port.IntVal)
	if asked.EndPort != nil {
		wanted.last = uint16(*asked.EndPort)
	}
	return wanted
}

// on finds the port on its destination.
func (w wantedPort) on(destination *pod) []port {
	if w.name == "" {
		return []port{w.port}
	}
	var found []port
	for _, has := range destination.ports {
		protocol := has.Protocol
		if protocol == "" {
			protocol = core.ProtocolTCP
		}
		if has.Name == w.name && (w.anyProtocol || protocol == w.protocol) {
			number := uint16(has.ContainerPort)
			found = append(found, port{protocol: protocol, first: number, last: number})
		}
	}
	return found
}

// combine writes every peer with every port; nil is everybody and every port.
func (c *cluster) combine(subject *pod, way direction, blocks []block, ports []wantedPort) []line {
	var lines []line
	// Into the pod, names are its own.
	at := func(peer *block, destination *pod) {
		if len(ports) == 0 {
			lines = append(lines, line{block: peer})
		}
		for _, wanted := range ports {
			if wanted.name != "" && destination == nil {
				continue
			}
			for _, number := range wanted.on(destination) {
				lines = append(lines, line{block: peer, port: &number})
			}
		}
	}
	if way == ingress {
		if blocks == nil {
			at(nil, subject)
		}
		for _, peer := range blocks {
			at(&peer, subject)
		}
		return lines
	}
	if blocks == nil {
		at(nil, nil)
		// Names differ from pod to pod: each is named.
		if slices.ContainsFunc(ports, func(one wantedPort) bool { return one.name != "" }) {
			for _, pod := range c.pods {
				if !pod.hostNetwork {
					for _, peer := range pod.blocks() {
						at(&peer, pod)
					}
				}
			}
		}
	}
	for _, peer := range blocks {
		at(&peer, peer.pod)
	}
	return lines
}
