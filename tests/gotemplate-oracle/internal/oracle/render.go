package oracle

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"text/template"
	"unicode/utf8"
)

// OutputLimit bounds what one case may write, so that a random template cannot
// fill the memory of the machine that fuzzes.
const OutputLimit = 8 << 20

var errOutputLimit = errors.New("oracle: output limit exceeded")

// Render answers a case. The error is for a case that is itself malformed;
// whatever the template engine says is part of the answer.
func Render(c *Case) (Answer, error) {
	data, err := DecodeData(c.Data)
	if err != nil {
		return Answer{}, err
	}
	if c.Profile == ESO {
		data = stringValues(data)
	}
	set, err := prepare(c)
	if err != nil {
		return Answer{}, err
	}
	if err := parse(set, c.Templates); err != nil {
		return failed(err), nil
	}
	out := &limitedBuffer{}
	if err := set.ExecuteTemplate(out, c.Render, data); err != nil {
		return failed(err), nil
	}
	return rendered(out.buffer.Bytes()), nil
}

func prepare(c *Case) (*template.Template, error) {
	if len(c.Templates) == 0 {
		return nil, errors.New("a case needs a template")
	}
	functions, err := Functions(c.Profile)
	if err != nil {
		return nil, err
	}
	missingKey := c.MissingKey
	if missingKey == "" {
		if missingKey, err = c.Profile.missingKey(); err != nil {
			return nil, err
		}
	}
	set := template.New(c.Templates[0].Name).Funcs(functions).Option("missingkey=" + missingKey)
	switch len(c.Delims) {
	case 0:
	case 2:
		set.Delims(c.Delims[0], c.Delims[1])
	default:
		return nil, errors.New("delims are a pair")
	}
	return set, nil
}

func parse(set *template.Template, templates []Template) error {
	if _, err := set.Parse(templates[0].Text); err != nil {
		return err
	}
	for _, member := range templates[1:] {
		if _, err := set.New(member.Name).Parse(member.Text); err != nil {
			return err
		}
	}
	return nil
}

// External Secrets hands its templates a map of strings, never of anything.
func stringValues(data any) any {
	members, isMap := data.(map[string]any)
	if !isMap {
		return data
	}
	out := make(map[string]string, len(members))
	for key, member := range members {
		text, isText := member.(string)
		if !isText {
			return data
		}
		out[key] = text
	}
	return out
}

func rendered(output []byte) Answer {
	if utf8.Valid(output) {
		text := string(output)
		return Answer{Output: &text}
	}
	encoded := base64.StdEncoding.EncodeToString(output)
	return Answer{OutputBase64: &encoded}
}

// JSON cannot carry broken UTF-8; the crate under test is compared after the
// same replacement.
func failed(err error) Answer {
	text := strings.ToValidUTF8(err.Error(), "\uFFFD")
	return Answer{Error: &text}
}

type limitedBuffer struct{ buffer bytes.Buffer }

func (b *limitedBuffer) Write(chunk []byte) (int, error) {
	if b.buffer.Len()+len(chunk) > OutputLimit {
		return 0, errOutputLimit
	}
	return b.buffer.Write(chunk)
}
