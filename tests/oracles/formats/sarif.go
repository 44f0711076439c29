package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/xeipuuv/gojsonschema"
)

// schemaFile is the schema of SARIF 2.1.0 that OASIS publishes, beside this
// program: tests/judges/build takes it out of the module that carries it.
const schemaFile = "sarif-schema.json"

// schema reads the schema once.
var schema = sync.OnceValues(func() (*gojsonschema.Schema, error) {
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(filepath.Dir(own), schemaFile))
	if err != nil {
		return nil, err
	}
	return gojsonschema.NewSchema(gojsonschema.NewBytesLoader(text))
})

// judgeSARIF validates a text against the schema of the standard, and has it
// read by a reader of others.
func judgeSARIF(asked request) []string {
	schema, err := schema()
	if err != nil {
		return []string{fmt.Sprintf("no schema: %v", err)}
	}
	errors := violations(schema, asked.Text)
	if _, err := sarif.FromString(asked.Text); err != nil {
		errors = append(errors, err.Error())
	}
	return errors
}
