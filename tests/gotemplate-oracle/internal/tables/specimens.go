package tables

import (
	"encoding/json"

	"secretwire.dev/gotemplate-oracle/internal/oracle"
	"secretwire.dev/gotemplate-oracle/internal/source"
)

// specimen is an argument of one kind, as a case's data writes it.
type specimen struct {
	kind string
	json string
}

// kinds are the arguments that every call in a table is made with.
var kinds = []specimen{
	{"nil", `null`},
	{"a JSON number", `5`},
	{"a JSON number beyond int64", `12345678901234567890`},
	{"text", `"Hello, World"`},
	{"empty text", `""`},
	{"unicode text", `"héllo wörld 日本"`},
	{"an int", `{"$int":"-7"}`},
	{"a float", `{"$float64":"2.75"}`},
	{"true", `true`},
	{"a list", `["b","a","c","a"]`},
	{"a mixed list", `[1,"x",null,true,{"k":"v"},[2]]`},
	{"an empty list", `[]`},
	{"a list of strings", `{"$strings":["z","y"]}`},
	{"a dict", `{"b":"B","a":1,"c":{"d":[true]}}`},
	{"an empty dict", `{}`},
}

// moreKinds are added where a table is about the kinds themselves.
var moreKinds = []specimen{
	{"a JSON decimal", `-1.50`},
	{"a JSON exponent", `1e3`},
	{"binary text", `{"$binary":"AP9/gGE="}`},
	{"digits", `"42"`},
	{"a hexadecimal text", `"0x1F"`},
	{"a decimal text", `"-3.9"`},
	{"zero", `{"$int":"0"}`},
	{"an int64", `{"$int64":"9223372036854775807"}`},
	{"a whole float", `{"$float64":"3"}`},
	{"false", `false`},
	{"a map of strings", `{"$stringmap":{"k":"v"}}`},
}

// allKinds is both lists.
func allKinds() []specimen {
	return append(append([]specimen{}, kinds...), moreKinds...)
}

// over is a case that renders text over a root whose key v is the specimen.
func (s specimen) over(name string, profile oracle.Profile, text string) oracle.Case {
	return oracle.Case{
		Name:      name,
		Profile:   profile,
		Templates: []oracle.Template{{Name: source.DefaultTemplate, Text: text}},
		Render:    source.DefaultTemplate,
		Data:      json.RawMessage(`{"v":` + s.json + `}`),
	}
}
