package document

import (
	"errors"
	"fmt"
	"strings"

	"stellad/sbom/fault"
)

// What is refused is one of these, by errors.Is. An error that is none of them
// is the reader's own.
var (
	// ErrForm is of what is no SBOM, or one in a form that is not read.
	ErrForm = errors.New("no SBOM of a form that is read here")
	// ErrVersion is of an SBOM whose version is not read, or not stated.
	ErrVersion = errors.New("an SBOM of a version that is not read here")
	// ErrInvalid is of an SBOM that breaks its specification, or a cap.
	ErrInvalid = errors.New("not a valid SBOM")
)

// refusal says in one line what is wrong, and is one of the errors above.
type refusal struct {
	kind error
	what string
}

func (r *refusal) Error() string { return r.what }
func (r *refusal) Unwrap() error { return r.kind }

const forms = "CycloneDX 1.4 to 1.6 (JSON, XML) and SPDX 2.3 (JSON, tag-value) are"

func wrongForm(what string) error {
	return &refusal{ErrForm, what + " is not read here: " + forms}
}

// wrongVersion names the version that was found, as far as it is one: CycloneDX's
// as 1.7, SPDX's as SPDX-2.2.
func wrongVersion(format Format, found string) error {
	read, number := "1.4 to 1.6 are", found
	if format == SPDX {
		read = "SPDX-2.3 is"
		if rest, ok := strings.CutPrefix(found, "SPDX-"); ok {
			number = rest
		} else {
			number = "-"
		}
	}
	switch {
	case found == "":
		return &refusal{ErrVersion, fmt.Sprintf("%s that says no version is not read here: %s", format, read)}
	case !isVersion(number):
		return &refusal{ErrVersion, fmt.Sprintf("%s of a version called %s is not read here: %s", format, fault.Quote(found), read)}
	}
	return &refusal{ErrVersion, fmt.Sprintf("%s %s is not read here: %s", format, number, read)}
}

func isVersion(text string) bool {
	for _, c := range []byte(text) {
		if c != '.' && (c < '0' || c > '9') {
			return false
		}
	}
	return len(text) <= 10
}

// invalid puts before a fault what the document was taken for.
func invalid(as string, err error) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	return &refusal{ErrInvalid, "not valid as " + as + ": " + f.Error()}
}
