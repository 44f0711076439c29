// Package points is what the oracles for network policies are asked: a cluster,
// and between which ends a connection can be opened.
//
//	{"objects": [{…}], "ends": [{"pod": "shop/web", "address": "10.0.0.1"}],
//	 "pairs": [[0, 1]], "ports": [{"protocol": "TCP", "port": 80}]}
//	→ {"verdicts": ["1"], "invalid": []}
//
// There is a text for each pair with a sign for each port.
package points

import (
	"encoding/json"

	"kubectl-posture.test/oracles/lines"
)

// The signs of an answer.
const (
	Allowed = '1'
	Denied  = '0'
	// Open is a connection that the specification says nothing certain of.
	Open = '?'
	// NotJudged is a connection that the oracle cannot judge, by what it is
	// known to do otherwise.
	NotJudged = '-'
)

// Question is a cluster and the connections in it.
type Question struct {
	Objects []json.RawMessage `json:"objects"`
	Ends    []End             `json:"ends"`
	// Pairs are positions in Ends: who opens the connection, and to whom.
	Pairs [][2]int `json:"pairs"`
	Ports []Port   `json:"ports"`
}

// End is one end of a connection: a pod or a node at one of its addresses, or
// an address of neither.
type End struct {
	// Pod is NAMESPACE/NAME.
	Pod     string `json:"pod"`
	Node    string `json:"node"`
	Address string `json:"address"`
}

// Port is a port at the end that is called.
type Port struct {
	Protocol string `json:"protocol"`
	Port     int32  `json:"port"`
}

// Answer is what is printed for a question.
type Answer struct {
	Verdicts []string `json:"verdicts"`
	// Invalid are the reasons for which the API server would refuse an object.
	Invalid []string `json:"invalid"`
}

// Judge says a sign for a connection.
type Judge func(from, to *End, port Port) byte

// Sign is Allowed or Denied.
func Sign(allowed bool) byte {
	if allowed {
		return Allowed
	}
	return Denied
}

// Serve answers questions with what read makes of their objects.
func Serve(read func(objects []json.RawMessage) (Judge, []string, error)) {
	lines.Serve(func(line []byte) any {
		var asked Question
		if err := json.Unmarshal(line, &asked); err != nil {
			return lines.Failed(err)
		}
		judge, invalid, err := read(asked.Objects)
		if err != nil {
			return lines.Failed(err)
		}
		answer := Answer{Verdicts: make([]string, 0, len(asked.Pairs)), Invalid: invalid}
		if invalid == nil {
			answer.Invalid = []string{}
		}
		for _, pair := range asked.Pairs {
			signs := make([]byte, 0, len(asked.Ports))
			for _, port := range asked.Ports {
				signs = append(signs, judge(&asked.Ends[pair[0]], &asked.Ends[pair[1]], port))
			}
			answer.Verdicts = append(answer.Verdicts, string(signs))
		}
		return answer
	})
}
