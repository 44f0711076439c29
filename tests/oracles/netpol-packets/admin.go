package main

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The kinds of the group policy.networking.k8s.io, as far as this judge sends
// packets by them: ClusterNetworkPolicy of sigs.k8s.io/network-policy-api
// v0.2.0 (v1alpha2), the two older kinds of v0.1.7 (v1alpha1).

type adminObject struct {
	meta.TypeMeta   `json:",inline"`
	meta.ObjectMeta `json:"metadata"`
	Spec            adminSpec `json:"spec"`
}

type adminSpec struct {
	Tier     string      `json:"tier"`
	Priority int32       `json:"priority"`
	Subject  adminPods   `json:"subject"`
	Ingress  []adminRule `json:"ingress"`
	Egress   []adminRule `json:"egress"`
}

type adminPods struct {
	Namespaces *meta.LabelSelector `json:"namespaces"`
	Pods       *struct {
		NamespaceSelector meta.LabelSelector `json:"namespaceSelector"`
		PodSelector       meta.LabelSelector `json:"podSelector"`
	} `json:"pods"`
}

type adminPeer struct {
	adminPods `json:",inline"`
	Nodes     *meta.LabelSelector `json:"nodes"`
	Networks  []string            `json:"networks"`
}

type adminRule struct {
	Name   string      `json:"name"`
	Action string      `json:"action"`
	From   []adminPeer `json:"from"`
	To     []adminPeer `json:"to"`
	// Protocols of a ClusterNetworkPolicy.
	Protocols []struct {
		TCP                  *adminPort `json:"tcp"`
		UDP                  *adminPort `json:"udp"`
		SCTP                 *adminPort `json:"sctp"`
		DestinationNamedPort string     `json:"destinationNamedPort"`
	} `json:"protocols"`
	// Ports of the older kinds.
	Ports []struct {
		PortNumber *struct {
			Protocol core.Protocol `json:"protocol"`
			Port     uint16        `json:"port"`
		} `json:"portNumber"`
		PortRange *struct {
			Protocol core.Protocol `json:"protocol"`
			Start    uint16        `json:"start"`
			End      uint16        `json:"end"`
		} `json:"portRange"`
		NamedPort string `json:"namedPort"`
	} `json:"ports"`
}

type adminPort struct {
	DestinationPort *struct {
		Number uint16 `json:"number"`
		Range  *struct {
			Start uint16 `json:"start"`
			End   uint16 `json:"end"`
		} `json:"range"`
	} `json:"destinationPort"`
}

// adminPolicy is a policy of these kinds.
type adminPolicy struct {
	adminSpec
	name     string
	baseline bool
}

// action is what a line of such a policy does.
type action string

const (
	accept action = "Accept"
	deny   action = "Deny"
	pass   action = "Pass"
)

// ruled is a line and what it does.
type ruled struct {
	line
	action action
}

func readAdmin(kind string, object []byte) (adminPolicy, error) {
	read, err := decode[adminObject](object)
	if err != nil {
		return adminPolicy{}, err
	}
	policy := adminPolicy{adminSpec: read.Spec, name: read.Name}
	switch kind {
	case "AdminNetworkPolicy":
	case "BaselineAdminNetworkPolicy":
		policy.baseline = true
	default:
		if policy.Tier != "Admin" && policy.Tier != "Baseline" {
			return policy, fmt.Errorf("tier %q", policy.Tier)
		}
		policy.baseline = policy.Tier == "Baseline"
	}
	return policy, nil
}

// tier are the lines of one tier for a pod: the first that holds decides.
func (c *cluster) tier(subject *pod, way direction, baseline bool) ([]ruled, error) {
	var lines []ruled
	policies := slices.Clone(c.admin)
	slices.SortStableFunc(policies, func(one, other adminPolicy) int {
		return cmp.Compare(one.Priority, other.Priority)
	})
	for _, policy := range policies {
		if policy.baseline != baseline || subject.hostNetwork {
			continue
		}
		selected, err := policy.Subject.selects(c, subject)
		if err != nil {
			return nil, err
		}
		if !selected {
			continue
		}
		rules := policy.Ingress
		if way == egress {
			rules = policy.Egress
		}
		for _, rule := range rules {
			more, err := c.adminLines(subject, way, &rule)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", policy.name, err)
			}
			lines = append(lines, more...)
		}
	}
	return lines, nil
}

