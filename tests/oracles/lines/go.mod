// The line protocol that every oracle speaks. Standard library only.
module kubectl-posture.test/oracles/lines

go 1.26.0
