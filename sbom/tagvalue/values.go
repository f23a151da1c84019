package tagvalue

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"stellad/sbom/fault"
)

// A check gives what is wrong with a value, or nothing.

func anything(string) string { return "" }

func line(value string) string {
	if value == "" {
		return "it is empty"
	}
	return ""
}

func word(value string) string {
	if value == "" || strings.ContainsAny(value, " \t") {
		return fault.Quote(value) + " is not one word"
	}
	return ""
}

func is(allowed ...string) func(string) string {
	return func(value string) string {
		if !slices.Contains(allowed, value) {
			return fault.Quote(value) + " is none of " + strings.Join(allowed, ", ")
		}
		return ""
	}
}

func matches(pattern, what string) func(string) string {
	re := regexp.MustCompile(`\A(?:` + pattern + `)\z`)
	return func(value string) string {
		if !re.MatchString(value) {
			return fault.Quote(value) + " is not " + what
		}
		return ""
	}
}

var (
	ownID     = matches(`SPDXRef-[A-Za-z0-9.-]+`, "an SPDXRef- with letters, digits, . and -")
	anyID     = matches(`(DocumentRef-[A-Za-z0-9.+-]+:)?SPDXRef-[A-Za-z0-9.-]+`, "an SPDX identifier")
	otherID   = matches(`(DocumentRef-[A-Za-z0-9.+-]+:)?SPDXRef-[A-Za-z0-9.-]+|NONE|NOASSERTION`, "an SPDX identifier, NONE or NOASSERTION")
	creator   = matches(`(Person|Organization|Tool): ?\S.*`, "Person:, Organization: or Tool: and a name")
	annotator = creator
	actor     = matches(`NOASSERTION|(Person|Organization): ?\S.*`, "NOASSERTION, or Person: or Organization: and a name")

	verificationCode = matches(`[0-9a-fA-F]{40} ?(\(.*\))?`, "40 hexadecimal digits, and in brackets what was left out")
)

func date(value string) string {
	const form = "2006-01-02T15:04:05Z"
	if at, err := time.Parse(form, value); err != nil || at.Format(form) != value {
		return fault.Quote(value) + " is no date of the form " + form
	}
	return ""
}

func namespace(value string) string {
	u, err := url.Parse(value)
	if err != nil || !u.IsAbs() || strings.Contains(value, "#") || strings.ContainsAny(value, " \t") {
		return fault.Quote(value) + " is no absolute URI without #"
	}
	return ""
}

// digits are those of a checksum in hexadecimal; 0 where its length is open.
var digits = map[string]int{
	"SHA1": 40, "SHA224": 56, "SHA256": 64, "SHA384": 96, "SHA512": 128, "SHA3-256": 64, "SHA3-384": 96, "SHA3-512": 128,
	"BLAKE2b-256": 64, "BLAKE2b-384": 96, "BLAKE2b-512": 128, "BLAKE3": 0, "MD2": 32, "MD4": 32, "MD5": 32, "MD6": 0, "ADLER32": 8,
}

var hexadecimal = regexp.MustCompile(`\A[0-9a-fA-F]+\z`)

func checksum(value string) string {
	algorithm, sum, ok := strings.Cut(value, ":")
	want, known := digits[algorithm]
	sum = strings.TrimSpace(sum)
	switch {
	case !ok || !known:
		return fault.Quote(value) + " names no algorithm of SPDX 2.3"
	case !hexadecimal.MatchString(sum) || want > 0 && len(sum) != want:
		return fault.Quote(sum) + " is no " + algorithm + " in hexadecimal"
	}
	return ""
}

func byteRange(value string) string {
	from, to, ok := strings.Cut(value, ":")
	a, errA := strconv.ParseUint(from, 10, 63)
	b, errB := strconv.ParseUint(to, 10, 63)
	if !ok || errA != nil || errB != nil || a < 1 || a > b {
		return fault.Quote(value) + " is no range such as 310:420"
	}
	return ""
}

