package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// ready is what a page sets when it is drawn.
const ready = `html[data-ready="yes"]`

// step is one thing that is done with a page.
type step struct {
	// Do is click, type, press, texts, evaluate or screenshot.
	Do string `json:"do"`
	// On is the CSS selector of what it is done with.
	On string `json:"on"`
	// Text is what is typed or evaluated, the name of the key, or the path of
	// the picture. With click, the element must hold it.
	Text string `json:"text"`
}

// seen is the answer to a page: an answer to each step, and what happened.
type seen struct {
	Answers      []any    `json:"answers"`
	Requests     []string `json:"requests"`
	Complaints   []string `json:"complaints"`
	Milliseconds int64    `json:"milliseconds"`
}

// keys are those that have no character.
var keys = map[string]string{
	"Enter": kb.Enter, "Escape": kb.Escape, "Tab": kb.Tab, "ArrowRight": kb.ArrowRight, "ArrowDown": kb.ArrowDown,
}

// visit opens a page and does what is asked.
func visit(tab context.Context, asked request) (seen, error) {
	address := (&url.URL{Scheme: "file", Path: asked.Page, Fragment: asked.Address}).String()
	scheme := "light"
	if asked.Dark {
		scheme = "dark"
	}
	watched := watch(tab)
	prepare := chromedp.Tasks{
		network.Enable(), runtime.Enable(), log.Enable(),
		chromedp.EmulateViewport(asked.Width, asked.Height),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
	}
	if err := chromedp.Run(tab, prepare); err != nil {
		return seen{}, err
	}
	started := time.Now()
	if err := chromedp.Run(tab, chromedp.Navigate(address), chromedp.WaitReady(ready, chromedp.ByQuery), painted()); err != nil {
		return seen{}, fmt.Errorf("the page is not ready: %w; %v", err, watched.complaints)
	}
	result := seen{Answers: []any{}, Milliseconds: time.Since(started).Milliseconds()}
	for number, step := range asked.Steps {
		answer, err := do(tab, step)
		if err != nil {
			return seen{}, fmt.Errorf("step %d, %s %s %s: %w", number, step.Do, step.On, step.Text, err)
		}
		result.Answers = append(result.Answers, answer)
	}
	watched.Lock()
	defer watched.Unlock()
	result.Requests, result.Complaints = watched.requests, watched.complaints
	return result, nil
}

// painted waits until what was drawn is on the screen.
func painted() chromedp.Action {
	const wait = `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`
	var done bool
	return chromedp.Evaluate(wait, &done, awaited)
}

func awaited(parameters *runtime.EvaluateParams) *runtime.EvaluateParams {
	return parameters.WithAwaitPromise(true)
}

// happened is what a page did while nobody asked.
type happened struct {
	sync.Mutex
	requests, complaints []string
}

// watch collects what a page asks for and what the browser complains of.
func watch(tab context.Context) *happened {
	watched := &happened{requests: []string{}, complaints: []string{}}
	chromedp.ListenTarget(tab, func(event any) {
		watched.Lock()
		defer watched.Unlock()
		switch event := event.(type) {
		case *network.EventRequestWillBeSent:
			if event.Type != network.ResourceTypeDocument {
				watched.requests = append(watched.requests, event.Request.URL)
			}
		case *runtime.EventExceptionThrown:
			watched.complaints = append(watched.complaints, event.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			watched.complaints = append(watched.complaints, fmt.Sprintf("console.%s", event.Type))
		case *log.EventEntryAdded:
			watched.complaints = append(watched.complaints, event.Entry.Text)
		}
	})
	return watched
}

// do does one step.
func do(tab context.Context, step step) (any, error) {
	switch step.Do {
	case "click":
		// By its place on the screen, as a person does it, and not by calling what listens.
		name, _ := json.Marshal(step.On)
		text, _ := json.Marshal(step.Text)
		find := fmt.Sprintf(`(() => {
			const found = [...document.querySelectorAll(%s)].find((one) => one.textContent.includes(%s));
			if (!found) return null;
			found.scrollIntoView({ block: "center", inline: "center" });
			const box = found.getBoundingClientRect();
			return [box.x + box.width / 2, box.y + Math.min(box.height / 2, 20)];
		})()`, name, text)
		var place []float64
		if err := chromedp.Run(tab, chromedp.Evaluate(find, &place)); err != nil {
			return nil, err
		}
		if len(place) != 2 {
			return nil, fmt.Errorf("it is not there")
		}
		return nil, chromedp.Run(tab, chromedp.MouseClickXY(place[0], place[1]), painted())
	case "type":
		// The page waits a little before it searches.
		return nil, chromedp.Run(tab, chromedp.SendKeys(step.On, step.Text, chromedp.ByQuery), chromedp.Sleep(300*time.Millisecond), painted())
	case "press":
		key, known := keys[step.Text]
		if !known {
			key = step.Text
		}
		return nil, chromedp.Run(tab, chromedp.KeyEvent(key), painted())
	case "texts":
		name, _ := json.Marshal(step.On)
		texts := []string{}
		err := chromedp.Run(tab, chromedp.Evaluate(fmt.Sprintf(`[...document.querySelectorAll(%s)].map((one) => one.textContent)`, name), &texts))
		return texts, err
	case "evaluate":
		var value any
		err := chromedp.Run(tab, chromedp.Evaluate(step.Text, &value, awaited))
		return value, err
	case "screenshot":
		var picture []byte
		if err := chromedp.Run(tab, chromedp.CaptureScreenshot(&picture)); err != nil {
			return nil, err
		}
		return len(picture), os.WriteFile(step.Text, picture, 0o644)
	}
	return nil, fmt.Errorf("nobody knows how to do that")
}
