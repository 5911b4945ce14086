package oracle

import (
	"io"
	"text/template"
)

// Prepared is a case whose data is decoded, for measuring the engine alone.
type Prepared struct {
	definition *Case
	data       any
}

// Prepare decodes a case's data.
func Prepare(c *Case) (*Prepared, error) {
	data, err := DecodeData(c.Data)
	if err != nil {
		return nil, err
	}
	return &Prepared{definition: c, data: data}, nil
}

// Parse parses the case's templates as one set.
func (p *Prepared) Parse() (*template.Template, error) {
	set, err := prepare(p.definition)
	if err != nil {
		return nil, err
	}
	return set, parse(set, p.definition.Templates)
}

// RenderAll renders each template of a parsed set.
func (p *Prepared) RenderAll(set *template.Template) error {
	for _, member := range p.definition.Templates {
		if err := set.ExecuteTemplate(io.Discard, member.Name, p.data); err != nil {
			return err
		}
	}
	return nil
}
