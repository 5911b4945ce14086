package fuzz

import (
	"fmt"
	"strconv"
	"strings"

	"secretwire.dev/gotemplate-oracle/internal/oracle"
)

// kind is what an expression is meant to yield; the engine may disagree.
type kind int

const (
	anything kind = iota
	text
	integer
	float
	boolean
	list
	dict
	// small is a count: a literal, so that nothing repeats for ever.
	small
	pattern
	format
	version
	constraint
	// head and next are indexes that mostly exist, in order.
	head
	next
	// moment is a fixed time: dates of anything else are dates of now.
	moment
	layout
	zone
	yaml
	// fresh is a dict that nothing else holds, to merge into.
	fresh
	// number is a JSON number, which the engine treats as a string.
	number
	// scalar is a literal: what may go into a dict without it holding itself.
	scalar
)

// pipeline is an expression as an action holds it.
func (g *Generator) pipeline() string {
	wanted := pick(g, []kind{text, text, text, integer, float, boolean, list, dict, anything})
	head := g.bare(wanted, expressionDepth)
	for g.oneIn(3) {
		head += " | " + g.stage()
	}
	return head
}

// stage is a call that lacks its last argument.
func (g *Generator) stage() string {
	function := pick(g, g.functions())
	for !function.pipeable() {
		function = pick(g, g.functions())
	}
	arguments := function.arguments
	if len(arguments) == 0 {
		return function.name
	}
	return g.invocation(function.name, arguments[:len(arguments)-1], 1)
}

func (g *Generator) any(depth int) string {
	return g.argument(pick(g, []kind{text, text, integer, float, boolean, list, dict, number}), depth)
}

// argument is an expression in the place of one argument.
func (g *Generator) argument(wanted kind, depth int) string {
	expression := g.bare(wanted, depth)
	if strings.ContainsAny(expression, " ") && !isLiteral(expression) {
		return "(" + expression + ")"
	}
	return expression
}

func isLiteral(expression string) bool {
	if strings.HasPrefix(expression, "`") {
		return strings.Count(expression, "`") == 2 && strings.HasSuffix(expression, "`")
	}
	_, err := strconv.Unquote(expression)
	return err == nil
}

// bare is an expression without parentheses around it.
func (g *Generator) bare(wanted kind, depth int) string {
	switch wanted {
	case small, pattern, format, version, constraint, scalar, head, next, fresh, moment, layout, zone, yaml:
		return g.literal(wanted)
	case number:
		return g.field(number)
	case anything:
		return g.any(depth)
	}
	if depth <= 0 || g.oneIn(4) {
		return g.leaf(wanted)
	}
	var fitting []function
	for _, candidate := range g.functions() {
		if candidate.result == wanted || g.oneIn(400) {
			fitting = append(fitting, candidate)
		}
	}
	if len(fitting) == 0 {
		return g.leaf(wanted)
	}
	chosen := pick(g, fitting)
	return g.invocation(chosen.name, chosen.arguments, depth-1)
}

func (g *Generator) functions() []function {
	switch g.profile {
	case oracle.Text:
		return builtins
	case oracle.ESO:
		return esoFunctions
	default:
		return vsoFunctions
	}
}

func (g *Generator) invocation(name string, arguments []kind, depth int) string {
	var call strings.Builder
	call.WriteString(name)
	if g.oneIn(lackingArgument) && len(arguments) > 0 {
		arguments = arguments[1:]
	}
	for _, wanted := range arguments {
		call.WriteByte(' ')
		if g.oneIn(wrongArgument) {
			call.WriteString(g.wrong(wanted))
			continue
		}
		call.WriteString(g.argument(wanted, depth))
	}
	return call.String()
}

// wrong is an argument that likely does not fit, but is never a large count.
func (g *Generator) wrong(wanted kind) string {
	switch wanted {
	case moment, layout, zone, yaml:
		return g.literal(wanted)
	case small, scalar, head, next, fresh:
		return pick(g, []string{`"3"`, "nil", "1.5", "true", "$.Secrets.n1"})
	}
	return pick(g, []string{"nil", "$.Secrets.missing", "5", "1.5", `"x"`, "true", ".", "$.Labels", "$.Secrets.list", `""`})
}

func (g *Generator) leaf(wanted kind) string {
	if g.oneIn(3) {
		var fitting []variable
		for _, candidate := range g.variables {
			if candidate.kind == wanted || candidate.kind == anything {
				fitting = append(fitting, candidate)
			}
		}
		if len(fitting) > 0 {
			return pick(g, fitting).name
		}
	}
	if g.oneIn(2) || g.profile == oracle.Text && (wanted == list || wanted == dict) {
		return g.field(wanted)
	}
	return g.literal(wanted)
}

