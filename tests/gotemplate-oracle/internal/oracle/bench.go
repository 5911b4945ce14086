package oracle

import "io"

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

// ParseAndRenderAll parses the case's templates as one set and renders each.
func (p *Prepared) ParseAndRenderAll() error {
	set, err := prepare(p.definition)
	if err != nil {
		return err
	}
	if err := parse(set, p.definition.Templates); err != nil {
		return err
	}
	for _, member := range p.definition.Templates {
		if err := set.ExecuteTemplate(io.Discard, member.Name, p.data); err != nil {
			return err
		}
	}
	return nil
}
