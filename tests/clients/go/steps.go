package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
)

// A call is one HTTP request as it left the SDK and the status that came back.
type call struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Status int    `json:"status"`
}

// A failure is an error of the SDK, as far as both versions have such a thing.
type failure struct {
	Type    string `json:"type"`
	Status  int    `json:"status"`
	Message string `json:"message"`
}

type line struct {
	Step  string   `json:"step"`
	Calls []call   `json:"calls"`
	Value any      `json:"value"`
	Error *failure `json:"error"`
}

// A journal runs steps in order and prints one line of JSON for each.
type journal struct {
	base  http.RoundTripper
	calls []call
	out   *json.Encoder
}

var api = regexp.MustCompile(`^/api/v2`)
var ids = regexp.MustCompile(
	`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(pro|tem)_[0-9A-Za-z]{22}|900\d{20,}`,
)

// newJournal puts itself under every client of this process, token requests included.
func newJournal() *journal {
	made := &journal{base: http.DefaultTransport, out: json.NewEncoder(os.Stdout)}
	made.out.SetEscapeHTML(false)
	http.DefaultTransport = made
	return made
}

// RoundTrip passes a request on and writes it down.
func (j *journal) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := j.base.RoundTrip(request)
	path := ids.ReplaceAllString(api.ReplaceAllString(request.URL.RequestURI(), ""), "{id}")
	made := call{Method: request.Method, Path: path}
	if err == nil {
		made.Status = response.StatusCode
	}
	j.calls = append(j.calls, made)
	return response, err
}

// step runs one step; a nil value is told as null.
func (j *journal) step(name string, run func() (any, error)) {
	j.calls = []call{}
	value, err := run()
	told := line{Step: name, Calls: j.calls, Value: value}
	if err != nil {
		told.Value = nil
		told.Error = &failure{Type: fmt.Sprintf("%T", err), Status: statusOf(err), Message: err.Error()}
	}
	if err := j.out.Encode(told); err != nil {
		panic(err)
	}
}

// do runs a step that answers nothing.
func (j *journal) do(name string, run func() error) {
	j.step(name, func() (any, error) { return nil, run() })
}

// value runs a step that answers something of the SDK's own types.
func value[T any](j *journal, name string, run func() (T, error)) T {
	var found T
	j.step(name, func() (any, error) {
		var err error
		found, err = run()
		return found, err
	})
	return found
}

func statusOf(err error) int {
	var withMethod interface{ Status() int }
	if errors.As(err, &withMethod) {
		return withMethod.Status()
	}
	return statusOfGenerated(err)
}

// from decodes the SDK's request type out of JSON, which is shorter than its pointers.
func from[T any](text string) *T {
	made := new(T)
	if err := json.Unmarshal([]byte(text), made); err != nil {
		panic(fmt.Sprintf("%T from %s: %v", made, text, err))
	}
	return made
}
