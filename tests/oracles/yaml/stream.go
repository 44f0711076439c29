// This file reads a stream as kubectl reads one file given by -f.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
	"k8s.io/apimachinery/pkg/runtime"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/cli-runtime/pkg/resource"
)

type streamAnswer struct {
	// Docs are the documents as JSON, before lists are flattened; empty ones
	// are left out.
	Docs []json.RawMessage `json:"docs"`
	// DocError is the error at which the stream ended; null at its true end.
	DocError *string `json:"docError"`
	// Objects are what a kubectl command gets to see, and Errors what it
	// prints.
	Objects []json.RawMessage `json:"objects"`
	Errors  []string          `json:"errors"`
}

func readStream(content []byte, name string) streamAnswer {
	answer := streamAnswer{Docs: []json.RawMessage{}, Objects: []json.RawMessage{}, Errors: []string{}}
	answer.cut(content)
	answer.build(content, name)
	return answer
}

// open decodes a byte order mark as kubectl's FileVisitor does; bytes that are
// no UTF-8 become U+FFFD.
func open(content []byte) io.Reader {
	return transform.NewReader(bytes.NewReader(content), unicode.BOMOverride(unicode.UTF8.NewDecoder()))
}

// cut is the loop of cli-runtime's StreamVisitor.
func (a *streamAnswer) cut(content []byte) {
	decoder := utilyaml.NewYAMLOrJSONDecoder(open(content), 4096)
	for {
		document := runtime.RawExtension{}
		if err := decoder.Decode(&document); err != nil {
			if err != io.EOF {
				text := err.Error()
				a.DocError = &text
			}
			return
		}
		raw := bytes.TrimSpace(document.Raw)
		if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
			continue
		}
		a.Docs = append(a.Docs, raw)
	}
}

// build runs kubectl's own resource builder, without a server.
func (a *streamAnswer) build(content []byte, name string) {
	err := resource.NewLocalBuilder().
		Unstructured().
		ContinueOnError().
		Stream(open(content), name).
		Flatten().
		Do().
		Visit(func(info *resource.Info, err error) error {
			if err != nil {
				return err
			}
			object, err := json.Marshal(info.Object)
			if err != nil {
				return err
			}
			a.Objects = append(a.Objects, object)
			return nil
		})
	a.Errors = append(a.Errors, messages(err)...)
}

// messages lists the errors that err holds.
func messages(err error) []string {
	var several utilerrors.Aggregate
	switch {
	case err == nil:
		return nil
	case errors.As(err, &several):
		var all []string
		for _, one := range several.Errors() {
			all = append(all, messages(one)...)
		}
		return all
	default:
		return []string{err.Error()}
	}
}
