// Package fuzz makes random template cases from a grammar of the language.
//
// The same seed gives the same cases. What it makes is bounded: counts are
// small literals and a dict is never put into itself, since Go would recurse
// over such a dict until the process dies.
package fuzz

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"secretwire.dev/gotemplate-oracle/internal/oracle"
)

const (
	// How deeply expressions and blocks nest.
	expressionDepth = 3
	blockDepth      = 2
	// One in so many arguments is of a type the function does not want.
	wrongArgument = 60
	// One in so many calls lacks an argument.
	lackingArgument = 200
	// One in so many templates has its text damaged.
	damagedText = 10
)

// Generator makes one case after another.
type Generator struct {
	random *rand.Rand
	seed   uint64
	made   int
	// State of the template being written.
	profile   oracle.Profile
	variables []variable
	inRange   bool
	dotIsRoot bool
	templates []string
	blocks    int
}

type variable struct {
	name string
	kind kind
}

// New starts a sequence of cases.
func New(seed uint64) *Generator {
	return &Generator{random: rand.New(rand.NewPCG(seed, 0x5ec7e7)), seed: seed}
}

// Next makes a case.
func (g *Generator) Next() oracle.Case {
	g.made++
	g.profile = pick(g, []oracle.Profile{oracle.VSO, oracle.VSO, oracle.VSO, oracle.ESO, oracle.Text})
	g.variables, g.inRange, g.dotIsRoot, g.templates, g.blocks = nil, false, true, nil, 0
	made := oracle.Case{
		Name:    fmt.Sprintf("seed %d case %d", g.seed, g.made),
		Profile: g.profile,
		Render:  "main",
		Data:    g.data(),
	}
	if g.oneIn(6) {
		made.MissingKey = pick(g, []string{"zero", "error", "invalid"})
	}
	helpers := g.definitions()
	main := g.block(blockDepth)
	if g.oneIn(damagedText) {
		main = g.damage(main)
	}
	if g.oneIn(20) {
		made.Delims = []string{"[[", "]]"}
		redelimit := strings.NewReplacer("{{", "[[", "}}", "]]")
		helpers, main = redelimit.Replace(helpers), redelimit.Replace(main)
	}
	made.Templates = []oracle.Template{{Name: "main", Text: main}}
	if helpers != "" {
		made.Templates = append(made.Templates, oracle.Template{Name: "helpers", Text: helpers})
	}
	return made
}

// definitions writes templates for the main one to call; none calls another,
// so none recurses.
func (g *Generator) definitions() string {
	var text strings.Builder
	var names []string
	for i := range g.random.IntN(3) {
		name := fmt.Sprintf("h%d", i)
		fmt.Fprintf(&text, "{{ define %q }}%s{{ end }}", name, g.block(1))
		names = append(names, name)
	}
	g.templates = names
	return text.String()
}

// damage breaks a text in one place, mostly to see the parser's errors.
func (g *Generator) damage(text string) string {
	if text == "" {
		return "{{"
	}
	at := g.random.IntN(len(text))
	switch g.random.IntN(3) {
	case 0:
		return strings.ToValidUTF8(text[:at]+text[at+1:], "")
	case 1:
		return strings.ToValidUTF8(text[:at], "")
	default:
		splinter := pick(g, []string{
			"{{", "}}", "(", ")", "|", ".", "$", "\"", "`", "'", ":=", "=", ",", " ", "-", "{{ end }}", "{{ else }}", "/*",
			"{{- ", " -}}", "0x", "nil", "é", "\n", "{{ break }}", "$x", "..", "@",
		})
		return strings.ToValidUTF8(text[:at], "") + splinter + strings.ToValidUTF8(text[at:], "")
	}
}

func (g *Generator) oneIn(n int) bool { return g.random.IntN(n) == 0 }

func pick[T any](g *Generator, choices []T) T { return choices[g.random.IntN(len(choices))] }
