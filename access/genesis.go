package access

import (
	_ "embed" // Default
	"fmt"
	"regexp"
	"strings"
)

// Default is the policy that is in force before there is a file, and the text that the first file is made from.
//
//go:embed default.toml
var Default string

// Genesis gives the text of the first policy file: Default, comments and all, with these users (names, or "uid:N") as
// administrators too. Lines of groups that this machine does not have become comments, for a file may not name them.
// Errors wrap ErrUnknownUser, or are of reading the accounts.
func Genesis(admins []string) ([]byte, error) {
	local, err := localAccounts()
	if err != nil {
		return nil, err
	}
	return genesis(admins, local)
}

func genesis(admins []string, local *accounts) ([]byte, error) {
	added, err := administrators(admins, local)
	if err != nil {
		return nil, err
	}
	var text strings.Builder
	section := ""
	for line := range strings.Lines(Default) {
		key, _, _ := strings.Cut(line, " = ")
		switch {
		case strings.HasPrefix(line, "["):
			section = strings.TrimSpace(line)
		case section == "[groups]" && key != line && !strings.HasPrefix(line, "#"):
			if _, ok := local.gid(key); !ok {
				line = "# " + line
			}
		case section == "[users]" && key == "root":
			line += added
		}
		text.WriteString(line)
	}
	return []byte(text.String()), nil
}

// administrators gives the lines to add to [users]: each user once, and root, who is there, not again.
func administrators(admins []string, local *accounts) (string, error) {
	seen := map[uint32]bool{0: true}
	var lines strings.Builder
	for _, name := range admins {
		uid, ok := local.uid(name)
		if !ok {
			return "", fmt.Errorf("%w %q: not in /etc/passwd; a directory's user is written uid:N", ErrUnknownUser, name)
		}
		if !seen[uid] {
			fmt.Fprintf(&lines, "%s = [\"administrator\"]\n", tomlKey(name, uid))
		}
		seen[uid] = true
	}
	return lines.String(), nil
}

var (
	bareKey   = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	plainText = regexp.MustCompile(`^[A-Za-z0-9_.:@$+-]+$`)
)

// tomlKey writes a name as a key: one that would need escapes by its number.
func tomlKey(name string, uid uint32) string {
	switch {
	case bareKey.MatchString(name):
		return name
	case plainText.MatchString(name):
		return `"` + name + `"`
	}
	return fmt.Sprintf(`"uid:%d"`, uid)
}
