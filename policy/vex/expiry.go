package vex

import (
	"strings"
	"time"

	"stellad/sbom/fault"
)

// OpenVEX has no member for an expiry, and allows none to be added. Here it is
// the last line of status_notes, of this form and no other.
const (
	expiresPrefix = "Expires: "
	expiresTime   = "2006-01-02T15:04:05Z"
)

// expiry finds the expiry in a statement's notes; zero where there is none. A
// line that begins like one and is none is refused: somebody meant an end.
func expiry(path, notes string) (time.Time, error) {
	var expires time.Time
	lines := strings.Split(notes, "\n")
	for i, line := range lines {
		start := strings.TrimSpace(line)
		if len(start) < 8 || !strings.EqualFold(start[:7], "expires") || !strings.HasPrefix(strings.TrimSpace(start[7:]), ":") {
			continue
		}
		var err error
		text, ok := strings.CutPrefix(line, expiresPrefix)
		if expires, err = time.Parse(expiresTime, text); !ok || err != nil || len(text) != len(expiresTime) {
			return time.Time{}, wrong(path+"/status_notes", "the line %s is not of the form %sYYYY-MM-DDThh:mm:ssZ", fault.Quote(line), expiresPrefix)
		}
		if i != len(lines)-1 {
			return time.Time{}, wrong(path+"/status_notes", "its expiry is not in the last line")
		}
	}
	return expires, nil
}
