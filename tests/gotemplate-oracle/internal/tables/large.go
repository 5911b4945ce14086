package tables

import (
	"fmt"
	"strings"

	"secretwire.dev/gotemplate-oracle/internal/oracle"
	"secretwire.dev/gotemplate-oracle/internal/source"
)

func withoutData(name string, profile oracle.Profile, text string) oracle.Case {
	return oracle.Case{
		Name:      name,
		Profile:   profile,
		Templates: []oracle.Template{{Name: source.DefaultTemplate, Text: text}},
		Render:    source.DefaultTemplate,
	}
}

// large is templates that are long or deep rather than difficult.
func large() []oracle.Case {
	repeat := strings.Repeat
	texts := []struct{ title, text string }{
		{"100 kB of text", repeat("0123456789", 10_000)},
		{"a string literal of 50 kB", `{{ len "` + repeat("x", 50_000) + `" }}`},
		{"a raw string of 50 kB", "{{ len `" + repeat("x\n", 25_000) + "` }}"},
		{"5,000 actions", repeat("{{ 1 }}", 5_000)},
		{"5,000 comments", repeat("{{/* x */}}", 5_000)},
		{"1,000 variables", numbered(1_000, "{{ $v%d := %d }}") + "{{ $v999 }}"},
		{"1,000 assignments", "{{ $v := 0 }}" + repeat("{{ $v = add $v 1 }}", 1_000) + "{{ $v }}"},
		{"1,000 templates", numbered(1_000, `{{ define "t%d" }}%d{{ end }}`) + `{{ template "t7" }}{{ template "t999" }}`},
		{"a pipeline of 500 stages", `{{ "x"` + repeat(" | print", 500) + " }}"},
		{"1,000 arguments", "{{ print" + repeat(" 1", 1_000) + " | len }}"},
		{"an else-if chain of 200", "{{ if false }}" + repeat("{{ else if false }}x", 200) + "{{ else }}end{{ end }}"},
		{"an else-with chain of 100", "{{ with 0 }}" + repeat("{{ else with 0 }}x", 100) + "{{ else }}end{{ end }}"},
		{"parentheses 100 deep", "{{ " + repeat("(", 100) + "1" + repeat(")", 100) + " }}"},
		{"parentheses beyond what the parser takes", "{{ " + repeat("(", 10_001) + "1" + repeat(")", 10_001) + " }}"},
		{"parentheses that are not closed", "{{ " + repeat("(", 200) + "1 }}"},
		{"calls 100 deep", "{{ " + repeat("(print ", 100) + "1" + repeat(")", 100) + " }}"},
		{"blocks 100 deep", repeat("{{ if true }}", 100) + "x" + repeat("{{ end }}", 100)},
		{"loops 60 deep", repeat("{{ range 1 }}", 60) + "x" + repeat("{{ end }}", 60)},
		{"templates 100 deep", chained(100)},
		{"recursion 200 deep", `{{ define "r" }}{{ if . }}.{{ template "r" (rest .) }}{{ end }}{{ end }}{{ template "r" (until 200) }}`},
		{"a chain of 300 fields", "{{ $d := dict }}{{ $d" + repeat(".a", 300) + " }}"},
		{"a number of 300 digits", "{{ " + repeat("1", 300) + ".5 }}"},
		{"an integer of 300 digits", "{{ " + repeat("1", 300) + " }}"},
		{"a name of 10 kB", "{{ " + repeat("x", 10_000) + " }}"},
		{"a variable of 10 kB", "{{ $" + repeat("x", 10_000) + " }}"},
		{"a field of 1 kB in an error", `{{ (dict "a" 1).a.` + repeat("x", 1_000) + " }}"},
		{"an error on line 2,000", repeat("\n", 1_999) + "   {{ index (list) 1 }}"},
		{"an error at column 5,000", repeat(" ", 5_000) + "{{ index (list) 1 }}"},
		{"a parse error on line 2,000", repeat("text\n", 1_999) + "{{ nope }}"},
		{"a loop of 50,000 rounds", `{{ $n := 0 }}{{ range until 50000 }}{{ $n = add $n . }}{{ end }}{{ $n }}`},
		{"a dict of 2,000 keys", `{{ $d := dict }}{{ range until 2000 }}{{ $_ := set $d (print "k" .) . }}{{ end }}{{ len $d }} {{ $d.k1999 }} {{ toJson $d | sha256sum }} {{ print $d | sha256sum }}`},
		{"a list nested 200 deep", `{{ $l := list }}{{ range until 200 }}{{ $l = list $l }}{{ end }}{{ toJson $l | len }} {{ print $l | len }}`},
		{"a dict nested 100 deep", `{{ $d := dict }}{{ range until 100 }}{{ $d = dict "k" $d }}{{ end }}{{ toJson $d | len }} {{ print $d | len }} {{ deepEqual $d (deepCopy $d) }}`},
	}
	cases := make([]oracle.Case, 0, len(texts))
	for _, one := range texts {
		cases = append(cases, withoutData(one.title, oracle.VSO, one.text))
	}
	return cases
}

func numbered(count int, form string) string {
	var made strings.Builder
	for i := range count {
		fmt.Fprintf(&made, form, i, i)
	}
	return made.String()
}

func chained(depth int) string {
	var made strings.Builder
	for i := range depth {
		fmt.Fprintf(&made, `{{ define "t%d" }}%d {{ template "t%d" . }}{{ end }}`, i, i, i+1)
	}
	fmt.Fprintf(&made, `{{ define "t%d" }}end{{ end }}{{ template "t0" }}`, depth)
	return made.String()
}
