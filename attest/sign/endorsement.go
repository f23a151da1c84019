package sign

import (
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
)

// EndorsementType is the predicate type of an endorsement.
const EndorsementType = "tag:stella,2026:endorsement/v1"

// Endorsement says that somebody stands by the subjects: what is signed where
// nothing else is to be said. docs/formats/endorsement.md.
type Endorsement struct {
	Who  string    // the appliance, or who asked it: 1 to 256 bytes, on one line
	When time.Time // by the signer's own clock; whole seconds count
	Why  string    // at most 1024 bytes on one line; may be empty
}

// Predicate gives the endorsement's predicate. Errors wrap ErrStatement.
func (e Endorsement) Predicate() (Predicate, error) {
	if e.Who == "" {
		return Predicate{}, fmt.Errorf("%w: an endorsement by nobody", ErrStatement)
	}
	if year := e.When.UTC().Year(); year < 1970 || year > 9999 {
		return Predicate{}, fmt.Errorf("%w: an endorsement of the year %d", ErrStatement, year)
	}
	for _, err := range []error{checkText("who", e.Who, 256), checkText("why", e.Why, 1024)} {
		if err != nil {
			return Predicate{}, fmt.Errorf("%w: an endorsement: %w", ErrStatement, err)
		}
	}
	text, err := json.Marshal(struct {
		Who  string `json:"who"`
		When string `json:"when"`
		Why  string `json:"why,omitempty"`
	}{e.Who, e.When.UTC().Format(time.RFC3339), e.Why})
	if err != nil {
		return Predicate{}, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	return Predicate{Type: EndorsementType, JSON: text}, nil
}
