// Command netpol-packets says which packets arrive under network policies. It
// makes a network namespace of each pod, node and host of the outside, lets the
// kernel (nftables) filter what the nodes forward, and really sends.
//
//	{"ready": true} → {"kernel": "6.18.0"} or {"missing": "…"}
//	{"objects": […], "hosts": {"NAME": ["ADDRESS", …]},
//	 "probes": [{"from": END, "to": END, "protocol": "TCP", "port": 80}, …]}
//	→ {"rules": 12, "answers": [{"v4": "allowed", "v6": "denied"}, …]}
//
// An END is NAMESPACE/NAME of a pod, node/NAME, or host/NAME. A family is
// absent from an answer where one of the ends has no address of it. "allowed"
// is said when the other end answered, "denied" when the filter said no;
// anything else is reported in words, and is an error of the judge.
//
// How policies are read is written out here, pair by pair, apart from the
// engine that is judged.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
	"kubectl-posture.test/oracles/lines"
)

// request is either request.
type request struct {
	Ready   bool                `json:"ready"`
	Objects []json.RawMessage   `json:"objects"`
	Hosts   map[string][]string `json:"hosts"`
	Probes  []probe             `json:"probes"`
}

func main() {
	if !becomeRoot() {
		return
	}
	lines.Serve(answer)
}

func answer(line []byte) any {
	var asked request
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&asked); err != nil {
		return lines.Failed(err)
	}
	if asked.Ready {
		return ready()
	}
	answers, rules, err := judge(&asked)
	if err != nil {
		return lines.Failed(err)
	}
	return map[string]any{"answers": answers, "rules": rules}
}

// ready tells whether this machine can do what is needed, by doing it.
func ready() any {
	manifest := `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": %q, "namespace": "x"},
		"status": {"podIP": %q, "podIPs": [{"ip": %[2]q}, {"ip": %q}]}}`
	policy := `{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
		"metadata": {"name": "deny", "namespace": "x"}, "spec": {"podSelector": {}}}`
	asked := request{
		Objects: []json.RawMessage{
			fmt.Appendf(nil, manifest, "a", "10.0.0.1", "fd00::1"),
			fmt.Appendf(nil, manifest, "b", "10.0.0.2", "fd00::2"),
			json.RawMessage(policy),
		},
		Probes: []probe{{From: "x/a", To: "x/b", Protocol: "TCP", Port: 80}},
	}
	answers, _, err := judge(&asked)
	if err != nil {
		return map[string]string{"missing": err.Error()}
	}
	if said := *answers[0]; said != (outcome{V4: denied, V6: denied}) {
		return map[string]string{"missing": fmt.Sprintf("a filter that works: %+v", said)}
	}
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return lines.Failed(err)
	}
	return map[string]string{"kernel": unix.ByteSliceToString(name.Release[:])}
}

// judge builds the network of a request, sends, and takes it down.
func judge(asked *request) ([]*outcome, int, error) {
	world, err := read(asked.Objects)
	if err != nil {
		return nil, 0, err
	}
	network, err := build(world, asked.Hosts)
	defer network.close()
	if err != nil {
		return nil, 0, err
	}
	rules, err := network.filter(world)
	if err != nil {
		return nil, 0, err
	}
	answers, err := network.send(asked.Probes)
	return answers, rules, err
}

func warn(err error) {
	fmt.Fprintln(os.Stderr, err)
}
