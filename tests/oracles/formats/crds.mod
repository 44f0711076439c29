// Where the definitions of report objects come from. Nothing here is compiled.
module kubectl-posture.test/oracles/formats

go 1.26.0

require (
	github.com/kyverno/kyverno v1.19.1
	github.com/openreports/reports-api v0.2.1
)
