package tables

import (
	"encoding/json"
	"fmt"
	"strings"

	"secretwire.dev/gotemplate-oracle/internal/oracle"
	"secretwire.dev/gotemplate-oracle/internal/source"
)

// pairs makes each call with every two specimens in the places of .v and .w.
func pairs(profile oracle.Profile, left, right []specimen, table string) []oracle.Case {
	var cases []oracle.Case
	for _, call := range strings.Split(strings.TrimSpace(table), "\n") {
		for _, v := range left {
			for _, w := range right {
				cases = append(cases, oracle.Case{
					Name:      fmt.Sprintf("%s: %s and %s", call, v.kind, w.kind),
					Profile:   profile,
					Templates: []oracle.Template{{Name: source.DefaultTemplate, Text: "{{ " + call + " }}"}},
					Render:    source.DefaultTemplate,
					Data:      json.RawMessage(`{"v":` + v.json + `,"w":` + w.json + `}`),
				})
			}
		}
	}
	return cases
}

// comparable kinds, next to some that are not.
var comparands = []specimen{
	{"nil", `null`},
	{"a JSON number", `5`},
	{"text", `"5"`},
	{"empty text", `""`},
	{"an int", `{"$int":"5"}`},
	{"a negative int", `{"$int":"-5"}`},
	{"an int64", `{"$int64":"5"}`},
	{"a uint64", `{"$uint64":"5"}`},
	{"a large uint64", `{"$uint64":"18446744073709551615"}`},
	{"a float", `{"$float64":"5"}`},
	{"not a number", `{"$float64":"NaN"}`},
	{"true", `true`},
	{"bytes", `{"$bytes":"NQ=="}`},
	{"a list", `["5"]`},
	{"a dict", `{"k":5}`},
}

var containers = []specimen{
	{"nil", `null`},
	{"text", `"héllo"`},
	{"a JSON number", `512`},
	{"an int", `{"$int":"512"}`},
	{"bytes", `{"$bytes":"aGk="}`},
	{"a list", `["a","b","c","d","e","f","g"]`},
	{"an empty list", `[]`},
	{"a list of strings", `{"$strings":["z","y"]}`},
	{"a dict", `{"5":"five","":"none"}`},
	{"a map of strings", `{"$stringmap":{"5":"five"}}`},
}

const comparisonCalls = `
eq .v .w
lt .v .w
ge .v .w
`

const indexCalls = `
index .v .w
slice .v .w
`

const printCalls = `
print .v .w
printf "%v|%s" .v .w
`

const mergeCalls = `
merge (dict "k" .v) (dict "k" .w) | toJson
mergeOverwrite (dict "k" .v) (dict "k" .w) | toJson
`

const membershipCalls = `
has .w (list .v)
without (list .v 1 "x") .w
deepEqual .v .w
default .v .w
`
