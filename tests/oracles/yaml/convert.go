// This file converts one YAML document to JSON as every Kubernetes client does.
package main

import (
	"encoding/json"

	"sigs.k8s.io/yaml"

	"kubectl-posture.test/oracles/lines"
)

func convert(text []byte) any {
	converted, err := yaml.YAMLToJSON(text)
	if err != nil {
		return lines.Failed(err)
	}
	return struct {
		JSON json.RawMessage `json:"json"`
	}{converted}
}
