package oracle

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// DecodeData builds the value a case is rendered over. Plain JSON becomes what
// a decoder with UseNumber makes of it; an object with the single key of a tag
// (see builders) becomes that Go type instead. No data at all is nil.
func DecodeData(raw json.RawMessage) (any, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var plain any
	if err := decoder.Decode(&plain); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("data holds more than one JSON value")
	}
	return build(plain)
}

func build(plain any) (any, error) {
	switch value := plain.(type) {
	case map[string]any:
		if len(value) == 1 {
			for tag, content := range value {
				if builder, tagged := builders[tag]; tagged {
					return builder(content)
				}
			}
		}
		for key, member := range value {
			built, err := build(member)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
			value[key] = built
		}
	case []any:
		for i, member := range value {
			built, err := build(member)
			if err != nil {
				return nil, fmt.Errorf("[%d]: %w", i, err)
			}
			value[i] = built
		}
	}
	return plain, nil
}

var builders = map[string]func(any) (any, error){
	"$int":       fromText(strconv.Atoi),
	"$int64":     fromText(func(text string) (int64, error) { return strconv.ParseInt(text, 10, 64) }),
	"$uint64":    fromText(func(text string) (uint64, error) { return strconv.ParseUint(text, 10, 64) }),
	"$float64":   fromText(func(text string) (float64, error) { return strconv.ParseFloat(text, 64) }),
	"$bytes":     fromText(base64.StdEncoding.DecodeString),
	"$binary":    fromText(binaryString),
	"$strings":   stringSlice,
	"$stringmap": stringMap,
}

func fromText[T any](parse func(string) (T, error)) func(any) (any, error) {
	return func(content any) (any, error) {
		text, isText := content.(string)
		if !isText {
			return nil, fmt.Errorf("a tagged value is written as a string, not %T", content)
		}
		return parse(text)
	}
}

func binaryString(text string) (string, error) {
	decoded, err := base64.StdEncoding.DecodeString(text)
	return string(decoded), err
}

func stringSlice(content any) (any, error) {
	members, isList := content.([]any)
	if !isList {
		return nil, fmt.Errorf("$strings wants a list, not %T", content)
	}
	out := make([]string, len(members))
	for i, member := range members {
		text, isText := member.(string)
		if !isText {
			return nil, fmt.Errorf("$strings[%d] is %T", i, member)
		}
		out[i] = text
	}
	return out, nil
}

func stringMap(content any) (any, error) {
	members, isMap := content.(map[string]any)
	if !isMap {
		return nil, fmt.Errorf("$stringmap wants an object, not %T", content)
	}
	out := make(map[string]string, len(members))
	for key, member := range members {
		text, isText := member.(string)
		if !isText {
			return nil, fmt.Errorf("$stringmap.%s is %T", key, member)
		}
		out[key] = text
	}
	return out, nil
}
