package esofuncs

import (
	"strings"

	"sigs.k8s.io/yaml"
)

func toYAML(value any) string {
	text, err := yaml.Marshal(value)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(text), "\n")
}

func fromYAML(text string) map[string]any {
	fields := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &fields); err != nil {
		fields["Error"] = err.Error()
	}
	return fields
}
