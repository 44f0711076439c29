// Command objects answers what the API server makes of an object before
// validating admission sees it, and what Pod Security then says: of the object
// itself, and of the pod that its controller would create.
//
//	{"object": {…}, "policies": ["restricted:latest"], "omitSpec": false}
//	→ {"decodeError": …, "strictErrors": […],
//	   "object": {"invalid": […], "metadata": {"annotations": …}, "spec": {…}, "results": […]},
//	   "pod": the same, or null for what creates no pod}
//
// An object of another kind, or a request that cannot be read, is answered with
// {"error": "…"}.
package main

import (
	"encoding/json"

	"k8s.io/kubernetes/pkg/capabilities"

	"kubectl-posture.test/oracles/lines"
	"kubectl-posture.test/oracles/pss/verdict"
)

type question struct {
	// Object is kept as the client sent it, duplicate keys included.
	Object   json.RawMessage `json:"object"`
	Policies []string        `json:"policies"`
	OmitSpec bool            `json:"omitSpec"`
}

type answer struct {
	// DecodeError is the message of the API server's refusal, if it could not
	// read the object at all.
	DecodeError *string `json:"decodeError"`
	// StrictErrors are the unknown and duplicate fields: errors or warnings,
	// as the client asks for.
	StrictErrors []string  `json:"strictErrors"`
	Object       *admitted `json:"object"`
	Pod          *admitted `json:"pod"`
}

func main() {
	// A server that runs the pods of any cluster is started with this; without
	// it validation refuses privileged containers before admission is asked.
	capabilities.Setup(true, 0)
	judge, err := verdict.New()
	if err != nil {
		panic(err)
	}
	lines.Serve(func(line []byte) any {
		var asked question
		if err := json.Unmarshal(line, &asked); err != nil {
			return lines.Failed(err)
		}
		answer, err := judgeObject(judge, asked)
		if err != nil {
			return lines.Failed(err)
		}
		return answer
	})
}

func judgeObject(judge *verdict.Judge, asked question) (*answer, error) {
	kind, err := kindOf(asked.Object)
	if err != nil {
		return nil, err
	}
	object, strictErrors, err := decode(kind, asked.Object)
	if err != nil {
		message := err.Error()
		return &answer{DecodeError: &message, StrictErrors: []string{}}, nil
	}
	answer := &answer{StrictErrors: strictErrors}
	stored, created, err := create(kind, object)
	if err != nil {
		return nil, err
	}
	if answer.Object, err = created.judge(judge, asked); err != nil {
		return nil, err
	}
	answer.Pod, err = judgePod(judge, asked, stored)
	return answer, err
}

// judgePod judges the pod that the controller of stored would create.
func judgePod(judge *verdict.Judge, asked question, stored versioned) (*admitted, error) {
	pod, err := podOf(stored)
	if pod == nil || err != nil {
		return nil, err
	}
	raw, err := json.Marshal(pod)
	if err != nil {
		return nil, err
	}
	object, _, err := decode(podKind, raw)
	if err != nil {
		return nil, err
	}
	_, created, err := create(podKind, object)
	if err != nil {
		return nil, err
	}
	return created.judge(judge, asked)
}
