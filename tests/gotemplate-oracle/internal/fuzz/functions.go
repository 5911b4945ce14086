package fuzz

import (
	"slices"
	"strings"
)

// function is a name with the kinds of its arguments and of its result.
type function struct {
	name      string
	arguments []kind
	result    kind
}

var kindLetters = map[byte]kind{
	'a': anything, 's': text, 'i': integer, 'f': float, 'b': boolean, 'l': list, 'd': dict, 'n': small, 'p': pattern,
	'%': format, 'v': version, 'c': constraint, 't': scalar, '#': number, '0': head, '1': next, 'x': fresh, 'm': moment, 'w': layout, 'z': zone, 'y': yaml, 'o': object, 'q': pointer, 'j': document,
}

// Each word is NAME:ARGUMENTS:RESULT in the letters above. A name may appear
// with several shapes. Functions of chance and of the clock are left out, as
// is what depends on the order of a map, unless it is sorted again.
var builtins = shapes(`
and:aa:a and:ba:a or:aa:a or:bba:a not:a:b not:b:b eq:ss:b eq:ii:b eq:sss:b eq:ff:b eq:##:b ne:ss:b ne:#s:b ne:ii:b
lt:ii:b lt:ss:b lt:ff:b le:ii:b le:ss:b lt:#a:b gt:ii:b gt:ff:b ge:ii:b ge:ss:b
index:l0:a index:ds:a index:dss:a index:s0:i index:ln:a len:s:i len:l:i len:d:i len:#:i print:aa:s print:s:s print:aaa:s
printf:%a:s printf:%aa:s printf:%s:s printf:%i:s printf:%f:s printf:%#:s printf:%#s:s printf:%aaa:s println:aa:s html:s:s html:a:s js:s:s js:a:s
printf:%l:s printf:%d:s printf:%ld:s print:ld:s println:da:s eq:da:b eq:la:b ne:aa:b len:a:i not:l:b index:aa:a index:da:a
urlquery:s:s urlquery:aa:s call:a:a slice:l0:l slice:l01:l slice:ln:l
`)

