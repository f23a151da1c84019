package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stellad/internal/cli"
)

// importDesk has, beside publishedTrust's folders, trust roots to import into: none with anything in it, one with its own
// signers.toml, one that is broken.
func importDesk(t *testing.T) {
	t.Helper()
	publishedTrust(t)
	t.Setenv(trustRootEnv, "")
	for _, dir := range []string{"fresh", "unmet", "strict/keys", "strict/vacant", "damaged/keys", "nothing"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string][]byte{
		"strict/keys/own.pem": read(t, "trust/keys/signing-2027.pem"), "strict/signers.toml": []byte("[[signer]]\nkey = 'keys/own.pem'\n"),
		"damaged/keys/bad.pem": []byte("no key"), "unmet/signers.toml": []byte("[[signer]]\nkey = 'site-b/keys/signing-2026.pem'\n"), "strict/taken": []byte("a file"),
	} {
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTrustImportPrinted(t *testing.T) {
	importDesk(t)
	const ignored = "adminctl: a signers.toml above does not name these, so they count for nothing: "
	for _, c := range []struct{ line, file, stderr string }{
		{"trust import trust --trust-root fresh --as site-b", "trust-import.txt", ""},
		{"trust import trust --trust-root fresh --as site-b", "trust-import-again.txt", ""},
		{"trust import trust --trust-root fresh --as site-b -o json", "trust-import-again.json", ""},
		{"trust import other --trust-root strict", "trust-import-ignored.txt", ignored + "other/signers.toml:4\n"},
		{"trust import trust --trust-root strict -o json", "trust-import-ignored.json", ignored + "trust/keys/signing-2026.pem, trust/keys/signing-2027.pem\n"},
	} {
		stdout, stderr, exit := adminctl(t, c.line)
		if exit != 0 || stderr != c.stderr {
			t.Fatalf("%s: exit %d: %s", c.line, exit, stderr)
		}
		inTestdata(t, c.file, stdout)
	}
	before, _, _ := adminctl(t, "trust show --trust-root trust")
	after, _, exit := adminctl(t, "trust show --trust-root fresh/site-b")
	if exit != 0 || string(before) != string(after) {
		t.Errorf("exit %d:\n%s", exit, after)
	}
	if info, err := os.Stat("fresh/site-b/keys/signing-2026.pem"); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v", info, err)
	}
}

// TestTrustImportNames takes the folder's own name, and the environment's trust root.
func TestTrustImportNames(t *testing.T) {
	importDesk(t)
	t.Setenv(trustRootEnv, "fresh")
	for _, line := range []string{"trust import trust/", "trust import ./other", "trust import trust --as Site.B_2-x --offline"} {
		if _, stderr, exit := adminctl(t, line); exit != 0 {
			t.Errorf("%s: exit %d: %s", line, exit, stderr)
		}
	}
	for _, name := range []string{"trust", "other", "Site.B_2-x"} {
		if !isFolder(filepath.Join("fresh", name)) {
			t.Errorf("no folder %s", name)
		}
	}
	// A signers.toml may be there before what it names is.
	if _, stderr, exit := adminctl(t, "trust import trust --as site-b --trust-root unmet"); exit != 0 || !strings.HasSuffix(stderr, ": site-b/keys/signing-2027.pem\n") {
		t.Errorf("exit %d: %s", exit, stderr)
	}
	// A newer one takes no other's place, and an empty folder is no other.
	if err := os.Remove("trust/ci/keys/release.pem"); err != nil {
		t.Fatal(err)
	}
	if _, stderr, exit := adminctl(t, "trust import trust"); exit != cli.StatusBadInput || !strings.Contains(stderr, "it is a folder with something in it; nothing is overwritten; --as gives another name") {
		t.Errorf("exit %d: %s", exit, stderr)
	}
	if _, stderr, exit := adminctl(t, "trust import trust --as vacant --trust-root strict"); exit != 0 {
		t.Errorf("exit %d: %s", exit, stderr)
	}
}

func TestTrustImportRefuses(t *testing.T) {
	importDesk(t)
	before := listing(t)
	for args, want := range map[string]string{
		"":                                                         "",
		"trust other --trust-root fresh":                           "",
		"trust --trust-root fresh -o yaml":                         "",
		"trust --trust-root fresh --as=":                           "--as is empty",
		"trust --trust-root fresh --offline=0":                     "",
		"absent --trust-root fresh":                                "trust root absent: no such file or directory",
		"nothing --trust-root fresh":                               "trust root nothing: holds nothing to verify with",
		"broken --trust-root fresh":                                "trust root broken: keys/k.pem: no PEM public key in it",
		"trust/trusted_root.json --trust-root fresh":               "trust/trusted_root.json: a trust root to import is a folder; put the file into one",
		"trust --trust-root absent":                                "trust root absent: there is no such folder",
		"trust --trust-root trust/signers.toml":                    "trust root trust/signers.toml: there is no such folder",
		"trust --trust-root unmet":                                 "trust root unmet is refused as it is: signers.toml: line 1: ",
		"trust --trust-root damaged":                               "trust root damaged is refused as it is: keys/bad.pem: ",
		"trust --trust-root trust":                                 "trust: it lies in the trust root trust, or around it",
		"trust/ci --trust-root trust":                              "trust/ci: it lies in the trust root trust, or around it",
		"trust --trust-root trust/ci":                              "trust: it lies in the trust root trust/ci, or around it",
		"trust --trust-root fresh --as appliance":                  "appliance: no name for a part of a trust root: the appliance's own trust stands there; --as gives another",
		"trust --trust-root fresh --as Keys":                       "Keys: no name for a part of a trust root: every *.pem below it",
		"trust --trust-root fresh --as logs":                       "logs: no name for a part of a trust root: every *.vkey below it",
		"trust --trust-root fresh --as .hidden":                    `".hidden": no name`,
		"trust --trust-root fresh --as ..":                         `"..": no name`,
		"trust --trust-root fresh --as a/b":                        `"a/b": no name`,
		"trust --trust-root fresh --as ../b":                       `"../b": no name`,
		"trust --trust-root fresh --as " + strings.Repeat("n", 65): "no name for a part of a trust root: 1 to 64 of A-Z a-z 0-9 . _ -",
		"trust --trust-root strict --as taken":                     "strict/taken: it is there already; nothing is overwritten; --as gives another name",
	} {
		stdout, stderr, exit := adminctl(t, "trust import "+args)
		if exit != cli.StatusBadInput || len(stdout) > 0 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, stdout %s, stderr %s", args, exit, stdout, stderr)
		}
	}
	if after := listing(t); after != before {
		t.Errorf("there is now:\n%s", after)
	}
}

