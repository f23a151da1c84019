package daemon

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"

	"stellad/daemon/ledger"
)

// known are the names that a state folder may have, by what they are. A folder ends in a slash.
var known = []*regexp.Regexp{
	regexp.MustCompile(`^(genesis\.json|audit\.key|lock|audit/|db/|blobs/)$`),
	regexp.MustCompile(`^audit/(head|ballast|erasing|segments/|annotations/|checkpoints/)$`),
	regexp.MustCompile(`^audit/(segments|annotations|checkpoints)/\d{20}$`),
	regexp.MustCompile(`^audit/segments/spare$`),
	regexp.MustCompile(`^trust/([a-z]+/)?([A-Za-z0-9._-]+)?$`), // written anew by each start
	regexp.MustCompile(`^db/(db/|heads|open|ballast|lock)$`),
	regexp.MustCompile(`^db/db/(\d{6}\.(sst|vlog)|\d{5}\.mem|MANIFEST|KEYREGISTRY|DISCARD|LOCK)$`),
}

// left are what a crash may leave, which nothing reads.
var left = []*regexp.Regexp{
	regexp.MustCompile(`^\.(genesis\.json|audit\.key)\.\d+$`),
	regexp.MustCompile(`^audit/(head|erasing|checkpoints/\d{20})\.tmp$`),
	regexp.MustCompile(`^trust\.new/$`),
	regexp.MustCompile(`^db/db/(MANIFEST-REWRITE|REWRITE-KEYREGISTRY)$`),
	regexp.MustCompile(`^db/db\.damaged-\d+/$`),
}

// strangers tells of what is none of the daemon's files, or no file at all.
func strangers(state string, report ledger.Report) error {
	return filepath.WalkDir(state, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == state {
			return err
		}
		name := strings.TrimPrefix(path, strings.TrimSuffix(state, "/")+"/")
		if d.IsDir() {
			name += "/"
		}
		switch {
		case strings.HasPrefix(name, "blobs/") && name != "blobs/":
			return nil // their own check names them
		case strings.HasPrefix(name, devHSM+"/"):
			return nil // a trial's token
		case !d.IsDir() && !d.Type().IsRegular():
			report.Fault(path, "it is no regular file")
		case matches(known, name):
			return nil
		case matches(left, name):
			report.Mended(path, "left over by a crash, or moved aside; nothing reads it")
		default:
			report.Fault(path, "none of the daemon's files: nothing reads it")
		}
		if d.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
}

func matches(names []*regexp.Regexp, name string) bool {
	for _, n := range names {
		if n.MatchString(name) {
			return true
		}
	}
	return false
}
