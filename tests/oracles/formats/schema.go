package main

import (
	"github.com/xeipuuv/gojsonschema"
)

// judgeSchema validates a text against the schema that comes with it.
func judgeSchema(asked request) []string {
	schema, err := gojsonschema.NewSchema(gojsonschema.NewStringLoader(asked.Schema))
	if err != nil {
		return []string{"the schema: " + err.Error()}
	}
	return violations(schema, asked.Text)
}

// violations lists what a schema says against a text.
func violations(schema *gojsonschema.Schema, text string) []string {
	result, err := schema.Validate(gojsonschema.NewStringLoader(text))
	if err != nil {
		return []string{err.Error()}
	}
	var errors []string
	for _, found := range result.Errors() {
		errors = append(errors, found.String())
	}
	return errors
}
