// The oracle for the profiles that runtimes give a container by default: the
// files of containerd, moby and containers-common that define them, each
// version beside the others.
module kubectl-posture.test/oracles/seccomp-defaults

go 1.26.0

require (
	github.com/opencontainers/runtime-spec v1.3.0
	golang.org/x/sys v0.49.0
	kubectl-posture.test/oracles/lines v0.0.0
)

replace kubectl-posture.test/oracles/lines => ../lines
