package fuzz

import (
	"fmt"
	"strings"
)

// block writes a few pieces of template one after another.
func (g *Generator) block(depth int) string {
	declared := len(g.variables)
	var text strings.Builder
	for range 1 + g.random.IntN(3) {
		text.WriteString(g.piece(depth))
	}
	g.variables = g.variables[:declared]
	return text.String()
}

func (g *Generator) piece(depth int) string {
	if depth > 0 && g.oneIn(2) {
		switch g.random.IntN(4) {
		case 0:
			return g.condition(depth)
		case 1:
			return g.with(depth)
		case 2:
			return g.loop(depth)
		default:
			if g.oneIn(4) {
				g.blocks++
				return g.action(fmt.Sprintf("block \"b%d\" %s", g.blocks, g.handedOver())) + g.isolated(depth-1) + g.action("end")
			}
		}
	}
	switch g.random.IntN(12) {
	case 0, 1:
		return pick(g, []string{"text", " ", "\n", "\t", "\n\n  ", "é→", "}}", "a: b\n", "-", "\r\n"})
	case 2:
		return g.declaration()
	case 3:
		return g.assignment()
	case 4:
		if g.oneIn(2) {
			return g.change()
		}
		return pick(g, []string{"{{/* note */}}", "{{- /* note */ -}}", "{{- /* a\n b */}}"})
	case 5:
		if g.inRange && g.oneIn(2) {
			return g.action(pick(g, []string{"break", "continue"}))
		}
		return g.call()
	default:
		return g.action(g.pipeline())
	}
}

// action adds delimiters, sometimes with trim markers.
func (g *Generator) action(content string) string {
	left, right := "{{ ", " }}"
	if g.oneIn(8) {
		left = "{{- "
	}
	if g.oneIn(8) {
		right = " -}}"
	}
	return left + content + right
}

func (g *Generator) call() string {
	if len(g.templates) == 0 {
		return g.action(g.pipeline())
	}
	if g.oneIn(40) {
		return g.action(`template "nope"`)
	}
	return g.action(fmt.Sprintf("template %q %s", pick(g, g.templates), g.handedOver()))
}

// handedOver is what a template is called with: mostly all there is, so that
// the fields it names exist.
func (g *Generator) handedOver() string {
	if g.oneIn(4) {
		return g.any(2)
	}
	return "$"
}

// under writes a block whose dot is something else than the root.
func (g *Generator) under(depth int) string {
	outer := g.dotIsRoot
	g.dotIsRoot = false
	text := g.block(depth)
	g.dotIsRoot = outer
	return text
}

// isolated writes a block that is a template of its own: it sees no variable
// and no loop.
func (g *Generator) isolated(depth int) string {
	outer := *g
	g.variables, g.inRange, g.dotIsRoot, g.templates = nil, false, true, nil
	text := g.block(depth)
	g.variables, g.inRange, g.dotIsRoot, g.templates = outer.variables, outer.inRange, outer.dotIsRoot, outer.templates
	return text
}

func (g *Generator) condition(depth int) string {
	var text strings.Builder
	text.WriteString(g.action("if " + g.guard()))
	text.WriteString(g.block(depth - 1))
	for g.oneIn(4) {
		text.WriteString(g.action("else if " + g.guard()))
		text.WriteString(g.block(depth - 1))
	}
	if g.oneIn(2) {
		text.WriteString(g.action("else"))
		text.WriteString(g.block(depth - 1))
	}
	text.WriteString(g.action("end"))
	return text.String()
}

func (g *Generator) guard() string {
	if g.oneIn(3) {
		return g.any(expressionDepth - 1)
	}
	return g.bare(boolean, expressionDepth-1)
}

func (g *Generator) with(depth int) string {
	var text strings.Builder
	text.WriteString(g.action("with " + g.any(expressionDepth-1)))
	text.WriteString(g.under(depth - 1))
	if g.oneIn(5) {
		text.WriteString(g.action("else with " + g.any(expressionDepth-1)))
		text.WriteString(g.under(depth - 1))
	}
	if g.oneIn(3) {
		text.WriteString(g.action("else"))
		text.WriteString(g.block(depth - 1))
	}
	text.WriteString(g.action("end"))
	return text.String()
}

func (g *Generator) loop(depth int) string {
	declared, outer := len(g.variables), g.inRange
	over := g.bare(pick(g, []kind{list, list, dict, small}), expressionDepth-1)
	if g.oneIn(30) {
		over = g.bare(pick(g, []kind{text, boolean, float}), 1)
	}
	head := "range " + over
	switch g.random.IntN(3) {
	case 0:
		name := g.declare(anything)
		head = fmt.Sprintf("range %s := %s", name, over)
	case 1:
		index, element := g.declare(anything), g.declare(anything)
		head = fmt.Sprintf("range %s, %s := %s", index, element, over)
	}
	g.inRange = true
	body := g.under(depth - 1)
	g.inRange = outer
	g.variables = g.variables[:declared]
	otherwise := ""
	if g.oneIn(4) {
		otherwise = g.action("else") + g.block(depth-1)
	}
	return g.action(head) + body + otherwise + g.action("end")
}

func (g *Generator) declaration() string {
	wanted := pick(g, []kind{text, integer, boolean, list, dict, float})
	value := g.bare(wanted, expressionDepth-1)
	return g.action(fmt.Sprintf("%s := %s", g.declare(wanted), value))
}

func (g *Generator) assignment() string {
	if len(g.variables) == 0 {
		return g.declaration()
	}
	target := pick(g, g.variables)
	return g.action(fmt.Sprintf("%s = %s", target.name, g.bare(target.kind, expressionDepth-1)))
}

// change changes a list or a dict in place, which everyone who holds it sees.
func (g *Generator) change() string {
	for _, candidate := range g.variables {
		switch candidate.kind {
		case list:
			return g.action("$_ := sortAlpha " + candidate.name)
		case dict:
			if g.oneIn(2) {
				return g.action(fmt.Sprintf("$_ := unset %s %q", candidate.name, pick(g, []string{"a", "k"})))
			}
			return g.action(fmt.Sprintf("$_ := set %s %q %s", candidate.name, pick(g, []string{"a", "k"}), g.literal(scalar)))
		}
	}
	return g.declaration()
}

func (g *Generator) declare(of kind) string {
	name := "$" + pick(g, []string{"a", "b", "c", "x1", "é"})
	g.variables = append(g.variables, variable{name, of})
	return name
}
