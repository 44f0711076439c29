// Command netpol-reference answers which connections the network policies of a
// cluster allow, as the specification of each kind says it. It is naive on
// purpose: it looks at every connection alone, and at every policy for it.
//
// What the specification leaves open is decided so: an ipBlock means addresses
// of pods and nodes, too; pods in the network of their node are not selected
// and count as the node; a NetworkPolicy keeps the baseline tier from the
// directions that it isolates, and only from these. Of policies of one tier and
// priority any may be the first: where that matters the answer is open.
package main

import (
	"encoding/json"

	"kubectl-posture.test/oracles/lines/points"
)

func main() {
	points.Serve(func(objects []json.RawMessage) (points.Judge, []string, error) {
		cluster, invalid, err := read(objects)
		if err != nil {
			return nil, nil, err
		}
		return cluster.judge, invalid, nil
	})
}
