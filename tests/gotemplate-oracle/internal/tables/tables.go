// Package tables makes the systematic cases: functions and verbs by arguments.
package tables

import "secretwire.dev/gotemplate-oracle/internal/oracle"

// Files maps a corpus file's name to its cases.
func Files() map[string][]oracle.Case {
	return map[string][]oracle.Case{
		"table-printf-numbers": formats(numberVerbs),
		"table-printf-others":  formats(otherVerbs),
		"table-conversions":    calls(oracle.VSO, allKinds(), conversionCalls),
		"table-numbers":        calls(oracle.VSO, allKinds(), numberCalls),
		"table-strings":        calls(oracle.VSO, kinds, stringCalls),
		"table-collections":    calls(oracle.VSO, kinds, collectionCalls),
		"table-eso":            calls(oracle.ESO, kinds, esoCalls),
		"table-comparisons":    pairs(oracle.Text, comparands, comparands, comparisonCalls),
		"table-indexes":        pairs(oracle.Text, containers, comparands, indexCalls),
		"table-prints":         pairs(oracle.Text, kinds, kinds, printCalls),
		"table-merges":         pairs(oracle.VSO, kinds, kinds, mergeCalls),
		"table-membership":     pairs(oracle.VSO, comparands, comparands, membershipCalls),
		"table-unicode":        characters(),
		"table-large":          large(),
		"table-arity-builtins": arities(oracle.Text, oracle.BuiltinNames),
		"table-arity-vso":      arities(oracle.VSO, oracle.VSONames),
		"table-arity-eso":      arities(oracle.ESO, esoOnly()),
	}
}
