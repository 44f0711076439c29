// This file asks Pod Security about what was created, as its admission plugin
// does.
package main

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/admission"

	"kubectl-posture.test/oracles/pss/verdict"
)

// created is an object at the point where validating admission is called.
type created struct {
	stored  versioned
	invalid []string
}

// admitted is what is printed of it.
type admitted struct {
	// Invalid are the reasons for which validation refuses the object.
	Invalid []string `json:"invalid"`
	// Metadata and Spec are those of the pod or of the pod template; absent if
	// there is none, or if the request wants none.
	Metadata *metadata        `json:"metadata,omitempty"`
	Spec     *corev1.PodSpec  `json:"spec,omitempty"`
	Results  []verdict.Result `json:"results"`
}

type metadata struct {
	Annotations map[string]string `json:"annotations"`
}

func (c *created) judge(judge *verdict.Judge, asked question) (*admitted, error) {
	podMetadata, podSpec, err := admission.DefaultPodSpecExtractor{}.ExtractPodSpec(c.stored)
	if err != nil {
		return nil, err
	}
	answer := &admitted{Invalid: c.invalid, Results: []verdict.Result{}}
	if podSpec == nil {
		return answer, nil // a ReplicationController without template
	}
	answer.Results = judge.Pod(asked.Policies, podMetadata, podSpec)
	if !asked.OmitSpec {
		answer.Metadata = &metadata{Annotations: podMetadata.Annotations}
		answer.Spec = podSpec
	}
	return answer, nil
}
