package attesttest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// stock are the programs that a verify.sh may use.
const stock = "openssl sha256sum base64 sed grep cmp cut tr wc sort uniq cat"

// StockPath is a folder for PATH that has those programs alone. The test is skipped
// where one is not there.
func StockPath(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for tool := range strings.FieldsSeq(stock) {
		at, err := exec.LookPath(tool)
		if err != nil {
			t.Skipf("no %s on this machine: verify.sh can't be run", tool)
		}
		Must(t, os.Symlink(at, filepath.Join(dir, tool)))
	}
	return dir
}

// RunScript runs a script in a folder, by the shell that is given, with nothing in its
// environment but path.
func RunScript(t testing.TB, shell, path, dir, script string, args ...string) (out string, exit int) {
	t.Helper()
	cmd := exec.Command(shell, append([]string{script}, args...)...)
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + path}
	text, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		Must(t, err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}
