// Command pss answers what one version of Kubernetes' Pod Security library says:
// verdicts on pods, the policy that a namespace's labels ask for, and what a
// PodSecurityConfiguration means.
//
// Each request holds one of these, which says what is asked:
//
//	{"pod": {…}, "policies": ["restricted:latest"]}  → {"results": […]}
//	{"namespaceLabels": {…}, "defaults": {…}}        → {"policy": {…}, "errors": […]}
//	{"configuration": "YAML text"}                   → {"defaults": {…}, "exemptions": {…}}
//	{"maxVersion": true}                             → {"maxVersion": "v1.37"}
//
// Whatever cannot be read is answered with {"error": "…"}.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	kjson "sigs.k8s.io/json"

	"kubectl-posture.test/oracles/lines"
	"kubectl-posture.test/oracles/pss/verdict"
)

// request is any of the requests; a field that is absent is not asked.
type request struct {
	Pod             json.RawMessage   `json:"pod"`
	Policies        []string          `json:"policies"`
	NamespaceLabels map[string]string `json:"namespaceLabels"`
	Defaults        modes             `json:"defaults"`
	Configuration   *string           `json:"configuration"`
	MaxVersion      bool              `json:"maxVersion"`
}

func main() {
	judge, err := verdict.New()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	lines.Serve(func(line []byte) any { return answer(judge, line) })
}

func answer(judge *verdict.Judge, line []byte) any {
	var asked request
	if err := json.Unmarshal(line, &asked); err != nil {
		return lines.Failed(err)
	}
	switch {
	case asked.Pod != nil:
		return judgePod(judge, asked.Pod, asked.Policies)
	case asked.NamespaceLabels != nil:
		return namespacePolicy(asked.NamespaceLabels, asked.Defaults)
	case asked.Configuration != nil:
		return loadConfiguration(*asked.Configuration)
	case asked.MaxVersion:
		return map[string]string{"maxVersion": judge.Newest()}
	default:
		return lines.Failed(errors.New("a request holds pod, namespaceLabels, configuration or maxVersion"))
	}
}

// judgePod reads the pod as the API server reads JSON (names are matched case
// by case) and applies no defaults.
func judgePod(judge *verdict.Judge, raw json.RawMessage, policies []string) any {
	var pod corev1.Pod
	if err := kjson.UnmarshalCaseSensitivePreserveInts(raw, &pod); err != nil {
		return lines.Failed(err)
	}
	return struct {
		Results []verdict.Result `json:"results"`
	}{judge.Pod(policies, &pod.ObjectMeta, &pod.Spec)}
}
