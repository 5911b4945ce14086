package oracle

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestTagsBuildTheGoTypeTheyName(t *testing.T) {
	for text, want := range map[string]string{
		`5`:                         `json.Number "5"`,
		`{"$int":"-7"}`:             `int -7`,
		`{"$int64":"7"}`:            `int64 7`,
		`{"$uint64":"7"}`:           `uint64 0x7`,
		`{"$float64":"1e3"}`:        `float64 1000`,
		`{"$bytes":"aGk="}`:         `[]uint8 []byte{0x68, 0x69}`,
		`{"$binary":"/w=="}`:        `string "\xff"`,
		`{"$strings":["a"]}`:        `[]string []string{"a"}`,
		`{"$stringmap":{"a":"b"}}`:  `map[string]string map[string]string{"a":"b"}`,
		`[{"$int":"1"}]`:            `[]interface {} []interface {}{1}`,
		`{"$int":"1","other":null}`: `map[string]interface {} map[string]interface {}{"$int":"1", "other":interface {}(nil)}`,
		`null`:                      `<nil> <nil>`,
	} {
		value, err := DecodeData(json.RawMessage(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := fmt.Sprintf("%T %#v", value, value); got != want {
			t.Errorf("%s: %s, not %s", text, got, want)
		}
	}
}

func TestMalformedDataIsRefused(t *testing.T) {
	for _, text := range []string{`{"$int":5}`, `{"$int":"x"}`, `{"$bytes":"!"}`, `{"$strings":[1]}`, `{"$stringmap":[]}`, `1 2`, `{`} {
		if _, err := DecodeData(json.RawMessage(text)); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}

func TestRunawayOutputIsCutOff(t *testing.T) {
	answer, err := Render(&Case{
		Profile:   VSO,
		Templates: []Template{{Name: "t", Text: `{{ range 20 }}{{ repeat 1000000 "x" }}{{ end }}`}},
		Render:    "t",
	})
	if err != nil || answer.Error == nil || !strings.Contains(*answer.Error, errOutputLimit.Error()) {
		t.Errorf("%v %+v", err, answer)
	}
}
