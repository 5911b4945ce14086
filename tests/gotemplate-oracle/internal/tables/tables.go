// Package tables makes the systematic cases: functions and verbs by arguments.
package tables

import "secretwire.dev/gotemplate-oracle/internal/oracle"

// Files maps a corpus file's name to its cases.
func Files() map[string][]oracle.Case {
	return map[string][]oracle.Case{}
}
