package main

import (
	"bufio"
	"flag"
	"io"
	"time"

	"secretwire.dev/gotemplate-oracle/internal/fuzz"
)

// fuzzgen prints cases until count is reached, or for ever when it is 0.
func fuzzgen(args []string, _ io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("fuzzgen", flag.ContinueOnError)
	seed := flags.Uint64("seed", uint64(time.Now().UnixNano()), "the same seed gives the same cases")
	count := flags.Int("count", 0, "how many cases; 0 does not stop")
	if err := flags.Parse(args); err != nil {
		return err
	}
	generator := fuzz.New(*seed)
	buffered := bufio.NewWriter(out)
	for made := 0; *count == 0 || made < *count; made++ {
		line, err := jsonLine(generator.Next())
		if err != nil {
			return err
		}
		if _, err := buffered.Write(line); err != nil {
			return err
		}
	}
	return buffered.Flush()
}
