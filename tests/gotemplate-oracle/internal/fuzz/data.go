package fuzz

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// data is a root of the shape the fields in expressions expect, with values
// of chance and with members that may be absent.
func (g *Generator) data() json.RawMessage {
	secrets := fmt.Sprintf(
		`"s1":%s,"s2":%s,"json":%s,"n1":%s,"n2":%s,"int":{"$int":%q},"float":{"$float64":%q},"on":%t,"null":null,`+
			`"list":%s,"numbers":[%s,%s],"none":[],"bare":{},"strings":%s,"bytes":{"$bytes":"aGn/"},"texts":{"$stringmap":{"a":"x","k":""}},"uint":{"$uint64":"7"},"deep":{"a":{"b":%s},"l":%s}`,
		g.jsonWord(), g.jsonWord(), g.jsonWord(), g.jsonNumber(), g.jsonNumber(),
		strconv.Itoa(g.random.IntN(20)-5), g.floatText(), g.oneIn(2),
		g.jsonList(), g.jsonNumber(), g.jsonNumber(), pick(g, []string{`{"$strings":["y","x","y"]}`, `{"$strings":[]}`}), g.jsonWord(), g.jsonList(),
	)
	root := fmt.Sprintf(`{"Secrets":{%s},"Metadata":{"version":%s},"Annotations":{},"Labels":{"app":%s}}`,
		secrets, g.jsonNumber(), g.jsonWord())
	return json.RawMessage(root)
}

// jsonWord is a string; what is not UTF-8 becomes the replacement character.
func (g *Generator) jsonWord() string {
	encoded, err := json.Marshal(g.word())
	if err != nil {
		return `""`
	}
	return string(encoded)
}

func (g *Generator) jsonNumber() string {
	return pick(g, []string{"0", "1", "-7", "42", "1.50", "0.1", "1e3", "1E-2", "12345678901234567890", "-0", "3.0"})
}

func (g *Generator) floatText() string {
	return pick(g, []string{"0", "2.5", "-1e-9", "1e21", "123456789", "0.1", "3"})
}

func (g *Generator) jsonList() string {
	return pick(g, []string{
		`[]`, `["a"]`, `["b","a","c"]`, `[1,"x",null,true]`, `[{"a":1},{"a":2}]`, `[[1],[2,3]]`, `["a","a","b"]`, `[null]`, `[1.50,2,"3"]`,
	})
}
