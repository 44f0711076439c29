// This file answers what a PodSecurityConfiguration means, and whether a server
// would start with it.
package main

import (
	"k8s.io/pod-security-admission/admission/api"
	"k8s.io/pod-security-admission/admission/api/load"
	"k8s.io/pod-security-admission/admission/api/validation"

	"kubectl-posture.test/oracles/lines"
)

type configurationAnswer struct {
	Defaults   modes      `json:"defaults"`
	Exemptions exemptions `json:"exemptions"`
}

type exemptions struct {
	Usernames      []string `json:"usernames"`
	Namespaces     []string `json:"namespaces"`
	RuntimeClasses []string `json:"runtimeClasses"`
}

func loadConfiguration(text string) any {
	configuration, err := load.LoadFromData([]byte(text))
	if err != nil {
		return lines.Failed(err)
	}
	if errs := validation.ValidatePodSecurityConfiguration(configuration); len(errs) > 0 {
		return lines.Failed(errs.ToAggregate())
	}
	return configurationAnswer{
		Defaults:   modes(configuration.Defaults),
		Exemptions: exemptionsOf(configuration.Exemptions),
	}
}

// exemptionsOf prints absent lists as empty ones.
func exemptionsOf(found api.PodSecurityExemptions) exemptions {
	return exemptions{
		Usernames:      append([]string{}, found.Usernames...),
		Namespaces:     append([]string{}, found.Namespaces...),
		RuntimeClasses: append([]string{}, found.RuntimeClasses...),
	}
}
