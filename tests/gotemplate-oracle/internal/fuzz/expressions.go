package fuzz

import (
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
	// object is a struct or a named number: a value with methods.
	object
	// pointer is an object whose address is printed where it is inside
	// another value, so it never goes into one.
	pointer
	// document is JSON, mostly odd.
	document
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
	if g.oneIn(16) && g.profile != oracle.Text {
		return "(" + g.literal(object) + ")"
	}
	if g.oneIn(24) {
		return g.chain(depth)
	}
	return g.argument(pick(g, []kind{text, text, integer, float, boolean, list, dict, number}), depth)
}

// chain is a field or method of what is in parentheses; of a zone only the
// name, as its tables are not the same.
func (g *Generator) chain(depth int) string {
	if g.oneIn(2) && g.profile != oracle.Text {
		return "(" + g.literal(object) + ")" + pick(g, []string{".String", ".Month", ".Year", ".Major", ".IncPatch", ".Hours", ".Location.String", ".x"})
	}
	return "(" + g.bare(dict, depth) + ")" + pick(g, []string{".a", ".b", ".a.b", ".k", ".n.m", ".missing"})
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
	case small, pattern, format, version, constraint, scalar, head, next, fresh, moment, layout, zone, yaml, object, pointer, document:
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
	case small, scalar, head, next, fresh, object, pointer:
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
		return root + pick(g, []string{".Secrets.int", ".Secrets.int", ".Secrets.uint"})
	case number:
		return root + pick(g, []string{".Secrets.n1", ".Secrets.n2", ".Metadata.version"})
	case float:
		return root + ".Secrets.float"
	case boolean:
		return root + pick(g, []string{".Secrets.on", ".Secrets.on", ".Secrets.null"})
	case list:
		return root + pick(g, []string{".Secrets.list", ".Secrets.numbers", ".Secrets.none", ".Secrets.deep.l", ".Secrets.strings", ".Secrets.bytes"})
	case dict:
		return root + pick(g, []string{".Secrets.deep", ".Labels", ".Secrets.bare", ".Secrets.deep.a", ".Metadata", ".Secrets.texts"})
	default:
		return pick(g, []string{".", "$", ".Secrets.null"})
	}
}
