// Command gotemplate-oracle answers template cases with Go's text/template and
// sprig, for the Rust crate that has to give the same answers.
package main

import (
	"fmt"
	"io"
	"os"
)

const usage = `usage: gotemplate-oracle COMMAND
  generate   write corpus/*.json from cases/*.txt and the tables
  check      fail when corpus/*.json is not what generate would write
  count      print how many cases there are, hand-written and from tables
  serve      answer one JSON case a line from stdin, one JSON answer a line on stdout
  fuzzgen    print random cases: -seed N -count N
  bench      parse and render bench.json: -n N, -parsed; prints ns per operation as JSON
`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	commands := map[string]func(args []string, in io.Reader, out io.Writer) error{
		"generate": generate,
		"check":    check,
		"count":    count,
		"serve":    serve,
		"fuzzgen":  fuzzgen,
		"bench":    bench,
	}
	command, known := commands[os.Args[1]]
	if !known {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	if err := command(os.Args[2:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "gotemplate-oracle %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}
