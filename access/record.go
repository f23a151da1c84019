package access

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
)

// mark is the policy that is in force, or was last: no older one follows it.
type mark struct {
	version uint64 // 0: there was none
	sha256  string
}

// precedes tells whether a policy may follow the marked one, or be it again.
func (m mark) precedes(next *Policy) error {
	switch {
	case next.Version < m.version:
		return fmt.Errorf("version %d is older than %d, which was in force: raise version above %d", next.Version, m.version, m.version)
	case next.Version == m.version && next.SHA256 != m.sha256:
		return fmt.Errorf("changed, but still of version %d: raise version above %d", m.version, m.version)
	}
	return nil
}

var recordLine = regexp.MustCompile(`^([1-9][0-9]{0,18}) ([0-9a-f]{64})\n$`)

// readRecord gives the zero mark where there is no record: the first start. One that cannot be read is an error, for
// whoever spoils it must not thereby bring back an old policy.
func readRecord(path string) (mark, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return mark{}, nil
	}
	if err != nil {
		return mark{}, err
	}
	defer f.Close()
	line, err := io.ReadAll(io.LimitReader(f, 128))
	if err != nil {
		return mark{}, err
	}
	m := recordLine.FindSubmatch(line)
	if m == nil {
		return mark{}, errors.New("not one line of VERSION SHA256")
	}
	version, err := strconv.ParseUint(string(m[1]), 10, 64)
	return mark{version, string(m[2])}, err
}

// writeRecord replaces the record; when it returns nil, the new one is durable.
func writeRecord(path string, m mark) error {
	// A crash before the rename leaves the old record, and at most a .new, which the next write truncates and nothing
	// reads. There is one writer: the daemon, which holds the state folder's lock.
	next := path + ".new"
	if err := writeSynced(next, fmt.Sprintf("%d %s\n", m.version, m.sha256)); err != nil {
		return err
	}
	if err := os.Rename(next, path); err != nil {
		return err
	}
	// A crash before the folder is synced leaves either record, whole.
	return syncFolder(filepath.Dir(path))
}

func writeSynced(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Sync(), f.Close())
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
