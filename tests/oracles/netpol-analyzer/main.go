// Command netpol-analyzer answers which connections the policies of a cluster
// allow, by the sets that github.com/np-guard/netpol-analyzer finds for all
// pairs at once.
//
// Where it is known to depart from the specification, nothing is answered; the
// reasons stand in departures.go.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"

	"github.com/np-guard/netpol-analyzer/pkg/netpol/connlist"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"

	"kubectl-posture.test/oracles/lines/points"
)

type cluster struct {
	pods map[string]*corev1.Pod
	// blocks says that rules have blocks of addresses.
	blocks bool
	// departs says that the analyzer is known to misread something.
	departs bool
	infos   []*resource.Info
}

// connections are the sets from and to a pair of ends.
type connections map[[2]string][]connlist.Peer2PeerConnection

func main() {
	points.Serve(func(objects []json.RawMessage) (points.Judge, []string, error) {
		c, err := read(objects)
		if err != nil {
			return nil, nil, err
		}
		if c.departs {
			return func(_, _ *points.End, _ points.Port) byte { return points.NotJudged }, nil, nil
		}
		analyzer := connlist.NewConnlistAnalyzer(connlist.WithMuteErrsAndWarns())
		found, _, err := analyzer.ConnlistFromResourceInfos(c.infos)
		if err != nil {
			return nil, nil, err
		}
		// Pairs that stand for one end each way: pods have names, the outside has
		// none and is told apart by its addresses.
		sets := connections{}
		for _, connection := range found {
			key := [2]string{name(connection.Src()), name(connection.Dst())}
			sets[key] = append(sets[key], connection)
		}
		return func(from, to *points.End, port points.Port) byte { return c.judge(sets, from, to, port) }, nil, nil
	})
}

func name(peer connlist.Peer) string {
	if peer.IsPeerIPType() {
		return ""
	}
	return peer.Namespace() + "/" + peer.Name()
}

func (c *cluster) judge(sets connections, from, to *points.End, port points.Port) byte {
	if c.misreads(from, to) {
		return points.NotJudged
	}
	for _, connection := range sets[[2]string{from.Pod, to.Pod}] {
		if !holds(connection.Src(), from) || !holds(connection.Dst(), to) {
			continue
		}
		if connection.AllProtocolsAndPorts() {
			return points.Allowed
		}
		for _, ports := range connection.ProtocolsAndPorts()[corev1.Protocol(port.Protocol)] {
			if isAllowed(ports) && ports.Start() <= int64(port.Port) && int64(port.Port) <= ports.End() {
				return points.Allowed
			}
		}
	}
	return points.Denied
}

// isAllowed says whether a range of ports is one of those that a connection may
// have: the list holds the ranges between them too, which are denied, and only
// the value behind the interface tells them apart (createConnectionObject in
// pkg/netpol/connlist/connlist.go asks ProtocolsAndPortsMap for both kinds).
func isAllowed(ports any) bool {
	return ports.(interface{ InSet() bool }).InSet()
}

// holds says whether an end is the peer, or one of the addresses that it is.
func holds(peer connlist.Peer, end *points.End) bool {
	if !peer.IsPeerIPType() {
		return true
	}
	asked := netip.MustParseAddr(end.Address)
	for _, stretch := range strings.Split(peer.IP(), ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(stretch), "-")
		if !isRange {
			block, err := netip.ParsePrefix(first)
			if err != nil {
				panic(fmt.Sprintf("addresses %q", peer.IP()))
			}
			if block.Contains(asked) {
				return true
			}
		} else if netip.MustParseAddr(first).Compare(asked) <= 0 && asked.Compare(netip.MustParseAddr(last)) <= 0 {
			return true
		}
	}
	return false
}

func read(objects []json.RawMessage) (*cluster, error) {
	c := &cluster{pods: map[string]*corev1.Pod{}}
	priorities := map[string]bool{}
	for _, raw := range objects {
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(raw); err != nil {
			return nil, err
		}
		switch object.GetKind() {
		case "Pod":
			var pod corev1.Pod
			if err := json.Unmarshal(raw, &pod); err != nil {
				return nil, err
			}
			if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
				// Its address may be another's by now; the analyzer does not ask.
				continue
			}
			c.pods[pod.Namespace+"/"+pod.Name] = &pod
			// A pod without an address of its node is an error to the analyzer.
			if err := unstructured.SetNestedField(object.Object, "192.168.255.1", "status", "hostIP"); err != nil {
				return nil, err
			}
		case "Node":
			continue
		case "ClusterNetworkPolicy":
			// It does not know the kind.
			c.departs = true
		case "AdminNetworkPolicy":
			// Two of one priority are an error to it.
			priority := fmt.Sprint(object.Object["spec"].(map[string]any)["priority"])
			c.departs = c.departs || priorities[priority]
			priorities[priority] = true
		}
		c.blocks = c.blocks || bytes.Contains(raw, []byte(`"ipBlock"`)) || bytes.Contains(raw, []byte(`"networks"`))
		c.departs = c.departs || isMisread(object.GetKind(), raw)
		c.infos = append(c.infos, &resource.Info{Object: object})
	}
	return c, nil
}
