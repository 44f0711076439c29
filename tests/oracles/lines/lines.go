// Package lines is the protocol of the oracles: one JSON value per line in,
// one JSON value per line out, in the same order.
package lines

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/debug"
)

// bufferSize is how much of the input is read ahead. A line may be longer:
// ReadBytes has no limit.
const bufferSize = 1 << 20

// Answer turns one request into the value that is printed for it.
type Answer func(request []byte) any

// Serve answers standard input on standard output until end of file, and ends
// the process. A request that panics is answered with {"panic": "…"}, so that
// one bad input does not cost a batch.
func Serve(answer Answer) {
	if err := serve(os.Stdin, os.Stdout, answer); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(in io.Reader, out io.Writer, answer Answer) error {
	reader := bufio.NewReaderSize(in, bufferSize)
	writer := bufio.NewWriterSize(out, bufferSize)
	for {
		line, err := reader.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return err
		}
		if request := bytes.TrimSpace(line); len(request) > 0 {
			if _, failed := writer.Write(encode(guard(answer, request))); failed != nil {
				return failed
			}
		}
		// A caller that waits for an answer before it sends the next request
		// must get it now; one that sends a batch is not slowed by a system
		// call per line.
		if reader.Buffered() == 0 || err == io.EOF {
			if failed := writer.Flush(); failed != nil {
				return failed
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

// guard runs answer and turns a panic into an answer.
func guard(answer Answer, request []byte) (value any) {
	defer func() {
		if recovered := recover(); recovered != nil {
			fmt.Fprintf(os.Stderr, "%v\n%s", recovered, debug.Stack())
			value = map[string]string{"panic": fmt.Sprint(recovered)}
		}
	}()
	return answer(request)
}

// encode writes value as one line. Go escapes <, > and & by default, which no
// reader of ours needs.
func encode(value any) []byte {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		line.Reset()
		if err := encoder.Encode(Failed(err)); err != nil {
			panic(err)
		}
	}
	return line.Bytes()
}

// Failure is the answer to a request that could not be read.
type Failure struct {
	Error string `json:"error"`
}

// Failed wraps err as an answer.
func Failed(err error) Failure {
	return Failure{Error: err.Error()}
}
