// Command types prints the Go types that the API server decodes workloads,
// namespaces and network policies into, as a table: what may stand in each field, and what the
// server calls its type when something else stands there.
package main

import (
	"bufio"
	"fmt"
	"os"
	"reflect"
	"runtime/debug"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

const header = `# The types that the API server decodes workloads, namespaces and network
# policies into.
# Made from k8s.io/api %s (Apache-2.0, The Kubernetes Authors) by
#   "$(tests/judges/build)/kubernetes-types"
#
# One line per struct: KEY<tab>FIELD,FIELD,…, where
#   KEY    package.Struct: the part after the dot is what errors call the struct
#   FIELD  NAME[@EMBEDDED]:GOTYPE:SHAPE
#   NAME   the JSON name; EMBEDDED the embedded Go struct that the field comes
#          from, which errors name in the path before the field
#   GOTYPE the type as errors name it
#   SHAPE  bool, string, int32, int64, bytes (base64); struct(KEY);
#          list(GOTYPE:SHAPE); map(GOTYPE:SHAPE), of the elements or values, keys
#          are strings; custom(TYPE), which decodes itself
# Lines are sorted by bytes, fields by the bytes of their names.
`

func main() {
	table := newTable()
	for _, root := range []any{
		corev1.Pod{}, corev1.PodTemplate{}, corev1.ReplicationController{}, corev1.Namespace{},
		appsv1.ReplicaSet{}, appsv1.Deployment{}, appsv1.StatefulSet{}, appsv1.DaemonSet{},
		batchv1.Job{}, batchv1.CronJob{}, networkingv1.NetworkPolicy{},
	} {
		table.shape(reflect.TypeOf(root))
	}
	out := bufio.NewWriter(os.Stdout)
	fmt.Fprintf(out, header, moduleVersion("k8s.io/api"))
	for _, line := range table.lines() {
		fmt.Fprintln(out, line)
	}
	if err := out.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// moduleVersion returns the version of a module in this binary.
func moduleVersion(path string) string {
	info, found := debug.ReadBuildInfo()
	if !found {
		panic("the binary has no build information")
	}
	for _, module := range info.Deps {
		switch {
		case module.Path != path:
		case module.Replace != nil:
			return module.Replace.Version
		default:
			return module.Version
		}
	}
	panic("no module " + path)
}
