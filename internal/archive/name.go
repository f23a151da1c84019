package archive

import (
	"regexp"
	"strings"
)

// maxName is what the name field of a ustar header holds, in bytes.
const maxName = 100

var (
	// component is one part of a name. ASCII alone leaves out every name that two
	// systems spell, fold or normalise in different ways; a '-' at the front would be
	// an option to the tools that it is handed to.
	component = regexp.MustCompile(`^[A-Za-z0-9._+@=,][A-Za-z0-9._+@=,-]*$`)

	// reserved are the names that Windows takes for devices, whatever follows a dot.
	reserved = regexp.MustCompile(`(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)`)
)

// CheckName refuses a name that some system would take for another one, for a device
// or for a place outside of the folder. Errors wrap ErrArchive.
func CheckName(name string) error {
	if name == "" || len(name) > maxName {
		return refuse(name, "a name of %d bytes; from 1 to %d are wanted", len(name), maxName)
	}
	for part := range strings.SplitSeq(name, "/") {
		if reason := flaw(part); reason != "" {
			return refuse(name, "%s", reason)
		}
	}
	return nil
}

func flaw(part string) string {
	switch {
	case part == "":
		return "an absolute name, or one with an empty part"
	case part == "." || part == "..":
		return "its name leaves the folder, or walks in place"
	case !component.MatchString(part):
		return "its name has characters that not every system takes for themselves"
	case strings.HasSuffix(part, "."):
		return "its name ends in a dot, which Windows leaves out"
	case reserved.MatchString(part):
		return "its name is a device's on Windows"
	}
	return ""
}

// names are those of an archive's files and of the folders above them, folded to lower
// case as many disks fold them, each with the spelling and what has it.
type names map[string]named

type named struct {
	spelt  string
	folder bool
}

// take adds a file's name that must be distinct from all before it.
func (n *names) take(name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	if *n == nil {
		*n = names{}
	}
	for i, r := range name {
		if r == '/' {
			if err := n.put(name, named{name[:i], true}); err != nil {
				return err
			}
		}
	}
	return n.put(name, named{name, false})
}

func (n *names) put(name string, is named) error {
	key := strings.ToLower(is.spelt)
	was, taken := (*n)[key]
	switch {
	case !taken:
		(*n)[key] = is
	case was == is && is.folder:
	case was.spelt != is.spelt:
		return refuse(name, "its name differs from %q in case alone", was.spelt)
	case was.folder != is.folder:
		return refuse(name, "%q is both a file and a folder", is.spelt)
	default:
		return refuse(name, "its name is there twice")
	}
	return nil
}
