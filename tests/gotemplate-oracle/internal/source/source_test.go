package source

import (
	"strings"
	"testing"

	"secretwire.dev/gotemplate-oracle/internal/oracle"
)

func TestSectionSettingsHoldUntilChangedAndCaseSettingsForTheCase(t *testing.T) {
	cases, err := Parse(strings.Join([]string{
		"# One", "--- profile vso", "--- data {\"a\":1}",
		"> {{ .a }}",
		"=== several lines", "--- missingkey error", "first", "second", "",
		"# Two",
		"> {{ .a }}",
	}, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) != 3 {
		t.Fatalf("%d cases", len(cases))
	}
	if cases[0].Profile != oracle.VSO || string(cases[0].Data) != `{"a":1}` || cases[0].MissingKey != "" {
		t.Errorf("first: %+v", cases[0])
	}
	if cases[1].MissingKey != "error" || cases[1].Templates[0].Text != "first\nsecond" {
		t.Errorf("second: %+v", cases[1])
	}
	if cases[2].MissingKey != "" || cases[2].Name != "{{ .a }} #2" {
		t.Errorf("third: %+v", cases[2])
	}
}

func TestTemplatesOfASetKeepTheirOrderAndExactText(t *testing.T) {
	cases, err := Parse("=== set\n--- render b\n--- template a\nA\n\n--- template b\n--- text \"x\\n\"\n\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []oracle.Template{{Name: "a", Text: "A"}, {Name: "b", Text: "x\n"}}
	if got := cases[0].Templates; len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("templates: %q", got)
	}
	if cases[0].Render != "b" {
		t.Errorf("render: %q", cases[0].Render)
	}
}

func TestMistakesInAFileAreRefusedWithTheirLine(t *testing.T) {
	for text, want := range map[string]string{
		"# x\nstray":                    "line 2: text outside a case",
		"--- nonsense 1":                "line 1: unknown directive",
		"--- data {":                    "line 1: data is not JSON",
		"--- template x":                "line 1: template outside a case",
		"=== a\n1\n=== a\n2":            "two cases are named",
		"# h\n=== a\n--- text nonsense": "line 3:",
	} {
		_, err := Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
