package main

import (
	"fmt"
	"net/netip"
)

// network is the namespaces of a request: pods behind their nodes, the nodes
// and the hosts of the outside around one net between them.
type network struct {
	spaces []*space
	nodes  map[string]*space
	ends   map[string]*end
	closes []func()
}

// end is what sends and receives.
type end struct {
	space     *space
	addresses []netip.Addr
}

// build makes the namespaces. What is made is returned even with an error, to
// be closed.
func build(world *cluster, hosts map[string][]string) (*network, error) {
	made := &network{nodes: map[string]*space{}, ends: map[string]*end{}}
	between, err := made.space(true)
	if err != nil {
		return made, err
	}
	for _, node := range world.nodes {
		if err := made.addNode(between, world, node); err != nil {
			return made, fmt.Errorf("node %s: %w", node.name, err)
		}
	}
	for _, pod := range world.pods {
		if err := made.addPod(pod); err != nil {
			return made, fmt.Errorf("pod %s: %w", pod.name, err)
		}
	}
	for name, texts := range hosts {
		var addresses []netip.Addr
		for _, text := range texts {
			address, err := netip.ParseAddr(text)
			if err != nil {
				return made, err
			}
			addresses = append(addresses, address)
		}
		host, err := made.space(false)
		if err != nil {
			return made, err
		}
		if err := between.attach(host, toCore, addresses, nil); err != nil {
			return made, fmt.Errorf("host %s: %w", name, err)
		}
		made.ends["host/"+name] = &end{host, addresses}
	}
	return made, nil
}

func (n *network) space(forwards bool) (*space, error) {
	made, err := newSpace(forwards)
	if err == nil {
		n.spaces = append(n.spaces, made)
	}
	return made, err
}

func (n *network) addNode(between *space, world *cluster, node *node) error {
	made, err := n.space(true)
	if err != nil {
		return err
	}
	var behind []netip.Addr
	for _, pod := range world.pods {
		if pod.node == node.name && !pod.hostNetwork {
			behind = append(behind, pod.addresses...)
		}
	}
	n.nodes[node.name] = made
	n.ends["node/"+node.name] = &end{made, node.addresses}
	return between.attach(made, toCore, node.addresses, behind)
}

func (n *network) addPod(pod *pod) error {
	router := n.nodes[pod.node]
	name := pod.namespace + "/" + pod.name
	if pod.hostNetwork {
		n.ends[name] = &end{router, n.ends["node/"+pod.node].addresses}
		return nil
	}
	made, err := n.space(false)
	if err != nil {
		return err
	}
	n.ends[name] = &end{made, pod.addresses}
	return router.attach(made, toPod, pod.addresses, nil)
}

// close ends everything: what listens, then the namespaces.
func (n *network) close() {
	for _, close := range n.closes {
		close()
	}
	for _, space := range n.spaces {
		space.close()
	}
}
