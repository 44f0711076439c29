// This file answers which policy a namespace's labels ask for.
package main

import (
	"k8s.io/pod-security-admission/api"

	"kubectl-posture.test/oracles/lines"
)

// modes are the defaults of a server, and the names that its configuration
// file gives them in camel case. An empty level is privileged, an empty version
// latest, as in that file.
type modes struct {
	Enforce        string `json:"enforce"`
	EnforceVersion string `json:"enforceVersion"`
	Audit          string `json:"audit"`
	AuditVersion   string `json:"auditVersion"`
	Warn           string `json:"warn"`
	WarnVersion    string `json:"warnVersion"`
}

type levelVersion struct {
	Level   string `json:"level"`
	Version string `json:"version"`
}

type policyAnswer struct {
	Policy struct {
		Enforce levelVersion `json:"enforce"`
		Audit   levelVersion `json:"audit"`
		Warn    levelVersion `json:"warn"`
	} `json:"policy"`
	// Errors are the label errors, as the API server words them.
	Errors []string `json:"errors"`
}

func namespacePolicy(labels map[string]string, defaults modes) any {
	fallback, err := defaults.policy()
	if err != nil {
		return lines.Failed(err)
	}
	policy, errs := api.PolicyToEvaluate(labels, fallback)
	answer := policyAnswer{Errors: []string{}}
	answer.Policy.Enforce = printed(policy.Enforce)
	answer.Policy.Audit = printed(policy.Audit)
	answer.Policy.Warn = printed(policy.Warn)
	for _, err := range errs {
		answer.Errors = append(answer.Errors, err.Error())
	}
	return answer
}

func printed(policy api.LevelVersion) levelVersion {
	return levelVersion{Level: string(policy.Level), Version: policy.Version.String()}
}

func (m modes) policy() (api.Policy, error) {
	var policy api.Policy
	for _, mode := range []struct {
		into           *api.LevelVersion
		level, version string
	}{
		{&policy.Enforce, m.Enforce, m.EnforceVersion},
		{&policy.Audit, m.Audit, m.AuditVersion},
		{&policy.Warn, m.Warn, m.WarnVersion},
	} {
		mode.into.Level, mode.into.Version = api.LevelPrivileged, api.LatestVersion()
		var err error
		if mode.level != "" {
			if mode.into.Level, err = api.ParseLevel(mode.level); err != nil {
				return policy, err
			}
		}
		if mode.version != "" {
			if mode.into.Version, err = api.ParseVersion(mode.version); err != nil {
				return policy, err
			}
		}
	}
	return policy, nil
}