var vsoFunctions = slices.Concat(builtins, shapes(`
upper:s:s lower:s:s title:s:s untitle:s:s trim:s:s trimAll:ss:s trimPrefix:ss:s trimSuffix:ss:s nospace:s:s initials:s:s
swapcase:s:s snakecase:s:s camelcase:s:s kebabcase:s:s abbrev:ns:s abbrevboth:nns:s trunc:ns:s substr:01s:s substr:nns:s repeat:ns:s
wrap:ns:s wrapWith:nss:s contains:ss:b hasPrefix:ss:b hasSuffix:ss:b cat:aa:s cat:sas:s indent:ns:s nindent:ns:s
replace:sss:s plural:ssn:s quote:a:s quote:sa:s squote:a:s squote:s:s toString:a:s toStrings:l:l toStrings:a:l
split:ss:d splitList:ss:l splitn:sns:d join:sl:s join:sa:s sortAlpha:l:l sortAlpha:a:l
b64enc:s:s b64dec:s:s b32enc:s:s b32dec:s:s sha1sum:s:s sha256sum:s:s sha512sum:s:s adler32sum:s:s
regexMatch:ps:b regexFind:ps:s regexFindAll:psn:l regexReplaceAll:pss:s regexReplaceAllLiteral:pss:s regexSplit:psn:l
regexQuoteMeta:s:s mustRegexMatch:ps:b mustRegexFind:ps:s mustRegexReplaceAll:pss:s
add:ii:i add:iii:i add:a:i add:#i:i add:#:i mul:##:i sub:#i:i max:#i:i min:#i:i add1:i:i sub:ii:i mul:ii:i mul:ai:i div:ii:i mod:ii:i max:ii:i min:iii:i biggest:ii:i
addf:ff:f addf:##:f mulf:#f:f ceil:#:f floor:#:f add1f:f:f subf:ff:f mulf:ff:f divf:ff:f maxf:ff:f minf:ff:f ceil:f:f ceil:a:f floor:f:f round:fn:f round:an:f
int:s:i int:f:i int:a:i int:#:i int64:#:i float64:#:f toString:#:s quote:#:s toJson:#:s kindOf:#:s typeOf:#:s b64enc:#:s upper:#:s int64:s:i int64:a:i float64:s:f float64:i:f float64:a:f atoi:s:i toDecimal:s:i toDecimal:i:i
until:n:l untilStep:nnn:l seq:n:s seq:nn:s seq:nnn:s
default:as:a default:aa:a default:si:s empty:a:b empty:s:b coalesce:aaa:a all:aa:b any:aa:b ternary:aab:a ternary:ssb:s
fail:s:s toJson:a:s toJson:d:s toJson:l:s toPrettyJson:a:s toPrettyJson:d:s toRawJson:a:s toRawJson:s:s fromJson:s:a
mustFromJson:s:a mustToJson:a:s kindOf:a:s typeOf:a:s kindIs:sa:b typeIs:sa:b typeIsLike:sa:b deepEqual:aa:b
deepCopy:d:d deepCopy:l:l deepCopy:a:a
list:aa:l list:sss:l list:a:l tuple:ii:l first:l:a last:l:a rest:l:l initial:l:l append:la:l prepend:la:l push:ls:l
concat:ll:l reverse:l:l uniq:l:l compact:l:l without:la:l without:laa:l has:al:b chunk:nl:l mustFirst:l:a mustHas:al:b
mustAppend:la:l mustSlice:l01:l mustUniq:l:l slice:l:l
dict:sa:d dict:sasa:d get:ds:a hasKey:ds:b pick:ds:d pick:dss:d omit:ds:d omit:dss:d pluck:sdd:l dig:ssd:a dig:sssd:a
set:dst:d merge:xd:d mergeOverwrite:xd:d mustMerge:xd:d unset:ds:d
base:s:s dir:s:s clean:s:s ext:s:s isAbs:s:b osBase:s:s osDir:s:s osExt:s:s urlParse:s:d urlJoin:d:s
fromJson:j:a fromJson:j:l mustFromJson:j:a slice:l00:l rest:a:l first:a:a sortAlpha:l:a
printf:%o:s printf:%q:s printf:%oq:s print:oq:s eq:oo:b eq:qq:b eq:oa:b ne:qo:b deepEqual:oo:b deepEqual:qq:b len:q:i index:qa:a
typeOf:o:s typeOf:q:s kindOf:o:s toString:o:s toString:q:s quote:oq:s toJson:o:s toJson:q:s int:o:i float64:o:f cat:oq:s has:ol:b
deepCopy:o:a empty:q:b html:o:s toDecimal:o:i add:oo:i round:on:f durationRound:o:s urlquery:q:s merge:xd:a
semver:v:a semverCompare:cv:b duration:s:a duration:i:a durationRound:s:s durationRound:a:s mustToDate:ss:a
`))

var esoFunctions = slices.Concat(vsoFunctions, shapes(`
date:wm:s dateInZone:wmz:s date_in_zone:wmz:s htmlDate:m:s htmlDateInZone:mz:s toYaml:a:s toYaml:d:s toYaml:l:s toYaml:s:s
fromYaml:y:d hexdec:s:s hello::s
`))

// pipeable tells whether the last argument may be whatever comes down a pipe:
// not a dict into itself, not a date that turns out to be now, and not a count
// that fills the memory.
func (f function) pipeable() bool {
	if f.last() == small {
		return false
	}
	for _, argument := range f.arguments {
		if slices.Contains([]kind{scalar, moment, zone, yaml, object, pointer}, argument) {
			return false
		}
	}
	return true
}

// last is the kind of the last argument.
func (f function) last() kind {
	if len(f.arguments) == 0 {
		return anything
	}
	return f.arguments[len(f.arguments)-1]
}

func shapes(table string) []function {
	var functions []function
	for _, word := range strings.Fields(table) {
		parts := strings.Split(word, ":")
		shape := function{name: parts[0], result: kindLetters[parts[2][0]]}
		for i := range len(parts[1]) {
			shape.arguments = append(shape.arguments, kindLetters[parts[1][i]])
		}
		functions = append(functions, shape)
	}
	return functions
}
