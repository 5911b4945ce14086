package main

import (
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"time"

	"secretwire.dev/gotemplate-oracle/internal/oracle"
)

const benchFile = "bench.json"

// bench measures what one sync costs: the set is parsed, or was before, then
// each template is rendered, over data that is decoded already.
func bench(args []string, _ io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	rounds := flags.Int("n", 20_000, "how often to parse and render")
	parsed := flags.Bool("parsed", false, "parse once, before the clock starts")
	if err := flags.Parse(args); err != nil {
		return err
	}
	content, err := os.ReadFile(benchFile)
	if err != nil {
		return err
	}
	var typical oracle.Case
	if err := json.Unmarshal(content, &typical); err != nil {
		return err
	}
	prepared, err := oracle.Prepare(&typical)
	if err != nil {
		return err
	}
	if *rounds < 1 {
		return errors.New("n must be positive")
	}
	once, err := prepared.Parse()
	if err != nil {
		return err
	}
	round := func() error {
		if *parsed {
			return prepared.RenderAll(once)
		}
		set, err := prepared.Parse()
		if err != nil {
			return err
		}
		return prepared.RenderAll(set)
	}
	for range *rounds / 10 {
		if err := round(); err != nil {
			return err
		}
	}
	start := time.Now()
	for range *rounds {
		if err := round(); err != nil {
			return err
		}
	}
	spent := time.Since(start)
	line, err := jsonLine(map[string]any{
		"name":      typical.Name,
		"rounds":    *rounds,
		"templates": len(typical.Templates),
		"ns_per_op": spent.Nanoseconds() / int64(*rounds),
	})
	if err != nil {
		return err
	}
	_, err = out.Write(line)
	return err
}