var documentRef = matches(`DocumentRef-[A-Za-z0-9.+-]+`, "a DocumentRef- with letters, digits, ., + and -")

func externalDocument(value string) string {
	parts := strings.Fields(value)
	if len(parts) < 3 {
		return fault.Quote(value) + " is not an identifier, a URI and a checksum"
	}
	if reason := documentRef(parts[0]); reason != "" {
		return reason
	}
	if _, err := url.Parse(parts[1]); err != nil {
		return fault.Quote(parts[1]) + " is no URI"
	}
	return checksum(strings.Join(parts[2:], " "))
}

var category = is("SECURITY", "PACKAGE-MANAGER", "PACKAGE_MANAGER", "PERSISTENT-ID", "PERSISTENT_ID", "OTHER")

func externalRef(value string) string {
	parts := strings.Fields(value)
	if len(parts) != 3 {
		return fault.Quote(value) + " is not a category, a type and a locator"
	}
	return category(parts[0])
}

func related(value string) string {
	parts := strings.Fields(value)
	if len(parts) != 3 {
		return fault.Quote(value) + " is not two identifiers around a type"
	}
	for _, reason := range []string{anyID(parts[0]), relationshipType(parts[1]), otherID(parts[2])} {
		if reason != "" {
			return reason
		}
	}
	return ""
}

var relationshipType = is(strings.Fields(`DESCRIBES DESCRIBED_BY CONTAINS CONTAINED_BY DEPENDS_ON DEPENDENCY_OF
	DEPENDENCY_MANIFEST_OF BUILD_DEPENDENCY_OF DEV_DEPENDENCY_OF OPTIONAL_DEPENDENCY_OF PROVIDED_DEPENDENCY_OF TEST_DEPENDENCY_OF
	RUNTIME_DEPENDENCY_OF EXAMPLE_OF GENERATES GENERATED_FROM ANCESTOR_OF DESCENDANT_OF VARIANT_OF DISTRIBUTION_ARTIFACT PATCH_FOR
	PATCH_APPLIED COPY_OF FILE_ADDED FILE_DELETED FILE_MODIFIED EXPANDED_FROM_ARCHIVE DYNAMIC_LINK STATIC_LINK DATA_FILE_OF
	TEST_CASE_OF BUILD_TOOL_OF DEV_TOOL_OF TEST_OF TEST_TOOL_OF DOCUMENTATION_OF OPTIONAL_COMPONENT_OF METAFILE_OF PACKAGE_OF
	AMENDS PREREQUISITE_FOR HAS_PREREQUISITE REQUIREMENT_DESCRIPTION_FOR SPECIFICATION_FOR OTHER`)...)

var brackets = strings.NewReplacer("(", " ( ", ")", " ) ")

var operand = regexp.MustCompile(`\A(DocumentRef-[A-Za-z0-9.+-]+:)?[A-Za-z0-9.-]+\+?\z`)

// expression holds a value against the grammar of annex D: operands and
// operators take turns, and brackets match.
func expression(value string) string {
	const maxDepth = 64
	spaced := brackets.Replace(value)
	depth, wantOperand := 0, true
	for token := range strings.FieldsSeq(spaced) {
		var ok bool
		switch {
		case token == "(":
			depth++
			ok = wantOperand && depth <= maxDepth
		case token == ")":
			depth--
			ok = !wantOperand && depth >= 0
		case !wantOperand:
			ok = slices.Contains([]string{"AND", "OR", "WITH", "and", "or", "with"}, token)
			wantOperand = true
		default:
			ok = operand.MatchString(token)
			wantOperand = false
		}
		if !ok {
			return fault.Quote(value) + " is no licence expression"
		}
	}
	if wantOperand || depth != 0 {
		return fault.Quote(value) + " is no licence expression"
	}
	return ""
}
