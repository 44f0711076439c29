// This file reads an object as the API server's create handler does.
package main

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
)

// decode reads raw into the server's own version of the kind, defaults
// included. It returns what strict reading found beside the object, and the
// server's message as the error.
func decode(kind *kind, raw []byte) (runtime.Object, []string, error) {
	media, found := runtime.SerializerInfoForMediaType(legacyscheme.Codecs.SupportedMediaTypes(), runtime.ContentTypeJSON)
	if !found {
		panic("no JSON serializer is registered")
	}
	hub := schema.GroupVersion{Group: kind.gvk.Group, Version: runtime.APIVersionInternal}
	decoder := legacyscheme.Codecs.DecoderToVersion(media.StrictSerializer, hub)

	assumed := kind.gvk
	object, gvk, err := decoder.Decode(raw, &assumed, kind.internal())
	strict, isStrict := runtime.AsStrictDecodingError(err)
	switch {
	case err == nil:
		return object, []string{}, nil
	case isStrict && object != nil:
		return object, messages(strict.Errors()), nil
	case gvk != nil && gvk.Kind != "":
		return nil, nil, fmt.Errorf("%s in version %q cannot be handled as a %s: %w", gvk.Kind, gvk.Version, kind.gvk.Kind, err)
	default:
		return nil, nil, fmt.Errorf("the object provided is unrecognized (must be of type %s): %w", kind.gvk.Kind, err)
	}
}

func messages[E error](errs []E) []string {
	texts := make([]string, 0, len(errs))
	for _, err := range errs {
		texts = append(texts, err.Error())
	}
	return texts
}
