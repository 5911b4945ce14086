package tables

import (
	"fmt"

	"secretwire.dev/gotemplate-oracle/internal/oracle"
)

const (
	unicodeBlock = 0x400
	// Beyond these planes nothing has a case or a picture.
	unicodeEnd = 0x20000
)

// Go maps one character to one character and knows the Unicode version it was
// built with; a library of another version differs here first.
var unicodeLooks = []struct{ title, text string }{
	{"upper", `{{ if ne (upper $c) $c }}{{ upper $c }}{{ end }}`},
	{"lower", `{{ if ne (lower $c) $c }}{{ lower $c }}{{ end }}`},
	{"title", `{{ if ne (title $c) (upper $c) }}{{ title $c }}{{ end }}`},
	{"swapcase", `{{ if ne (swapcase $c) $c }}{{ swapcase $c }}{{ end }}`},
	{"the end of a word for title", `{{ if ne (title (print "a" $c "a")) (print "A" $c "a") }}{{ . }} {{ end }}`},
	{"printable", `{{ if contains "\\" (quote $c) }}-{{ else }}+{{ end }}`},
	{"white space", `{{ if ne (trim $c) $c }}{{ . }} {{ end }}`},
}

// characters looks at every character of the first two planes.
func characters() []oracle.Case {
	var cases []oracle.Case
	for _, look := range unicodeLooks {
		for start := 0; start < unicodeEnd; start += unicodeBlock {
			text := fmt.Sprintf(`{{ range untilStep %d %d 1 }}{{ $c := printf "%%c" . }}%s{{ end }}`, start, start+unicodeBlock, look.text)
			name := fmt.Sprintf("%s: U+%04X to U+%04X", look.title, start, start+unicodeBlock-1)
			cases = append(cases, withoutData(name, oracle.VSO, text))
		}
	}
	return cases
}
