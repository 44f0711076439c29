// This file makes the pod that a workload's controller would ask for.
package main

import (
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/controller"
)

// podOf returns nil for a pod, which no controller creates, and for a workload
// without template. A PodTemplate is treated as if a controller used it.
func podOf(stored versioned) (*corev1.Pod, error) {
	template := templateOf(stored)
	if template == nil {
		return nil, nil
	}
	pod, err := controller.GetPodFromTemplate(template, stored, nil)
	if err != nil {
		return nil, err
	}
	pod.SetGroupVersionKind(podKind.gvk)
	pod.Namespace = stored.GetNamespace()
	if set, isSet := stored.(*appsv1.StatefulSet); isSet {
		pod.Name = set.Name + "-0"
		replaceClaimed(&pod.Spec, set.Spec.VolumeClaimTemplates)
	}
	return pod, nil
}

func templateOf(stored versioned) *corev1.PodTemplateSpec {
	switch workload := stored.(type) {
	case *corev1.PodTemplate:
		return &workload.Template
	case *corev1.ReplicationController:
		return workload.Spec.Template
	case *appsv1.ReplicaSet:
		return &workload.Spec.Template
	case *appsv1.Deployment:
		return &workload.Spec.Template
	case *appsv1.StatefulSet:
		return &workload.Spec.Template
	case *appsv1.DaemonSet:
		return &workload.Spec.Template
	case *batchv1.Job:
		return &workload.Spec.Template
	case *batchv1.CronJob:
		return &workload.Spec.JobTemplate.Spec.Template
	default:
		return nil
	}
}

// replaceClaimed puts a StatefulSet's claims in the place of the template's
// volumes of the same name, as its controller does: such a volume is gone,
// whatever it was.
func replaceClaimed(spec *corev1.PodSpec, claims []corev1.PersistentVolumeClaim) {
	claimed := map[string]bool{}
	var volumes []corev1.Volume
	for _, claim := range claims {
		if claimed[claim.Name] {
			continue
		}
		claimed[claim.Name] = true
		volumes = append(volumes, corev1.Volume{
			Name: claim.Name,
			VolumeSource: corev1.VolumeSource{
				PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim.Name},
			},
		})
	}
	for _, volume := range spec.Volumes {
		if !claimed[volume.Name] {
			volumes = append(volumes, volume)
		}
	}
	spec.Volumes = volumes
}
