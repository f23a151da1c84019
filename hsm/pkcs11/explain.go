package pkcs11

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// withCause adds to an error what can be seen from outside the module: SoftHSM says CKR_GENERAL_ERROR, or finds no
// token, where this user may not read its files.
func (m *Module) withCause(err error) error {
	if !strings.Contains(filepath.Base(m.config.Module), "softhsm") {
		return err
	}
	if cause := softHSMFiles(); cause != "" {
		return fmt.Errorf("%w (%s)", err, cause)
	}
	return err
}

// softHSMFiles says what keeps this user from SoftHSM's configuration or its folder of tokens; "" where nothing does.
func softHSMFiles() string {
	conf := os.Getenv("SOFTHSM2_CONF")
	if conf == "" {
		conf = "/etc/softhsm/softhsm2.conf"
	}
	text, err := os.ReadFile(conf)
	if err != nil {
		return unreadable(conf, err)
	}
	folder := tokenFolder(string(text))
	entries, err := os.ReadDir(folder)
	if err != nil {
		return unreadable(folder, err)
	}
	for _, e := range entries {
		if f, err := os.Open(filepath.Join(folder, e.Name(), "token.object")); err == nil {
			_ = f.Close()
		} else if errors.Is(err, fs.ErrPermission) {
			return unreadable(filepath.Join(folder, e.Name()), err)
		}
	}
	return ""
}

func tokenFolder(conf string) string {
	for line := range strings.Lines(conf) {
		if key, value, is := strings.Cut(line, "="); is && strings.TrimSpace(key) == "directories.tokendir" {
			return strings.TrimSpace(value)
		}
	}
	return "/var/lib/softhsm/tokens"
}

func unreadable(name string, err error) string {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("the user %s can't read %s: add it to group softhsm (usermod -aG softhsm %[1]s) and restart", me(), name)
	case errors.Is(err, fs.ErrNotExist):
		return name + " is not there"
	}
	return err.Error()
}

func me() string {
	id := strconv.Itoa(os.Geteuid())
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}
