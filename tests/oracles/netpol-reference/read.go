// This file reads the objects of a cluster, with the server's defaults.
package main

import (
	"encoding/json"
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	"k8s.io/kubernetes/pkg/apis/networking"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	"k8s.io/kubernetes/pkg/apis/networking/validation"
)

// cluster is what connections and policies depend on.
type cluster struct {
	namespaces map[string]*corev1.Namespace
	pods       map[string]*corev1.Pod
	nodes      []*corev1.Node
	policies   []*networkPolicy
	// admin and baseline are the policies of these tiers by priority.
	admin    []group
	baseline []group
}

// read returns a cluster, and the reasons for which the server would refuse
// NetworkPolicies.
func read(objects []json.RawMessage) (*cluster, []string, error) {
	c := &cluster{namespaces: map[string]*corev1.Namespace{}, pods: map[string]*corev1.Pod{}}
	var invalid []string
	tiered := map[string][]json.RawMessage{}
	for _, raw := range objects {
		var typed struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
		}
		if err := json.Unmarshal(raw, &typed); err != nil {
			return nil, nil, err
		}
		if schema.FromAPIVersionAndKind(typed.APIVersion, "").Group == tierGroup {
			// They select nodes, too: they are read when all of these are.
			tiered[typed.Kind] = append(tiered[typed.Kind], raw)
			continue
		}
		object, err := defaulted(raw)
		if err != nil {
			return nil, nil, err
		}
		switch object := object.(type) {
		case *corev1.Namespace:
			c.namespaces[object.Name] = object
		case *corev1.Pod:
			c.pods[object.Namespace+"/"+object.Name] = object
		case *corev1.Node:
			c.nodes = append(c.nodes, object)
		case *networkingv1.NetworkPolicy:
			reasons, err := refusals(object)
			if err != nil {
				return nil, nil, err
			}
			invalid = append(invalid, reasons...)
			policy, err := newNetworkPolicy(object)
			if err != nil {
				return nil, nil, err
			}
			c.policies = append(c.policies, policy)
		default:
			return nil, nil, fmt.Errorf("no policy depends on %T", object)
		}
	}
	var policies []*tierPolicy
	for kind, objects := range tiered {
		for _, raw := range objects {
			policy, err := readTierPolicy(kind, raw, c.nodes)
			if err != nil {
				return nil, nil, err
			}
			policies = append(policies, policy)
		}
	}
	c.admin = byPriority(policies, adminTier)
	c.baseline = byPriority(policies, baselineTier)
	return c, invalid, nil
}

// defaulted decodes an object into the version in which it is written, with
// the server's defaults.
func defaulted(raw []byte) (runtime.Object, error) {
	versions := schema.GroupVersions{corev1.SchemeGroupVersion, networkingv1.SchemeGroupVersion}
	return runtime.Decode(legacyscheme.Codecs.UniversalDecoder(versions...), raw)
}

// refusals are the reasons for which the server would not create a policy.
func refusals(policy *networkingv1.NetworkPolicy) ([]string, error) {
	internal := &networking.NetworkPolicy{}
	if err := legacyscheme.Scheme.Convert(policy, internal, nil); err != nil {
		return nil, err
	}
	var reasons []string
	for _, err := range validation.ValidateNetworkPolicy(internal, validation.NetworkPolicyValidationOptions{}) {
		reasons = append(reasons, fmt.Sprintf("%s/%s: %v", policy.Namespace, policy.Name, err))
	}
	return reasons, nil
}

// block is a stretch of addresses without some.
type block struct {
	cidr   netip.Prefix
	except []netip.Prefix
}

func newBlock(cidr string, except []string) (*block, error) {
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil {
		return nil, err
	}
	read := &block{cidr: prefix}
	for _, hole := range except {
		prefix, err := netip.ParsePrefix(hole)
		if err != nil {
			return nil, err
		}
		read.except = append(read.except, prefix)
	}
	return read, nil
}

func (b *block) holds(address netip.Addr) bool {
	if !b.cidr.Contains(address) {
		return false
	}
	for _, hole := range b.except {
		if hole.Contains(address) {
			return false
		}
	}
	return true
}
