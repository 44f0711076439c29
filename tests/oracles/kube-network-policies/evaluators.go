// This file puts the engine's parts together over informers that have no client
// and are never started: we fill them.
package main

import (
	"context"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/kube-network-policies/pkg/api"
	"sigs.k8s.io/kube-network-policies/pkg/network"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
	admin "sigs.k8s.io/kube-network-policies/plugins/npa-v1alpha1"
	clusterwide "sigs.k8s.io/kube-network-policies/plugins/npa-v1alpha2"
	npav1alpha2 "sigs.k8s.io/network-policy-api/apis/v1alpha2"
	npainformers "sigs.k8s.io/network-policy-api/pkg/client/informers/externalversions"
)

// evaluators are the engine's tiers, in the order of its own command.
func (c *cluster) evaluators() ([]api.PolicyEvaluator, error) {
	policies := npainformers.NewSharedInformerFactory(nil, 0)
	clusterPolicies := policies.Policy().V1alpha2().ClusterNetworkPolicies()
	adminPolicies := policies.Policy().V1alpha1().AdminNetworkPolicies()
	baselinePolicies := policies.Policy().V1alpha1().BaselineAdminNetworkPolicies()
	nodes := informers.NewSharedInformerFactory(nil, 0).Core().V1().Nodes()
	for _, err := range []error{
		fill(clusterPolicies.Informer(), c.cluster),
		fill(adminPolicies.Informer(), c.admin),
		fill(baselinePolicies.Informer(), c.baseline),
		fill(nodes.Informer(), c.nodes),
	} {
		if err != nil {
			return nil, err
		}
	}
	ingress, err := c.standard(networkingv1.PolicyTypeIngress)
	if err != nil {
		return nil, err
	}
	egress, err := c.standard(networkingv1.PolicyTypeEgress)
	if err != nil {
		return nil, err
	}
	return []api.PolicyEvaluator{
		clusterwide.NewClusterNetworkPolicy(npav1alpha2.AdminTier, clusterPolicies, nil, nodes.Lister()),
		admin.NewAdminNetworkPolicy(adminPolicies, nil),
		&apart{PolicyEvaluator: ingress, egress: egress},
		clusterwide.NewClusterNetworkPolicy(npav1alpha2.BaselineTier, clusterPolicies, nil, nodes.Lister()),
		admin.NewBaselineAdminNetworkPolicy(baselinePolicies),
	}, nil
}

// standard judges by the NetworkPolicies of a direction.
func (c *cluster) standard(direction networkingv1.PolicyType) (api.PolicyEvaluator, error) {
	factory := informers.NewSharedInformerFactory(nil, 0)
	policies := factory.Networking().V1().NetworkPolicies()
	if err := fill(policies.Informer(), of(direction, c.networkPolicies)); err != nil {
		return nil, err
	}
	core := factory.Core().V1()
	return networkpolicy.NewStandardNetworkPolicy("", core.Namespaces(), core.Pods(), policies), nil
}

func fill[T any](informer cache.SharedIndexInformer, objects []*T) error {
	for _, object := range objects {
		if err := informer.GetIndexer().Add(object); err != nil {
			return err
		}
	}
	return nil
}

// apart judges each direction by its own policies.
type apart struct {
	api.PolicyEvaluator
	egress api.PolicyEvaluator
}

// EvaluateEgress asks the evaluator of the other direction.
func (a *apart) EvaluateEgress(ctx context.Context, packet *network.Packet, from, to *api.PodInfo) (api.Verdict, error) {
	return a.egress.EvaluateEgress(ctx, packet, from, to)
}
