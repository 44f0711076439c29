// Where the definitions of cluster-wide network policies come from. Nothing here is compiled.
module kubectl-posture.test/oracles/kubernetes

go 1.26.0

require sigs.k8s.io/network-policy-api v0.1.7
