package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"secretwire.dev/gotemplate-oracle/internal/oracle"
	"secretwire.dev/gotemplate-oracle/internal/source"
	"secretwire.dev/gotemplate-oracle/internal/tables"
)

const (
	caseGlob   = "cases/*.txt"
	corpusGlob = "corpus/*.json"
	corpusDir  = "corpus"
	// A file that a reviewer's tools still open.
	corpusFileLimit = 1_000_000
)

func generate(_ []string, _ io.Reader, _ io.Writer) error {
	wanted, err := corpus()
	if err != nil {
		return err
	}
	present, err := filepath.Glob(corpusGlob)
	if err != nil {
		return err
	}
	for _, path := range present {
		if _, keep := wanted[path]; !keep {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	for path, content := range wanted {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func check(_ []string, _ io.Reader, _ io.Writer) error {
	wanted, err := corpus()
	if err != nil {
		return err
	}
	present, err := filepath.Glob(corpusGlob)
	if err != nil {
		return err
	}
	var stale []string
	for _, path := range present {
		if _, keep := wanted[path]; !keep {
			stale = append(stale, path)
		}
	}
	for path, content := range wanted {
		committed, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(committed, content) {
			stale = append(stale, path)
		}
	}
	if len(stale) > 0 {
		slices.Sort(stale)
		return fmt.Errorf("stale, run generate: %s", strings.Join(stale, ", "))
	}
	return nil
}

func count(_ []string, _ io.Reader, out io.Writer) error {
	written, err := handWritten()
	if err != nil {
		return err
	}
	for _, group := range []struct {
		title string
		files map[string][]oracle.Case
	}{{"hand-written", written}, {"from tables", tables.Files()}} {
		total := 0
		for _, name := range slices.Sorted(maps.Keys(group.files)) {
			fmt.Fprintf(out, "%6d  %s\n", len(group.files[name]), name)
			total += len(group.files[name])
		}
		fmt.Fprintf(out, "%6d  %s in all\n", total, group.title)
	}
	return nil
}

func handWritten() (map[string][]oracle.Case, error) {
	paths, err := filepath.Glob(caseGlob)
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, errors.New("no cases here: run in the oracle's own directory")
	}
	files := make(map[string][]oracle.Case, len(paths))
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		cases, err := source.Parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		files[strings.TrimSuffix(filepath.Base(path), ".txt")] = cases
	}
	return files, nil
}

// corpus renders every case and returns the files' content by path.
func corpus() (map[string][]byte, error) {
	files, err := handWritten()
	if err != nil {
		return nil, err
	}
	for name, cases := range tables.Files() {
		if _, taken := files[name]; taken {
			return nil, fmt.Errorf("both a case file and a table are named %s", name)
		}
		files[name] = cases
	}
	content := make(map[string][]byte, len(files))
	for name, cases := range files {
		file, err := answered(cases)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if len(file) > corpusFileLimit {
			return nil, fmt.Errorf("%s: %d bytes: split it", name, len(file))
		}
		content[filepath.Join(corpusDir, name+".json")] = file
	}
	return content, nil
}

// answered writes a JSON array with one case a line.
func answered(cases []oracle.Case) ([]byte, error) {
	var file bytes.Buffer
	file.WriteString("[\n")
	for i := range cases {
		answer, err := settled(&cases[i])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", cases[i].Name, err)
		}
		line, err := jsonLine(oracle.Answered{Case: cases[i], Answer: answer})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", cases[i].Name, err)
		}
		file.Write(bytes.TrimRight(line, "\n"))
		if i < len(cases)-1 {
			file.WriteByte(',')
		}
		file.WriteByte('\n')
	}
	file.WriteString("]\n")
	return file.Bytes(), nil
}

// settled renders a case twice: an answer that differs between runs (random,
// the clock, the order of a map) cannot be compared with.
func settled(c *oracle.Case) (oracle.Answer, error) {
	first, err := oracle.Render(c)
	if err != nil {
		return first, err
	}
	again, err := oracle.Render(c)
	if err != nil {
		return again, err
	}
	if !reflect.DeepEqual(first, again) {
		return first, errors.New("renders differently each time")
	}
	return first, nil
}

func jsonLine(value any) ([]byte, error) {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return line.Bytes(), err
}
