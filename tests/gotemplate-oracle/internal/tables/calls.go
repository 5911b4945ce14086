package tables

import (
	"fmt"
	"strings"

	"secretwire.dev/gotemplate-oracle/internal/oracle"
)

// calls makes each call with every specimen in the place of .v. A line that has
// its own delimiters is a whole template.
func calls(profile oracle.Profile, specimens []specimen, table string) []oracle.Case {
	var cases []oracle.Case
	for _, line := range strings.Split(table, "\n") {
		call := strings.TrimSpace(line)
		if call == "" {
			continue
		}
		text := call
		if !strings.HasPrefix(call, "{{") {
			text = "{{ " + call + " }}"
		}
		for _, value := range specimens {
			name := fmt.Sprintf("%s: %s", call, value.kind)
			cases = append(cases, value.over(name, profile, text))
		}
	}
	return cases
}

// Kinds, conversions and JSON are where every kind matters.
const conversionCalls = `
kindOf .v
typeOf .v
kindIs "string" .v
typeIs "string" .v
typeIsLike "[]interface {}" .v
toString .v
toStrings .v
int .v
int64 .v
float64 .v
atoi .v
toDecimal .v
default "d" .v
empty .v
coalesce nil .v "z"
ternary "y" "n" .v
quote .v
squote .v
toJson .v
toPrettyJson .v
toRawJson .v
mustToJson .v
fromJson .v
mustFromJson .v
deepCopy .v
deepEqual .v .v
html .v
js .v
urlquery .v
len .v
print .v
not .v
eq .v .v
lt .v .v
`

const numberCalls = `
add 1 .v
add1 .v
sub .v 1
mul 2 .v
div .v 2
div 7 .v
mod .v 4
mod 7 .v
addf 1.5 .v
add1f .v
subf .v 0.5
mulf 2 .v
divf .v 2
divf 1 .v
max .v 3
min .v 3
biggest .v 3
maxf .v 3.5
minf .v 3.5
ceil .v
floor .v
round .v 1
round 2.345 .v
until .v
untilStep 0 10 .v
seq .v
`

const stringCalls = `
upper .v
lower .v
title .v
untitle .v
trim .v
trimAll "Ho" .v
trimPrefix "H" .v
trimSuffix "d" .v
nospace .v
initials .v
swapcase .v
snakecase .v
camelcase .v
kebabcase .v
abbrev 8 .v
abbrev .v "abcdefghij"
abbrevboth 2 8 .v
trunc 4 .v
trunc -4 .v
trunc .v "abcdefghij"
substr 1 4 .v
substr .v 4 "abcdefghij"
repeat 2 .v
repeat .v "ab"
wrap 5 .v
wrapWith 5 "|" .v
contains "o" .v
contains .v "Hello, World"
hasPrefix "H" .v
hasSuffix "d" .v
cat .v "x" .v
indent 2 .v
indent .v "x"
nindent 2 .v
replace "l" "L" .v
replace .v "-" "Hello, World"
plural "one" "many" .v
split "," .v
splitList "l" .v
splitn "," 2 .v
join "-" .v
join .v (list 1 2)
sortAlpha .v
b64enc .v
b64dec .v
b32enc .v
b32dec .v
sha1sum .v
sha256sum .v
sha512sum .v
adler32sum .v
regexMatch "^[A-Za-z, ]+$" .v
regexMatch .v "Hello, World"
regexFind "[a-z]+" .v
regexFindAll "[a-z]" .v 2
regexReplaceAll "(l+)" .v "<$1>"
regexSplit "," .v -1
regexQuoteMeta .v
semver .v
semverCompare "^1.0.0" .v
base .v
dir .v
clean .v
ext .v
isAbs .v
osBase .v
urlParse .v
duration .v
durationRound .v
mustToDate "2006-01-02" .v
fail .v
`

const collectionCalls = `
first .v
last .v
rest .v
initial .v
reverse .v
uniq .v
compact .v
mustFirst .v
mustRest .v
mustCompact .v
mustReverse .v
mustUniq .v
append .v "e"
append (list 1) .v
prepend .v "e"
push .v "e"
concat .v (list 1)
concat (list 1) .v
without .v "a"
without (list 1 2) .v
has "a" .v
has .v (list "a" 5)
mustHas "a" .v
slice .v 1
slice .v 1 2
slice (list 1 2 3) .v
chunk 2 .v
chunk .v (list 1 2 3)
list .v
tuple .v 1
all .v 1
any .v 0
get .v "a"
get (dict "a" 1) .v
set .v "n" 1
set (dict) "n" .v
unset .v "a"
hasKey .v "a"
keys .v | sortAlpha
values .v | len
pick .v "a" "b"
omit .v "a"
pluck "a" .v
pluck .v (dict "a" 1)
dig "a" "d" .v
dig .v "d" (dict "a" 1)
merge .v (dict "z" 1)
merge (dict "z" 1) .v
mergeOverwrite (dict "a" 0) .v
mustMerge (dict "a" 0) .v
dict "k" .v
dict .v "k"
dict .v
index .v 0
index .v "a"
urlJoin .v
.v.a
.v.a.b
{{ range .v }}{{ . }},{{ else }}none{{ end }}
{{ range $k, $e := .v }}{{ $k }}={{ $e }},{{ end }}
{{ with .v }}{{ . }}{{ else }}none{{ end }}
{{ if .v }}y{{ else }}n{{ end }}
{{ template "x" .v }}{{ define "x" }}{{ . }}{{ end }}
`

// What only External Secrets offers.
const esoCalls = `
toYaml .v
fromYaml .v
hexdec .v
htmlDateInZone 0 .v
date_in_zone "2006-01-02" 0 .v
unixEpoch (toDate "2006-01-02" .v)
`
