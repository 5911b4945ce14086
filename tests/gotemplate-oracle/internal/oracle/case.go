// Package oracle renders template cases with Go's own text/template and sprig.
package oracle

import (
	"encoding/json"
	"fmt"
	"time"
)

// Case is one template set together with the data it is rendered over.
type Case struct {
	Name       string          `json:"name"`
	Profile    Profile         `json:"profile"`
	MissingKey string          `json:"missingkey,omitempty"`
	Delims     []string        `json:"delims,omitempty"`
	Templates  []Template      `json:"templates"`
	Render     string          `json:"render"`
	Data       json.RawMessage `json:"data,omitempty"`
}

// Template is one named member of a case's template set.
type Template struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Answer is what Go makes of a case: exactly one of its fields is set.
type Answer struct {
	Output       *string `json:"output,omitempty"`
	OutputBase64 *string `json:"output_base64,omitempty"`
	Error        *string `json:"error,omitempty"`
}

// Answered is a case with its answer beside it, as the corpus files hold it.
type Answered struct {
	Case
	Answer
}

// Profile names a function set and the missingkey option that goes with it.
type Profile string

// The profiles a case may name.
const (
	// Text is Go's built-in functions alone.
	Text Profile = "text"
	// VSO is the function list of the Vault Secrets Operator.
	VSO Profile = "vso"
	// ESO is template engine v2 of External Secrets; a missing key is an error.
	ESO Profile = "eso"
)

func (p Profile) missingKey() (string, error) {
	switch p {
	case Text, VSO:
		return "default", nil
	case ESO:
		return "error", nil
	default:
		return "", fmt.Errorf("unknown profile %q", string(p))
	}
}

// Dates must not depend on where the oracle runs.
func init() { time.Local = time.UTC }
