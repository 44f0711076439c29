package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"github.com/joshdk/go-junit"

	"kubectl-posture.test/oracles/lines"
)

// readJUnit reads a report as a consumer of JUnit does. The consumer's reader
// is lenient about the document as a whole, so Go's own goes first.
func readJUnit(text string) any {
	if err := wellFormed(text); err != nil {
		return lines.Failed(err)
	}
	suites, err := junit.Ingest([]byte(text))
	if err != nil {
		return lines.Failed(err)
	}
	type test struct {
		junit.Test
		// Error hides the field of that name: an error says nothing in JSON.
		Error *junit.Error `json:"error"`
	}
	type suite struct {
		junit.Suite
		Tests []test `json:"tests"`
	}
	answer := make([]suite, 0, len(suites))
	for _, own := range suites {
		tests := make([]test, 0, len(own.Tests))
		for _, one := range own.Tests {
			converted := test{Test: one}
			var failure junit.Error
			if errors.As(one.Error, &failure) {
				converted.Error = &failure
			}
			tests = append(tests, converted)
		}
		answer = append(answer, suite{own, tests})
	}
	return map[string]any{"suites": answer}
}

// wellFormed reads the document to its end: one element, and nothing behind it.
func wellFormed(text string) error {
	decoder := xml.NewDecoder(strings.NewReader(text))
	depth, roots := 0, 0
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		switch token.(type) {
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			depth++
		case xml.EndElement:
			depth--
		}
	}
	if roots != 1 {
		return errors.New("not exactly one element at the root")
	}
	return nil
}