// TestTrustImportTooDeep is of a part that holds by itself, and not a folder deeper.
func TestTrustImportTooDeep(t *testing.T) {
	importDesk(t)
	deep := filepath.Join("deep", "1", "2", "3", "4", "5", "6", "7", "keys")
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(deep, "k.pem"), read(t, "strict/keys/own.pem"), 0o644); err != nil {
		t.Fatal(err)
	}
	before := listing(t)
	if _, stderr, exit := adminctl(t, "trust show --trust-root deep"); exit != 0 {
		t.Fatalf("exit %d: %s", exit, stderr)
	}
	for _, root := range []string{"fresh", "strict"} {
		stdout, stderr, exit := adminctl(t, "trust import deep --trust-root "+root)
		if exit != cli.StatusBadInput || len(stdout) > 0 || !strings.Contains(stderr, "nothing was imported: trust root "+root+": ") {
			t.Errorf("exit %d, stdout %s, stderr %s", exit, stdout, stderr)
		}
	}
	if after := listing(t); after != before {
		t.Errorf("there is now:\n%s", after)
	}
}

// TestTrustImportAppliance copies what a link called appliance leads to, and leaves a trust root alone in which it leads
// nowhere.
func TestTrustImportAppliance(t *testing.T) {
	importDesk(t)
	if err := errors.Join(os.Mkdir("linked", 0o755), os.Symlink("../trust", "linked/appliance"), os.Mkdir("dangling", 0o755), os.Symlink("../absent", "dangling/appliance")); err != nil {
		t.Fatal(err)
	}
	if _, stderr, exit := adminctl(t, "trust import linked --trust-root fresh"); exit != 0 {
		t.Fatalf("exit %d: %s", exit, stderr)
	}
	if info, err := os.Lstat("fresh/linked/appliance"); err != nil || !info.IsDir() {
		t.Errorf("%v, %v", info, err)
	}
	for _, line := range []string{"trust import trust --trust-root dangling", "trust import dangling --trust-root fresh"} {
		if _, stderr, exit := adminctl(t, line); exit != cli.StatusBadInput || !strings.Contains(stderr, "appliance: the link to the appliance's published trust leads nowhere") {
			t.Errorf("%s: exit %d: %s", line, exit, stderr)
		}
	}
	// A link is no place, even to a folder with nothing in it.
	if err := os.Symlink("../nothing", "fresh/link"); err != nil {
		t.Fatal(err)
	}
	if _, stderr, exit := adminctl(t, "trust import trust --trust-root fresh --as link"); exit != cli.StatusBadInput || stderr == "" {
		t.Errorf("exit %d: %s", exit, stderr)
	}
}

// listing names every file and folder, temporary ones too.
func listing(t *testing.T) string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(".", func(name string, _ fs.DirEntry, err error) error {
		names = append(names, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, "\n")
}
