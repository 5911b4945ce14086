package tables

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"secretwire.dev/gotemplate-oracle/internal/esofuncs"
	"secretwire.dev/gotemplate-oracle/internal/oracle"
)

// Arguments every function is called with, whatever it asks for.
var argumentLists = []string{
	"",
	"nil", "nil nil", "nil nil nil",
	`"x"`, `"x" "y"`, `"x" "y" "z"`, `"x" "y" "z" "x" "y" "z"`,
	"1", "1 2", "1 2 3",
	"1.5", "true", ".v", ".v .v", ".absent",
}

// By chance or by the clock these answer differently each time; of them only
// calls with a wrong number of arguments are made.
var unsettled = strings.Fields(`
ago now date date_in_zone dateInZone htmlDate htmlDateInZone
randInt randAlphaNum randAlpha randAscii randNumeric randBytes shuffle uuidv4
bcrypt htpasswd genPrivateKey genCA genCAWithKey genSelfSignedCert genSelfSignedCertWithKey
genSignedCert genSignedCertWithKey encryptAES derivePassword`)

// Errors of these are worded by whoever writes them: see the README.
var ownWords = slices.Sorted(maps.Keys(esofuncs.Functions()))

// arities calls each function with every list of arguments.
func arities(profile oracle.Profile, names []string) []oracle.Case {
	mixed := specimen{"a dict and a list", `{"a":["x",1]}`}
	var cases []oracle.Case
	for _, name := range names {
		lists := argumentLists
		if slices.Contains(unsettled, name) || slices.Contains(ownWords, name) {
			lists = []string{`"x" "y" "z" "x" "y" "z" "x"`}
		}
		for _, arguments := range lists {
			text := strings.TrimSpace(fmt.Sprintf("%s %s", name, arguments))
			cases = append(cases, mixed.over(text, profile, "{{ "+text+" }}"))
		}
	}
	return cases
}

// esoOnly is what External Secrets has and the Vault Secrets Operator has not.
func esoOnly() []string {
	names := slices.Concat(oracle.ESONames, ownWords)
	return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(oracle.VSONames, name) })
}
