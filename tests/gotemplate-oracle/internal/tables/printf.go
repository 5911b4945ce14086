package tables

import (
	"fmt"
	"strings"

	"secretwire.dev/gotemplate-oracle/internal/oracle"
)

var (
	numberVerbs = strings.Split("vdqxXoObcU", "")
	otherVerbs  = strings.Split("seEfFgGtTw", "")
	formatFlags = []string{
		"", "+", "-", "#", " ", "0", "8", "-8", "08", "+8", "#8", " 8", "-08", "+#", ".2", ".0", "8.2", "-8.2", "08.2",
		"+.3", "#.3", "40.20",
	}
)

// formats renders each verb with every flag over every kind: one case for a
// verb and a kind, one line of output for each flag.
func formats(verbs []string) []oracle.Case {
	var cases []oracle.Case
	for _, verb := range verbs {
		for _, value := range allKinds() {
			var text strings.Builder
			for _, flags := range formatFlags {
				fmt.Fprintf(&text, "{{printf \"%s[%%%s%s]\" .v}}\n", flags, flags, verb)
			}
			cases = append(cases, value.over(fmt.Sprintf("%%%s of %s", verb, value.kind), oracle.Text, text.String()))
		}
	}
	return cases
}
