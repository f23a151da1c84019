// Package tokens makes real PKCS#11 tokens for tests: SoftHSM's and NSS's. It is imported by tests alone.
package tokens

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A Token is one that was initialised for a test, with no object in it.
type Token struct {
	Module string // path of the library
	Init   string // what C_Initialize is handed
	Slot   string // token:LABEL
	Label  string
	PIN    string
	Dir    string // the folder of the module's files
	Env    []string
}

// PIN is the user PIN of every token.
const PIN = "correct-horse-7"

// SoftHSM makes a token of SoftHSM's, in a folder of the test's own, to which it sets SOFTHSM2_CONF: in one process one
// such test at a time.
func SoftHSM(t testing.TB) Token {
	t.Helper()
	k := ForChild(t)
	_, conf, _ := strings.Cut(k.Env[0], "=")
	t.Setenv("SOFTHSM2_CONF", conf)
	return k
}

// ForChild is SoftHSM for a process that is started with Env: there may be many at a time.
func ForChild(t testing.TB) Token {
	t.Helper()
	return ForChildIn(t, filepath.Join(t.TempDir(), "tokens"))
}

// ForChildIn is ForChild with the module's files in a folder that it makes.
func ForChildIn(t testing.TB, dir string) Token {
	t.Helper()
	must(t, os.Mkdir(dir, 0o700))
	k := Token{
		Module: found(t, "softhsm2", "/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so"),
		Slot:   "token:stella-test", Label: "stella-test", PIN: PIN,
	}.Copied(t, dir)
	k.Add(t, k.Label)
	return k
}

// Copied is SoftHSM's token of which the files were copied to another folder.
func (k Token) Copied(t testing.TB, dir string) Token {
	t.Helper()
	conf := filepath.Join(t.TempDir(), "softhsm2.conf")
	must(t, os.WriteFile(conf, []byte("directories.tokendir = "+dir+"\nobjectstore.backend = file\nlog.level = ERROR\n"), 0o644))
	k.Dir, k.Env = dir, []string{"SOFTHSM2_CONF=" + conf}
	return k
}

// Add makes another token in SoftHSM's folder.
func (k Token) Add(t testing.TB, label string) {
	t.Helper()
	run(t, k.Env, "softhsm2-util", "--init-token", "--free", "--label", label, "--pin", k.PIN, "--so-pin", k.PIN+"-so")
}

// NSS makes a database of NSS softokn's.
func NSS(t testing.TB) Token {
	t.Helper()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "pin"), []byte(PIN+"\n"), 0o600))
	run(t, nil, "certutil", "-N", "-d", "sql:"+dir, "-f", filepath.Join(dir, "pin"))
	return Token{
		Module: found(t, "libnss3", "/usr/lib/x86_64-linux-gnu/libsoftokn3.so", "/usr/lib/aarch64-linux-gnu/libsoftokn3.so",
			"/usr/lib/x86_64-linux-gnu/nss/libsoftokn3.so", "/usr/lib64/libsoftokn3.so"),
		Init: "configdir='sql:" + dir + "' certPrefix='' keyPrefix='' secmod='secmod.db'",
		Slot: "token:NSS Certificate DB", Label: "NSS Certificate DB", PIN: PIN, Dir: dir,
	}
}

func found(t testing.TB, name string, paths ...string) string {
	t.Helper()
	for _, path := range paths {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Fatalf("%s is not installed: `make deps` does it", name)
	return ""
}

func run(t testing.TB, env []string, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v (`make deps` installs it)\n%s", name, err, out)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