func (g *Generator) field(wanted kind) string {
	root := "$"
	if g.dotIsRoot && g.oneIn(2) || g.oneIn(60) {
		root = ""
	}
	if g.oneIn(40) {
		return root + ".Secrets.missing"
	}
	switch wanted {
	case text:
		return root + pick(g, []string{".Secrets.s1", ".Secrets.s2", ".Secrets.json", ".Labels.app", ".Secrets.deep.a.b"})
	case integer:
		return root + ".Secrets.int"
	case number:
		return root + pick(g, []string{".Secrets.n1", ".Secrets.n2", ".Metadata.version"})
	case float:
		return root + ".Secrets.float"
	case boolean:
		return root + pick(g, []string{".Secrets.on", ".Secrets.on", ".Secrets.null"})
	case list:
		return root + pick(g, []string{".Secrets.list", ".Secrets.numbers", ".Secrets.none", ".Secrets.deep.l"})
	case dict:
		return root + pick(g, []string{".Secrets.deep", ".Labels", ".Secrets.bare", ".Secrets.deep.a", ".Metadata"})
	default:
		return pick(g, []string{".", "$", ".Secrets.null"})
	}
}

func (g *Generator) literal(wanted kind) string {
	switch wanted {
	case text, scalar:
		return g.quoted(g.word())
	case integer:
		return pick(g, []string{"0", "1", "-1", "7", "42", "0x1f", "1_000", "'a'", "9223372036854775807", "-9223372036854775808", "1e3"})
	case float:
		return pick(g, []string{"0.0", "1.5", "-2.5", "1e6", "1e21", "1e-7", ".5", "3.0", "0x1p-2", "1e300"})
	case boolean:
		return pick(g, []string{"true", "false"})
	case list:
		return pick(g, []string{"list", `list 1 "a"`, "until 3", `splitList "," "x,y,,z"`, "list nil true 1.5"})
	case dict:
		return pick(g, []string{"dict", `dict "a" 1`, `dict "a" 1 "b" "x"`, `dict "k" nil`})
	case small:
		return pick(g, []string{"0", "1", "2", "3", "0", "1", "2", "5", "8", "11", "-1", "-3"})
	case head:
		return pick(g, []string{"0", "0", "0", "1"})
	case next:
		return pick(g, []string{"1", "1", "2"})
	case fresh:
		return pick(g, []string{"dict", `dict "a" 1`, `dict "app" "" "b" nil`})
	case moment:
		return pick(g, []string{"0", "1500000000", "-1", `toDate "2006-01-02" "2024-02-29"`, `toDate "2006-01-02 15:04" "1999-12-31 23:59"`})
	case layout:
		return g.quoted(pick(g, []string{
			"2006-01-02", "2006-01-02T15:04:05Z07:00", "Mon Jan _2 15:04:05 2006", "3:04PM", "Monday, 02-Jan-06 15:04:05 MST", "002", ".000", "x",
		}))
	case zone:
		return pick(g, []string{`"UTC"`, `"GMT"`, `""`, `"No/Where"`})
	case yaml:
		return g.quoted(pick(g, []string{
			"a: 1\nb: [x, true, null]\n", "a: {b: c}\n", "k: |\n  one\n  two\n", "", "a: 'it''s'\n", "n: 1.50\nh: 0x1f\ns: \"1\"\n", "# note\na: ~\n",
		}))
	case pattern:
		return g.quoted(pick(g, []string{"a", "[a-z]+", "(o|l)+", `\d*`, "^.", ".$", "(?i)HE", "x*", "", "(a)(b)?", "[", "(", `\s`, "é", `\b`}))
	case format:
		return g.quoted(g.format())
	case version:
		return g.quoted(pick(g, []string{"1.2.3", "v1.2", "1.0.0-rc.1", "2.0.0+b", "x", "", "0.0.1", "1"}))
	case constraint:
		return g.quoted(pick(g, []string{"^1.2", "~1.2.0", ">=1.0.0 <2", "*", "1.x || 2.x", "=1.2.3", "!=1.0.0", "bad", "1.0 - 2.0", ">=1.0.0-0"}))
	default:
		return "nil"
	}
}

func (g *Generator) word() string {
	return pick(g, []string{
		"", "a", "hello", "Hello World", "foo_bar-baz", "FooBarBaz", "a,b,c", " padded ", "é日本🙂", "line\nbreak", "tab\t", "\"quoted\"",
		"<&>'", "42", "-3.5", "0x1f", "1e3", "true", `{"a":[1,2.5,null]}`, "aGVsbG8=", "/w==", "a b", "100%", "$1", "\x00\x7f", "\xff\xfe",
		"https://u:p@h.example:80/p?q=1#f", "2024-02-29", "1h30m", "the quick brown fox jumps", "a.b.c", "../x//y/./z.tar.gz", "NBSWY3DP",
	})
}

func (g *Generator) quoted(plain string) string {
	if g.oneIn(4) && strconv.CanBackquote(plain) {
		return "`" + plain + "`"
	}
	return strconv.Quote(plain)
}

// format is one for printf with up to three verbs.
func (g *Generator) format() string {
	var made strings.Builder
	for range 1 + g.random.IntN(3) {
		made.WriteString(pick(g, []string{"", "", "x", " ", "%%", "é"}))
		made.WriteString("%")
		made.WriteString(pick(g, []string{"", "", "", "+", "-", "#", " ", "0", "+#", "-0", "[1]", "[2]", "[9]"}))
		if g.oneIn(3) {
			fmt.Fprintf(&made, "%d", g.random.IntN(20))
		}
		if g.oneIn(4) {
			fmt.Fprintf(&made, ".%d", g.random.IntN(8))
		}
		made.WriteString(pick(g, strings.Split("v v v s s d q x X t T f e g G c U b o O E F ! z", " ")))
	}
	return made.String()
}
