// Command formats answers whether a text is what its format demands, by
// readers and validators that others wrote.
//
// Each request names a format and holds a text; the answer lists what is wrong,
// and nothing if all is well:
//
//	{"kind": "sarif", "text": "…"}                  → {"errors": ["…"]}
//	{"kind": "schema", "schema": "…", "text": "…"}  → {"errors": ["…"]}
//
// Of some formats it answers what a consumer finds in the text, or why it finds
// nothing:
//
//	{"kind": "junit", "text": "…"}  → {"suites": […]} or {"error": "…"}
package main

import (
	"encoding/json"
	"fmt"

	"kubectl-posture.test/oracles/lines"
)

// request is one text to judge.
type request struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
	// Schema is a JSON schema, for the kind that has none of its own.
	Schema string `json:"schema"`
}

// verdict is the answer to a request.
type verdict struct {
	Errors []string `json:"errors"`
}

// judges has the judge of each kind of text. It returns what is wrong.
var judges = map[string]func(asked request) []string{
	"sarif":  judgeSARIF,
	"schema": judgeSchema,
}

// readers has what reads the other kinds of text.
var readers = map[string]func(text string) any{
	"junit": readJUnit,
}

func main() {
	lines.Serve(answer)
}

func answer(line []byte) any {
	var asked request
	if err := json.Unmarshal(line, &asked); err != nil {
		return lines.Failed(err)
	}
	if read, known := readers[asked.Kind]; known {
		return read(asked.Text)
	}
	judge, known := judges[asked.Kind]
	if !known {
		return lines.Failed(fmt.Errorf("nobody judges %q", asked.Kind))
	}
	errors := judge(asked)
	if errors == nil {
		errors = []string{}
	}
	return verdict{Errors: errors}
}
