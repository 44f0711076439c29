// This file lists the kinds that hold a pod or a pod template.
package main

import (
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/kubernetes/pkg/apis/apps"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	"k8s.io/kubernetes/pkg/apis/batch"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	"k8s.io/kubernetes/pkg/registry/apps/daemonset"
	"k8s.io/kubernetes/pkg/registry/apps/deployment"
	"k8s.io/kubernetes/pkg/registry/apps/replicaset"
	"k8s.io/kubernetes/pkg/registry/apps/statefulset"
	"k8s.io/kubernetes/pkg/registry/batch/cronjob"
	"k8s.io/kubernetes/pkg/registry/batch/job"
	"k8s.io/kubernetes/pkg/registry/core/pod"
	"k8s.io/kubernetes/pkg/registry/core/podtemplate"
	"k8s.io/kubernetes/pkg/registry/core/replicationcontroller"
)

// kind is what the server's storage of one resource is made of.
type kind struct {
	gvk      schema.GroupVersionKind
	resource string
	strategy rest.RESTCreateStrategy
	// internal and versioned return an empty object to decode or convert into.
	internal  func() runtime.Object
	versioned func() versioned
}

var podKind = &kind{corev1.SchemeGroupVersion.WithKind("Pod"), "pods", pod.Strategy,
	func() runtime.Object { return &core.Pod{} },
	func() versioned { return &corev1.Pod{} }}

var kinds = []*kind{
	podKind,
	{corev1.SchemeGroupVersion.WithKind("PodTemplate"), "podtemplates", podtemplate.Strategy,
		func() runtime.Object { return &core.PodTemplate{} },
		func() versioned { return &corev1.PodTemplate{} }},
	{corev1.SchemeGroupVersion.WithKind("ReplicationController"), "replicationcontrollers", replicationcontroller.Strategy,
		func() runtime.Object { return &core.ReplicationController{} },
		func() versioned { return &corev1.ReplicationController{} }},
	{appsv1.SchemeGroupVersion.WithKind("ReplicaSet"), "replicasets", replicaset.Strategy,
		func() runtime.Object { return &apps.ReplicaSet{} },
		func() versioned { return &appsv1.ReplicaSet{} }},
	{appsv1.SchemeGroupVersion.WithKind("Deployment"), "deployments", deployment.Strategy,
		func() runtime.Object { return &apps.Deployment{} },
		func() versioned { return &appsv1.Deployment{} }},
	{appsv1.SchemeGroupVersion.WithKind("StatefulSet"), "statefulsets", statefulset.Strategy,
		func() runtime.Object { return &apps.StatefulSet{} },
		func() versioned { return &appsv1.StatefulSet{} }},
	{appsv1.SchemeGroupVersion.WithKind("DaemonSet"), "daemonsets", daemonset.Strategy,
		func() runtime.Object { return &apps.DaemonSet{} },
		func() versioned { return &appsv1.DaemonSet{} }},
	{batchv1.SchemeGroupVersion.WithKind("Job"), "jobs", job.Strategy,
		func() runtime.Object { return &batch.Job{} },
		func() versioned { return &batchv1.Job{} }},
	{batchv1.SchemeGroupVersion.WithKind("CronJob"), "cronjobs", cronjob.Strategy,
		func() runtime.Object { return &batch.CronJob{} },
		func() versioned { return &batchv1.CronJob{} }},
}

// kindOf finds the kind that a client would address with this object.
func kindOf(raw json.RawMessage) (*kind, error) {
	var typed struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if err := json.Unmarshal(raw, &typed); err != nil {
		return nil, err
	}
	gvk := schema.FromAPIVersionAndKind(typed.APIVersion, typed.Kind)
	for _, kind := range kinds {
		if kind.gvk == gvk {
			return kind, nil
		}
	}
	return nil, fmt.Errorf("no pods come from kind %q in version %q", typed.Kind, typed.APIVersion)
}
