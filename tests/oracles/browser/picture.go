package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/chromedp/chromedp"

	"kubectl-posture.test/oracles/lines"
)

// drawer is a program for browsers that draws pictures from text.
type drawer struct {
	// file lies beside this program.
	file string
	// call is a function of the text to a promise of {svg} or {error}.
	call string
}

var graphviz = drawer{file: "viz-global.js", call: `async (text) => {
	const viz = await Viz.instance();
	const drawn = viz.render(text, { format: "svg", engine: "dot" });
	// It has no fonts to measure letters with: that is about looks, and no mistake of the text.
	const errors = drawn.errors.filter((error) => !error.message.includes("no value for width")).map((error) => error.level + ": " + error.message).join("; ");
	return drawn.status === "success" && !errors ? { svg: drawn.output } : { error: errors || drawn.status };
}`}

// The limits are those that Mermaid has by itself, which are GitHub's too.
var mermaid = drawer{file: "mermaid.min.js", call: `async (text) => {
	mermaid.initialize({ startOnLoad: false, securityLevel: "strict", suppressErrorRendering: true });
	try {
		await mermaid.parse(text);
		return await mermaid.render("picture", text).then((drawn) => ({ svg: drawn.svg }));
	} catch (error) {
		return { error: String(error.message || error) };
	}
}`}

// picture is the answer to a picture.
type picture struct {
	SVG   string `json:"svg,omitempty"`
	Error string `json:"error,omitempty"`
}

// draw has a text drawn.
func draw(tab context.Context, by drawer, text string) (picture, error) {
	self, err := os.Executable()
	if err != nil {
		return picture{}, err
	}
	program, err := os.ReadFile(filepath.Join(filepath.Dir(self), by.file))
	if err != nil {
		return picture{}, err
	}
	argument, err := json.Marshal(text)
	if err != nil {
		return picture{}, err
	}
	// A page that comes from somewhere: programs ask where they are.
	page, err := os.CreateTemp("", "picture-*.html")
	if err != nil {
		return picture{}, err
	}
	defer os.Remove(page.Name())
	if err := page.Close(); err != nil {
		return picture{}, err
	}
	var answer picture
	err = chromedp.Run(tab,
		chromedp.Navigate("file://"+page.Name()),
		chromedp.Evaluate(string(program)+"\n;0", nil),
		chromedp.Evaluate(fmt.Sprintf("(%s)(%s)", by.call, argument), &answer, awaited))
	return answer, err
}

// drawn is an answer, or that there is none.
func drawn(answer picture, err error) any {
	if err != nil {
		return lines.Failed(err)
	}
	return answer
}
