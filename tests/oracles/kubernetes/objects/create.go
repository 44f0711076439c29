// This file takes an object through the API server's create path, up to the
// point where validating admission is called.
package main

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
)

// versioned is an object in the version that clients see.
type versioned interface {
	runtime.Object
	metav1.Object
}

// create runs the steps between decoding and validating admission, in the
// server's order; mutating admission is left out. It returns the object as it
// would be stored, and what admission gets to see of it. An object that
// validation refuses never reaches admission; it is judged all the same.
func create(kind *kind, object runtime.Object) (versioned, *created, error) {
	metadata := object.(metav1.Object)
	rest.WipeObjectMetaSystemFields(metadata)
	if metadata.GetNamespace() == "" {
		metadata.SetNamespace(metav1.NamespaceDefault)
	}
	rest.FillObjectMetaSystemFields(metadata)
	// The UID gets into the labels of a job's pods: the same every time.
	metadata.SetUID("00000000-0000-0000-0000-000000000000")
	if metadata.GetName() == "" && metadata.GetGenerateName() != "" {
		metadata.SetName(generatedName(metadata.GetGenerateName()))
	}

	ctx := requestContext(kind, metadata.GetNamespace())
	kind.strategy.PrepareForCreate(ctx, object)
	invalid := rest.ValidateCreate(ctx, object, kind.strategy)
	kind.strategy.Canonicalize(object)

	stored := kind.versioned()
	if err := legacyscheme.Scheme.Convert(object, stored, nil); err != nil {
		return nil, nil, err
	}
	return stored, &created{stored: stored, invalid: messages(invalid)}, nil
}

// requestContext holds what strategies ask about the request.
func requestContext(kind *kind, namespace string) context.Context {
	ctx := request.WithNamespace(context.Background(), namespace)
	return request.WithRequestInfo(ctx, &request.RequestInfo{
		IsResourceRequest: true,
		Verb:              "create",
		APIPrefix:         "apis",
		APIGroup:          kind.gvk.Group,
		APIVersion:        kind.gvk.Version,
		Resource:          kind.resource,
		Namespace:         namespace,
	})
}

// generatedName completes a name as the server does, but not at random.
func generatedName(prefix string) string {
	const longest, suffix = 63, "xxxxx"
	if len(prefix) > longest-len(suffix) {
		prefix = prefix[:longest-len(suffix)]
	}
	return prefix + suffix
}
