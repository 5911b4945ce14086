package oracle

import (
	"fmt"
	"strings"
	"sync"
	"text/template"

	"github.com/Masterminds/sprig/v3"

	"secretwire.dev/gotemplate-oracle/internal/esofuncs"
)

// BuiltinNames are the functions every template has.
var BuiltinNames = strings.Fields(`and call eq ge gt html index js le len lt ne not or print printf println slice urlquery`)

// VSONames is the part of sprig that the Vault Secrets Operator lets through.
var VSONames = strings.Fields(`
abbrev abbrevboth add add1 add1f addf adler32sum ago all any append atoi b32dec b32enc b64dec b64enc base bcrypt
biggest buildCustomCert camelcase cat ceil chunk clean coalesce compact concat contains deepCopy deepEqual default
dict dig dir div divf duration durationRound empty ext fail first float64 floor fromJson get has hasKey hasPrefix
hasSuffix htpasswd indent initial initials int int64 isAbs join kebabcase keys kindIs kindOf last list lower max maxf
merge mergeOverwrite min minf mod mul mulf mustAppend mustChunk mustCompact mustDeepCopy mustFirst mustFromJson mustHas
mustInitial mustLast mustMerge mustMergeOverwrite mustPrepend mustPush mustRegexFind mustRegexFindAll mustRegexMatch
mustRegexReplaceAll mustRegexReplaceAllLiteral mustRegexSplit mustRest mustReverse mustSlice mustToDate mustToJson
mustToPrettyJson mustToRawJson mustUniq mustWithout nindent nospace omit osBase osClean osDir osExt osIsAbs pick pluck
plural prepend push quote randInt regexFind regexFindAll regexMatch regexQuoteMeta regexReplaceAll
regexReplaceAllLiteral regexSplit repeat replace rest reverse round semver semverCompare seq set sha1sum sha256sum
sha512sum shuffle slice snakecase sortAlpha split splitList splitn squote sub subf substr swapcase ternary title
toDecimal toJson toPrettyJson toRawJson toString toStrings trim trimAll trimPrefix trimSuffix trimall trunc tuple typeIs
typeIsLike typeOf uniq unset until untilStep untitle upper urlJoin urlParse values without wrap wrapWith`)

// ESONames is the sprig part of External Secrets' engine v2.
var ESONames = strings.Fields(`
ago date date_in_zone dateInZone date_modify dateModify must_date_modify mustDateModify duration durationRound htmlDate
htmlDateInZone now toDate mustToDate unixEpoch
abbrev abbrevboth trunc trim upper lower title untitle substr repeat trimall trimAll trimSuffix trimPrefix nospace
initials randAlphaNum randAlpha randAscii randNumeric swapcase shuffle snakecase camelcase kebabcase wrap wrapWith
contains hasPrefix hasSuffix quote squote cat indent nindent replace plural sha1sum sha256sum sha512sum adler32sum
toString split splitList splitn toStrings join sortAlpha hello
atoi int int64 float64 toDecimal seq until untilStep add add1 sub div mod mul add1f addf subf divf mulf biggest max min
maxf minf ceil floor round randInt
default empty coalesce all any compact mustCompact ternary fail
fromJson toJson toPrettyJson toRawJson mustFromJson mustToJson mustToPrettyJson mustToRawJson
b64enc b64dec b32enc b32dec
typeOf typeIs typeIsLike kindOf kindIs deepEqual deepCopy mustDeepCopy base dir clean ext isAbs osBase osClean osDir
osExt osIsAbs
tuple list dict get set unset hasKey pluck keys pick omit merge mergeOverwrite mustMerge mustMergeOverwrite values
append push prepend first rest last initial reverse uniq without has slice chunk concat dig
mustAppend mustPush mustPrepend mustFirst mustRest mustLast mustInitial mustReverse mustUniq mustWithout mustHas
mustSlice mustChunk
bcrypt htpasswd genPrivateKey derivePassword buildCustomCert genCA genCAWithKey genSelfSignedCert
genSelfSignedCertWithKey genSignedCert genSignedCertWithKey encryptAES decryptAES randBytes uuidv4
semver semverCompare regexMatch regexFindAll regexFind regexReplaceAll regexReplaceAllLiteral regexSplit regexQuoteMeta
mustRegexMatch mustRegexFindAll mustRegexFind mustRegexReplaceAll mustRegexReplaceAllLiteral mustRegexSplit
urlParse urlJoin`)

var profileFunctions = sync.OnceValue(func() map[Profile]template.FuncMap {
	eso := pick(ESONames)
	for name, function := range esofuncs.Functions() {
		eso[name] = function
	}
	return map[Profile]template.FuncMap{
		Text: {},
		VSO:  pick(VSONames),
		ESO:  eso,
	}
})

// Functions is what a profile adds to the built-in functions.
func Functions(profile Profile) (template.FuncMap, error) {
	functions, known := profileFunctions()[profile]
	if !known {
		return nil, fmt.Errorf("unknown profile %q", string(profile))
	}
	return functions, nil
}

// A name that sprig lacks is a mistake in the lists above, not in a template.
func pick(names []string) template.FuncMap {
	all := sprig.TxtFuncMap()
	picked := make(template.FuncMap, len(names))
	for _, name := range names {
		function, known := all[name]
		if !known {
			panic("sprig has no function " + name)
		}
		picked[name] = function
	}
	return picked
}
