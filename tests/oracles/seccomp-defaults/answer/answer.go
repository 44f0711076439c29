// Package answer serves the profiles of many versions to whoever asks.
//
//	{} → {"sources": [{"name": "containerd@1.7.35", "code": "…"}, …]}
//	{"source": "…", "arch": "amd64", "kernel": [6, 8], "caps": ["CAP_CHOWN"]} →
//	    {"resolved": 17, "gates": [[4, 8]]}
//	{"number": 17} → {"profile": …}
//
// Sources with the same code give the same answers; resolved is the number of
// linux.seccomp of the container, which many containers share; gates are the
// kernels that the version asked about.
package answer

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/opencontainers/runtime-spec/specs-go"
	"kubectl-posture.test/oracles/lines"
	"kubectl-posture.test/oracles/seccomp-defaults/machine"
)

// Source is one version.
type Source struct {
	// Name is the runtime and its version.
	Name string `json:"name"`
	// Code is alike where two versions have the same files.
	Code string `json:"code"`
	// Resolve is the profile of one container.
	Resolve func(*specs.Spec) (*specs.LinuxSeccomp, error) `json:"-"`
}

// Always makes a Resolve of what cannot fail.
func Always(profile func(*specs.Spec) *specs.LinuxSeccomp) func(*specs.Spec) (*specs.LinuxSeccomp, error) {
	return func(spec *specs.Spec) (*specs.LinuxSeccomp, error) { return profile(spec), nil }
}

type request struct {
	Source string    `json:"source"`
	Number *int      `json:"number"`
	Arch   string    `json:"arch"`
	Kernel [2]uint64 `json:"kernel"`
	Caps   []string  `json:"caps"`
}

// known are the profiles that were answered, by their numbers, and their
// numbers.
var (
	known   []json.RawMessage
	numbers = map[string]int{}
)

// Serve answers until the input ends.
func Serve(sources []Source) {
	lines.Serve(func(line []byte) any {
		var asked request
		if err := json.Unmarshal(line, &asked); err != nil {
			return lines.Failed(err)
		}
		if asked.Number != nil {
			if *asked.Number < 0 || *asked.Number >= len(known) {
				return lines.Failed(errors.New("no such number"))
			}
			return map[string]any{"profile": known[*asked.Number]}
		}
		if asked.Source == "" {
			return map[string]any{"sources": sources}
		}
		for _, source := range sources {
			if source.Name == asked.Source {
				return one(source, asked)
			}
		}
		return lines.Failed(fmt.Errorf("no source %q", asked.Source))
	})
}

func one(source Source, asked request) any {
	machine.GOARCH, machine.Kernel = asked.Arch, asked.Kernel
	machine.Gates()
	resolved, err := source.Resolve(&specs.Spec{Process: &specs.Process{
		Capabilities: &specs.LinuxCapabilities{Bounding: asked.Caps},
	}})
	if err != nil {
		return lines.Failed(err)
	}
	text, err := json.Marshal(resolved)
	if err != nil {
		return lines.Failed(err)
	}
	number, ok := numbers[string(text)]
	if !ok {
		number = len(known)
		known, numbers[string(text)] = append(known, text), number
	}
	return map[string]any{"resolved": number, "gates": machine.Gates()}
}
