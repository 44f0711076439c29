// Command yaml answers what kubectl reads from the bytes of a file, and what
// the YAML library under it makes of one document.
//
// Each request holds one of these, which says what is asked (bytes are base64):
//
//	{"stream": "…", "name": "x.yaml"} → {"docs": […], "docError": …, "objects": […], "errors": […]}
//	{"yaml": "…"}                     → {"json": …} or {"error": "…"}
package main

import (
	"encoding/json"
	"errors"

	"kubectl-posture.test/oracles/lines"
)

// request is either request; a field that is absent is not asked. A []byte is
// base64 in JSON.
type request struct {
	Stream *[]byte `json:"stream"`
	// Name is the file's name in kubectl's messages.
	Name string  `json:"name"`
	YAML *[]byte `json:"yaml"`
}

func main() {
	lines.Serve(answer)
}

func answer(line []byte) any {
	asked := request{Name: "stream.yaml"}
	if err := json.Unmarshal(line, &asked); err != nil {
		return lines.Failed(err)
	}
	switch {
	case asked.Stream != nil:
		return readStream(*asked.Stream, asked.Name)
	case asked.YAML != nil:
		return convert(*asked.YAML)
	default:
		return lines.Failed(errors.New("a request holds stream or yaml"))
	}
}
