// Package source reads the hand-written case files (cases/*.txt).
package source

import (
	"encoding/json"
	"fmt"
	"strings"

	"secretwire.dev/gotemplate-oracle/internal/oracle"
)

// DefaultTemplate is the name of a case's first template.
const DefaultTemplate = "t"

// settings are what a directive may change, for a section or for one case.
type settings struct {
	profile    oracle.Profile
	missingKey string
	delims     []string
	data       json.RawMessage
	render     string
}

type reader struct {
	section settings
	own     settings
	cases   []oracle.Case
	// How often a text was a one-line case already.
	oneLiners map[string]int
	// The case being read, or nil, and the template of it being read.
	open      *oracle.Case
	template  string
	lines     []string
	exactText bool
}

// Parse reads one file. The format is described in the README.
func Parse(text string) ([]oracle.Case, error) {
	r := &reader{section: settings{profile: oracle.Text}, oneLiners: map[string]int{}}
	for number, line := range strings.Split(text, "\n") {
		if err := r.line(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", number+1, err)
		}
	}
	r.closeCase()
	return r.cases, unique(r.cases)
}

func (r *reader) line(line string) error {
	switch {
	case strings.HasPrefix(line, "# "):
		r.closeCase()
	case strings.HasPrefix(line, "> "):
		r.closeCase()
		text := strings.TrimPrefix(line, "> ")
		r.openCase(r.numbered(text))
		r.lines = []string{text}
		r.closeCase()
	case strings.HasPrefix(line, "=== "):
		r.closeCase()
		r.openCase(strings.TrimPrefix(line, "=== "))
	case strings.HasPrefix(line, "--- "):
		key, value, _ := strings.Cut(strings.TrimPrefix(line, "--- "), " ")
		return r.directive(key, value)
	case r.exactText && strings.TrimSpace(line) == "":
	case r.open != nil && !r.exactText:
		r.lines = append(r.lines, line)
	case strings.TrimSpace(line) != "":
		return fmt.Errorf("text outside a case: %q", line)
	}
	return nil
}

func (r *reader) directive(key, value string) error {
	target := &r.section
	if r.open != nil {
		target = &r.own
	}
	switch key {
	case "profile":
		target.profile = oracle.Profile(value)
	case "missingkey":
		target.missingKey = value
	case "delims":
		target.delims = strings.Fields(value)
	case "data":
		if !json.Valid([]byte(value)) {
			return fmt.Errorf("data is not JSON: %s", value)
		}
		target.data = json.RawMessage(value)
	case "render":
		target.render = value
	case "template":
		if r.open == nil {
			return fmt.Errorf("template outside a case")
		}
		r.closeTemplate()
		r.template = value
	case "text":
		var text string
		if err := json.Unmarshal([]byte(value), &text); err != nil {
			return err
		}
		r.lines, r.exactText = []string{text}, true
	default:
		return fmt.Errorf("unknown directive %q", key)
	}
	return nil
}

func (r *reader) openCase(name string) {
	r.open = &oracle.Case{Name: name}
	r.own = r.section
	r.template = DefaultTemplate
}

// numbered tells apart one-line cases that differ only in their section.
func (r *reader) numbered(text string) string {
	r.oneLiners[text]++
	if times := r.oneLiners[text]; times > 1 {
		return fmt.Sprintf("%s #%d", text, times)
	}
	return text
}

func (r *reader) closeTemplate() {
	text := strings.Join(r.lines, "\n")
	if !r.exactText {
		text = strings.TrimRight(text, "\n")
	}
	// A case that names its first template has no text before the name.
	if text != "" || r.exactText || r.template != DefaultTemplate {
		r.open.Templates = append(r.open.Templates, oracle.Template{Name: r.template, Text: text})
	}
	r.lines, r.exactText = nil, false
}

func (r *reader) closeCase() {
	if r.open == nil {
		return
	}
	r.closeTemplate()
	r.open.Profile = r.own.profile
	r.open.MissingKey = r.own.missingKey
	r.open.Delims = r.own.delims
	r.open.Data = r.own.data
	r.open.Render = r.own.render
	if r.open.Render == "" && len(r.open.Templates) > 0 {
		r.open.Render = r.open.Templates[0].Name
	}
	r.cases = append(r.cases, *r.open)
	r.open = nil
}

func unique(cases []oracle.Case) error {
	seen := make(map[string]bool, len(cases))
	for _, one := range cases {
		if seen[one.Name] {
			return fmt.Errorf("two cases are named %q", one.Name)
		}
		seen[one.Name] = true
	}
	return nil
}