func (p *adminPods) selects(c *cluster, subject *pod) (bool, error) {
	if p.Namespaces != nil {
		return matches(p.Namespaces, c.namespaces[subject.namespace])
	}
	if p.Pods == nil {
		return false, fmt.Errorf("a subject or a peer that selects nothing")
	}
	inside, err := matches(&p.Pods.NamespaceSelector, c.namespaces[subject.namespace])
	if err != nil || !inside {
		return false, err
	}
	return matches(&p.Pods.PodSelector, subject.labels)
}

func (c *cluster) adminLines(subject *pod, way direction, rule *adminRule) ([]ruled, error) {
	does := action(rule.Action)
	switch rule.Action {
	case "Accept", "Allow":
		does = accept
	case "Deny", "Pass":
	default:
		return nil, fmt.Errorf("action %q", rule.Action)
	}
	blocks := []block{}
	for _, peer := range append(slices.Clone(rule.From), rule.To...) {
		more, err := c.adminPeer(&peer)
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, more...)
	}
	ports, err := rule.ports()
	if err != nil {
		return nil, err
	}
	var lines []ruled
	for _, one := range c.combine(subject, way, blocks, ports) {
		lines = append(lines, ruled{line: one, action: does})
	}
	return lines, nil
}

func (c *cluster) adminPeer(peer *adminPeer) ([]block, error) {
	var found []block
	if len(peer.Networks) > 0 {
		for _, text := range peer.Networks {
			one, err := within(text, nil)
			if err != nil {
				return nil, err
			}
			found = append(found, one)
		}
		return found, nil
	}
	if peer.Nodes != nil {
		for _, node := range c.nodes {
			matched, err := matches(peer.Nodes, node.labels)
			if err != nil {
				return nil, err
			}
			for _, address := range node.addresses {
				if matched {
					found = append(found, block{within: netip.PrefixFrom(address, address.BitLen())})
				}
			}
		}
		return found, nil
	}
	for _, pod := range c.pods {
		selected, err := peer.selects(c, pod)
		if err != nil {
			return nil, err
		}
		if selected && !pod.hostNetwork {
			found = append(found, pod.blocks()...)
		}
	}
	return found, nil
}

// ports of a rule, of both forms; none is every port.
func (r *adminRule) ports() ([]wantedPort, error) {
	var wanted []wantedPort
	for _, one := range r.Protocols {
		of := func(protocol core.Protocol, asked *adminPort) {
			if asked == nil || asked.DestinationPort == nil {
				return
			}
			stretch := port{protocol, asked.DestinationPort.Number, asked.DestinationPort.Number}
			if among := asked.DestinationPort.Range; among != nil {
				stretch.first, stretch.last = among.Start, among.End
			}
			wanted = append(wanted, wantedPort{port: stretch})
		}
		of(core.ProtocolTCP, one.TCP)
		of(core.ProtocolUDP, one.UDP)
		of(core.ProtocolSCTP, one.SCTP)
		if one.DestinationNamedPort != "" {
			wanted = append(wanted, wantedPort{name: one.DestinationNamedPort, anyProtocol: true})
		}
	}
	for _, one := range r.Ports {
		switch {
		case one.PortNumber != nil:
			protocol := cmp.Or(one.PortNumber.Protocol, core.ProtocolTCP)
			wanted = append(wanted, wantedPort{port: port{protocol, one.PortNumber.Port, one.PortNumber.Port}})
		case one.PortRange != nil:
			protocol := cmp.Or(one.PortRange.Protocol, core.ProtocolTCP)
			wanted = append(wanted, wantedPort{port: port{protocol, one.PortRange.Start, one.PortRange.End}})
		case one.NamedPort != "":
			wanted = append(wanted, wantedPort{name: one.NamedPort, anyProtocol: true})
		}
	}
	if len(wanted) == 0 && len(r.Protocols)+len(r.Ports) > 0 {
		return nil, fmt.Errorf("ports that this judge does not know")
	}
	return wanted, nil
}
