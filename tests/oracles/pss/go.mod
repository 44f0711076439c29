// The module's root. Each vX.Y.Z.mod beside it is the real module file for that
// version of k8s.io/pod-security-admission: go build -modfile=vX.Y.Z.mod.
// It requires nothing, so that oracles/kubernetes can use the package verdict
// with its own version.
module kubectl-posture.test/oracles/pss

go 1.26.0
