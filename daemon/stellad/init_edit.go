package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// setValues sets keys to strings in the text of a configuration file that the package installed: in the line in which each
// is commented out. One that is set already must have the value; what people wrote is never changed.
func setValues(text string, values map[string]string) (set string, changed bool, err error) {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		want := fmt.Sprintf("%s = %q", key, values[key])
		if line := regexp.MustCompile(`(?m)^` + key + `[ \t]*=.*$`).FindString(text); line != "" {
			if !sameSetting(line, want) {
				return "", false, fmt.Errorf("it says %s, and %s was asked for: change it by hand, or ask for what it says", line, want)
			}
			continue
		}
		at := regexp.MustCompile(`(?m)^#` + key + ` = .*$`).FindStringIndex(text)
		if at == nil {
			return "", false, fmt.Errorf("it has no line #%s = … to set: add %s", key, want)
		}
		text, changed = text[:at[0]]+want+text[at[1]:], true
	}
	return text, changed, nil
}

// sameSetting compares settings but for blanks around the sign and a comment behind.
func sameSetting(line, want string) bool {
	key, value, _ := strings.Cut(line, "=")
	value, _, _ = strings.Cut(value, " #")
	return strings.TrimSpace(key)+" = "+strings.TrimSpace(value) == want
}
