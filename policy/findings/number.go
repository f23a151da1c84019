package findings

import (
	"regexp"
	"strconv"

	"stellad/sbom/fault"
)

var decimal = regexp.MustCompile(`\A[0-9]{1,2}(\.[0-9]{1,17})?\z`)

// number reads a score that is written as text. What Go would read as well (NaN, 0x1p3, 1e1) is none.
func number(path, stated string) (*float64, error) {
	score, err := strconv.ParseFloat(stated, 64)
	if err != nil || !decimal.MatchString(stated) || score > 10 {
		return nil, fault.At(0, path, "the score %s: scores are from 0 to 10", fault.Quote(stated))
	}
	return &score, nil
}
