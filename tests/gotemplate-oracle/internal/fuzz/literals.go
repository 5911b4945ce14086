package fuzz

import (
	"fmt"
	"strconv"
	"strings"
)

// literal is a value written out.
func (g *Generator) literal(wanted kind) string {
	switch wanted {
	case text, scalar:
		return g.quoted(g.word())
	case integer:
		return pick(g, []string{"0", "1", "-1", "7", "42", "0x1f", "1_000", "'a'", "9223372036854775807", "-9223372036854775808", "1e3"})
	case float:
		return pick(g, []string{"0.0", "1.5", "-2.5", "1e6", "1e21", "1e-7", ".5", "3.0", "0x1p-2", "1e300"})
	case boolean:
		return pick(g, []string{"true", "false"})
	case list:
		return pick(g, []string{
			"list", `list 1 "a"`, "until 3", `splitList "," "x,y,,z"`, "list nil true 1.5", `splitList "" "cab"`, "rest list", `list (dict "k" nil) (list nil)`, `chunk 1 (list nil "b")`,
		})
	case dict:
		return pick(g, []string{"dict", `dict "a" 1`, `dict "a" 1 "b" "x"`, `dict "k" nil`, `dict "n" (dict "m" nil) "a" (dict "b" (list))`, `split "," "x,y"`})
	case small:
		return pick(g, []string{"0", "1", "2", "3", "0", "1", "2", "5", "8", "11", "-1", "-3"})
	case head:
		return pick(g, []string{"0", "0", "0", "1"})
	case next:
		return pick(g, []string{"1", "1", "2"})
	case fresh:
		return pick(g, []string{"dict", `dict "a" 1`, `dict "app" "" "b" nil`})
	case moment:
		return pick(g, []string{"0", "1500000000", "-1", `toDate "2006-01-02" "2024-02-29"`, `toDate "2006-01-02 15:04" "1999-12-31 23:59"`})
	case layout:
		return g.quoted(pick(g, []string{
			"2006-01-02", "2006-01-02T15:04:05Z07:00", "Mon Jan _2 15:04:05 2006", "3:04PM", "Monday, 02-Jan-06 15:04:05 MST", "002", ".000", "x",
		}))
	case zone:
		return pick(g, []string{`"UTC"`, `"GMT"`, `""`, `"No/Where"`})
	case yaml:
		return g.quoted(pick(g, []string{
			"a: 1\nb: [x, true, null]\n", "a: {b: c}\n", "k: |\n  one\n  two\n", "", "a: 'it''s'\n", "n: 1.50\nh: 0x1f\ns: \"1\"\n", "# note\na: ~\n",
		}))
	case pattern:
		return g.quoted(pick(g, []string{
			"a", "[a-z]+", "(o|l)+", `\d*`, "^.", ".$", "(?i)HE", "x*", "", "(a)(b)?", "[", "(", `\s`, "é", `\b`, `(?P<n>\w)(?P<m>.)?`, `\Qa.b\E|,`, `[^\pL\d]+?`, `(?s).{2}$`,
		}))
	case format:
		return g.quoted(g.format())
	case version:
		return g.quoted(pick(g, []string{"1.2.3", "v1.2", "1.0.0-rc.1", "2.0.0+b", "x", "", "0.0.1", "1"}))
	case constraint:
		return g.quoted(pick(g, []string{"^1.2", "~1.2.0", ">=1.0.0 <2", "*", "1.x || 2.x", "=1.2.3", "!=1.0.0", "bad", "1.0 - 2.0", ">=1.0.0-0"}))
	case object:
		return pick(g, []string{
			`mustToDate "2006-01-02" "2024-02-29"`, `mustToDate "2006-01-02T15:04:05.999" "1969-07-20T20:17:40.5"`,
			`(semver "1.2.3-rc.1+b").IncPatch`, `(semver "v1.2").SetMetadata "x"`, `(mustToDate "2006-01-02" "2024-02-29").Month`,
			`(mustToDate "2006-01-02" "2024-02-29").Weekday`, `(mustToDate "2006" "2024").Sub (mustToDate "2006" "2023")`,
		})
	case pointer:
		return pick(g, []string{`semver "1.2.3"`, `semver "v1.2.3-rc.1+b"`, `semver "1"`})
	case document:
		return g.quoted(pick(g, []string{
			`[1, 1e400, {"a": -1e999}]`, `{"a":1,"a":{"b":null}}`, `"\ud800\u0041"`, `"\ud83d\ude00"`, `[1,2] x`, `[1,]`, `{"a" 1}`, `tru`, `-`, `01`, ` 1.50 `, `-0`,
			`"\q"`, `[[],{},[{}],""]`, `12345678901234567890`, `1e21`, `{"z":1e-7,"":[null,true]}`, "\"a\tb\"", "\"\x80é\"", `null`,
		}))
	default:
		return "nil"
	}
}

func (g *Generator) word() string {
	return pick(g, []string{
		"", "a", "hello", "Hello World", "foo_bar-baz", "FooBarBaz", "a,b,c", " padded ", "é日本🙂", "line\nbreak", "tab\t", "\"quoted\"",
		"<&>'", "42", "-3.5", "0x1f", "1e3", "true", `{"a":[1,2.5,null]}`, "aGVsbG8=", "/w==", "a b", "100%", "$1", "\x00\x7f", "\xff\xfe",
		"https://u:p@h.example:80/p?q=1#f", "2024-02-29", "1h30m", "the quick brown fox jumps", "a.b.c", "../x//y/./z.tar.gz", "NBSWY3DP",
		"+nan", "-inf", "0x1p-1074", "010", "1_000", "1.00", "9223372036854775808", "b\na", "ǅ ß ſ",
	})
}

func (g *Generator) quoted(plain string) string {
	if g.oneIn(4) && strconv.CanBackquote(plain) {
		return "`" + plain + "`"
	}
	return strconv.Quote(plain)
}

// format is one for printf with up to three verbs.
func (g *Generator) format() string {
	var made strings.Builder
	for range 1 + g.random.IntN(3) {
		made.WriteString(pick(g, []string{"", "", "x", " ", "%%", "é"}))
		made.WriteString("%")
		made.WriteString(pick(g, []string{"", "", "", "+", "-", "#", " ", "0", "+#", "-0", "[1]", "[2]", "[9]"}))
		if g.oneIn(3) {
			fmt.Fprintf(&made, "%d", g.random.IntN(20))
		}
		if g.oneIn(4) {
			fmt.Fprintf(&made, ".%d", g.random.IntN(8))
		}
		made.WriteString(pick(g, strings.Split("v v v s s d q x X t T f e g G c U b o O E F ! z", " ")))
	}
	return made.String()
}
