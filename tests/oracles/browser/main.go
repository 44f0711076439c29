// Command browser opens pages and pictures in a real browser, without a window,
// and answers what it saw.
//
// Each request is one of three:
//
//	{"page": "/path/page.html", "steps": […]}  → {"answers": […], "requests": […], "complaints": […], "milliseconds": 123}
//	{"dot": "digraph {…}"}                     → {"svg": "…"} or {"error": "…"}
//	{"mermaid": "flowchart LR …"}              → {"svg": "…"} or {"error": "…"}
//
// A page is opened anew for each request. `requests` lists what the page asked
// anybody for, `complaints` what the browser wrote into its console. A graph in
// the language of Graphviz is drawn by Graphviz itself, compiled for browsers,
// and one of Mermaid by Mermaid; both lie beside this program.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/chromedp/chromedp"

	"kubectl-posture.test/oracles/lines"
)

// patience is how long one request may take.
const patience = 60 * time.Second

// names are what the browser is called, the smallest first.
var names = []string{
	"chromium-headless-shell", "chrome-headless-shell", "chromium", "chromium-browser",
	"google-chrome-stable", "google-chrome",
}

// request is what to open.
type request struct {
	Page    string `json:"page"`
	Address string `json:"address"` // what comes after #
	Width   int64  `json:"width"`
	Height  int64  `json:"height"`
	Dark    bool   `json:"dark"`
	Steps   []step `json:"steps"`
	Dot     string `json:"dot"`
	Mermaid string `json:"mermaid"`
}

func main() {
	program, err := find()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.DisableGPU, chromedp.NoSandbox,
		chromedp.Flag("disable-dev-shm-usage", true))
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	defer end()
	browser, closeBrowser := chromedp.NewContext(allocator)
	defer closeBrowser()
	if err := chromedp.Run(browser); err != nil {
		fmt.Fprintf(os.Stderr, "cannot start %s: %v\n", program, err)
		os.Exit(1)
	}
	lines.Serve(func(line []byte) any { return answer(browser, line) })
}

// find returns the path of a browser.
func find() (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no browser: install Chromium (Debian: apt-get install chromium-headless-shell)")
}

func answer(browser context.Context, line []byte) any {
	var asked request
	if err := json.Unmarshal(line, &asked); err != nil {
		return lines.Failed(err)
	}
	tab, end := chromedp.NewContext(browser)
	defer end()
	tab, stop := context.WithTimeout(tab, patience)
	defer stop()
	switch {
	case asked.Dot != "":
		return drawn(draw(tab, graphviz, asked.Dot))
	case asked.Mermaid != "":
		return drawn(draw(tab, mermaid, asked.Mermaid))
	}
	seen, err := visit(tab, asked)
	if err != nil {
		return lines.Failed(err)
	}
	return seen
}
