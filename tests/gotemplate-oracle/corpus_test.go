package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"secretwire.dev/gotemplate-oracle/internal/esofuncs"
	"secretwire.dev/gotemplate-oracle/internal/oracle"
)

func readCorpus(t *testing.T) []oracle.Answered {
	t.Helper()
	paths, err := filepath.Glob(corpusGlob)
	if err != nil {
		t.Fatal(err)
	}
	var all []oracle.Answered
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var cases []oracle.Answered
		if err := json.Unmarshal(content, &cases); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all = append(all, cases...)
	}
	return all
}

var word = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*`)

// takesAnything lists the functions that refuse no argument and no number of
// them; nothing a template can reach is a function value for call.
var (
	takesAnything = strings.Fields("add all any cat coalesce html js println quote squote tuple urlquery")
	neverRenders  = []string{"call"}
)

func TestEveryFunctionHasACaseThatRendersAndOneThatFails(t *testing.T) {
	functions := map[oracle.Profile][]string{
		oracle.VSO: append(slices.Clone(oracle.BuiltinNames), oracle.VSONames...),
		oracle.ESO: oracle.ESONames,
	}
	for name := range esofuncs.Functions() {
		functions[oracle.ESO] = append(functions[oracle.ESO], name)
	}
	rendered, failed := map[string]bool{}, map[string]bool{}
	for _, one := range readCorpus(t) {
		for _, member := range one.Templates {
			for _, name := range word.FindAllString(member.Text, -1) {
				if one.Error == nil {
					rendered[name] = true
				} else {
					failed[name] = true
				}
			}
		}
	}
	for profile, names := range functions {
		for _, name := range names {
			if !rendered[name] && !slices.Contains(neverRenders, name) {
				t.Errorf("%s: no case renders with %s", profile, name)
			}
			if !failed[name] && !slices.Contains(takesAnything, name) {
				t.Errorf("%s: no case fails with %s", profile, name)
			}
		}
	}
}

func TestCommittedCorpusIsWhatGenerateWrites(t *testing.T) {
	if err := check(nil, nil, nil); err != nil {
		t.Fatal(err)
	}
}
