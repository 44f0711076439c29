// Package verdict asks Kubernetes' own policy library what it thinks of a pod.
// It compiles against every minor of k8s.io/pod-security-admission that a
// module file beside it names.
package verdict

import (
	"fmt"
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// Result is the verdict of one policy on one pod.
type Result struct {
	Policy  string `json:"policy"`
	Allowed bool   `json:"allowed"`
	// Reasons and Details are parallel; a detail may be empty.
	Reasons []string `json:"reasons"`
	Details []string `json:"details"`
	// Detail is the list of violations as admission prints it.
	Detail string `json:"detail"`
	// Error says why a policy could not be read; the rest is then empty.
	Error string `json:"error,omitempty"`
}

// Judge holds the checks of one library version.
type Judge struct {
	evaluator policy.Evaluator
	newest    api.Version
}

// New returns a judge with the checks that are on by default.
func New() (*Judge, error) {
	checks := policy.DefaultChecks()
	evaluator, err := newEvaluator(checks)
	if err != nil {
		return nil, err
	}
	return &Judge{evaluator: evaluator, newest: newestRevision(checks)}, nil
}

// newEvaluator calls policy.NewEvaluator, whose parameters depend on the
// library's version: what follows the checks (the version to emulate) is left
// at its zero value. Calling by reflection spares a build tag per minor.
func newEvaluator(checks []policy.Check) (policy.Evaluator, error) {
	function := reflect.ValueOf(policy.NewEvaluator)
	arguments := []reflect.Value{reflect.ValueOf(checks)}
	for i := 1; i < function.Type().NumIn(); i++ {
		arguments = append(arguments, reflect.Zero(function.Type().In(i)))
	}
	returned := function.Call(arguments)
	if err, failed := returned[1].Interface().(error); failed {
		return nil, err
	}
	return returned[0].Interface().(policy.Evaluator), nil
}

// newestRevision is the version that the library judges by when it is asked
// for a later one: the newest minimum version of its checks.
func newestRevision(checks []policy.Check) api.Version {
	newest := api.MajorMinorVersion(1, 0)
	for _, check := range checks {
		for _, revision := range check.Versions {
			if newest.Older(revision.MinimumVersion) {
				newest = revision.MinimumVersion
			}
		}
	}
	return newest
}

// Newest returns the newest policy version that differs from its predecessor.
func (j *Judge) Newest() string {
	return j.newest.String()
}

// Pod judges one pod by each policy, in their order.
func (j *Judge) Pod(policies []string, metadata *metav1.ObjectMeta, spec *corev1.PodSpec) []Result {
	results := make([]Result, 0, len(policies))
	for _, name := range policies {
		results = append(results, j.one(name, metadata, spec))
	}
	return results
}

func (j *Judge) one(name string, metadata *metav1.ObjectMeta, spec *corev1.PodSpec) Result {
	result := Result{Policy: name, Reasons: []string{}, Details: []string{}}
	levelVersion, err := parse(name)
	if err != nil {
		result.Error = err.Error()
		return result
	}
	verdict := policy.AggregateCheckResults(j.evaluator.EvaluatePod(levelVersion, metadata, spec))
	result.Allowed = verdict.Allowed
	result.Reasons = append(result.Reasons, verdict.ForbiddenReasons...)
	result.Details = append(result.Details, verdict.ForbiddenDetails...)
	result.Detail = verdict.ForbiddenDetail()
	return result
}

// parse reads LEVEL:VERSION.
func parse(name string) (api.LevelVersion, error) {
	level, version, found := strings.Cut(name, ":")
	if !found {
		return api.LevelVersion{}, fmt.Errorf("policy %q is not LEVEL:VERSION", name)
	}
	parsedLevel, err := api.ParseLevel(level)
	if err != nil {
		return api.LevelVersion{}, fmt.Errorf("level %q: %w", level, err)
	}
	parsedVersion, err := api.ParseVersion(version)
	if err != nil {
		return api.LevelVersion{}, fmt.Errorf("version %q: %w", version, err)
	}
	return api.LevelVersion{Level: parsedLevel, Version: parsedVersion}, nil
}
