package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// cluster is what the objects of a request say.
type cluster struct {
	// namespaces are labels by name.
	namespaces map[string]labels.Set
	pods       []*pod
	nodes      []*node
	policies   []networking.NetworkPolicy
	admin      []adminPolicy
}

type pod struct {
	namespace, name string
	labels          labels.Set
	ports           []core.ContainerPort
	hostNetwork     bool
	node            string
	addresses       []netip.Addr
}

type node struct {
	name      string
	labels    labels.Set
	addresses []netip.Addr
}

// read decodes the objects. A field that the API does not have is an error:
// a scenario with a typing error would judge something else than it says.
func read(objects []json.RawMessage) (*cluster, error) {
	world := &cluster{namespaces: map[string]labels.Set{}}
	for _, object := range objects {
		var kind meta.TypeMeta
		if err := json.Unmarshal(object, &kind); err != nil {
			return nil, err
		}
		if err := world.add(kind, object); err != nil {
			return nil, fmt.Errorf("%s: %w", kind.Kind, err)
		}
	}
	return world, world.complete()
}

func (c *cluster) add(kind meta.TypeMeta, object []byte) error {
	switch kind.Kind {
	case "Namespace":
		read, err := decode[core.Namespace](object)
		// The API server sets the name as a label.
		set := labels.Set{core.LabelMetadataName: read.Name}
		maps.Copy(set, read.Labels)
		c.namespaces[read.Name] = set
		return err
	case "Pod":
		read, err := decode[core.Pod](object)
		if err != nil {
			return err
		}
		return c.addPod(read)
	case "Node":
		read, err := decode[core.Node](object)
		if err != nil {
			return err
		}
		made := &node{name: read.Name, labels: read.Labels}
		for _, address := range read.Status.Addresses {
			if parsed, err := netip.ParseAddr(address.Address); err == nil {
				made.addresses = append(made.addresses, parsed)
			}
		}
		c.nodes = append(c.nodes, made)
		return nil
	case "NetworkPolicy":
		read, err := decode[networking.NetworkPolicy](object)
		c.policies = append(c.policies, read)
		return err
	case "ClusterNetworkPolicy", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy":
		read, err := readAdmin(kind.Kind, object)
		c.admin = append(c.admin, read)
		return err
	default:
		return fmt.Errorf("no kind of this judge")
	}
}

func (c *cluster) addPod(read core.Pod) error {
	if read.Status.Phase == core.PodSucceeded || read.Status.Phase == core.PodFailed {
		// It has no network any more; its address may be another pod's.
		return nil
	}
	made := &pod{
		namespace: read.Namespace, name: read.Name, labels: read.Labels,
		hostNetwork: read.Spec.HostNetwork, node: read.Spec.NodeName,
	}
	for _, container := range read.Spec.Containers {
		made.ports = append(made.ports, container.Ports...)
	}
	for _, address := range read.Status.PodIPs {
		parsed, err := netip.ParseAddr(address.IP)
		if err != nil {
			return err
		}
		made.addresses = append(made.addresses, parsed)
	}
	c.pods = append(c.pods, made)
	return nil
}

// complete adds the namespaces that no object is there for, and a node for pods
// that name none or one that is not there.
func (c *cluster) complete() error {
	known := map[string]bool{}
	for _, node := range c.nodes {
		known[node.name] = true
	}
	for _, pod := range c.pods {
		if _, ok := c.namespaces[pod.namespace]; !ok {
			c.namespaces[pod.namespace] = labels.Set{core.LabelMetadataName: pod.namespace}
		}
		if known[pod.node] {
			continue
		}
		if pod.hostNetwork {
			return fmt.Errorf("%s/%s is in the network of a node that is not there", pod.namespace, pod.name)
		}
		known[pod.node] = true
		number := byte(len(c.nodes) + 1)
		c.nodes = append(c.nodes, &node{name: pod.node, addresses: []netip.Addr{
			netip.AddrFrom4([4]byte{169, 254, 2, number}),
			netip.AddrFrom16([16]byte{0xfd, 0xff, 15: number}),
		}})
	}
	return nil
}

// decode reads an object, and refuses fields that it does not have.
func decode[T any](object []byte) (T, error) {
	var read T
	decoder := json.NewDecoder(bytes.NewReader(object))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&read)
	return read, err
}

// matches tells whether a selector holds. No selector selects nothing.
func matches(selector *meta.LabelSelector, set labels.Set) (bool, error) {
	parsed, err := meta.LabelSelectorAsSelector(selector)
	return err == nil && parsed.Matches(set), err
}
