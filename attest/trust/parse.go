package trust

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"stellad/tlog"
)

// Trust is a trust root, validated. It is immutable and safe for concurrent use.
type Trust struct {
	// Digest names the trust root by its content: the SHA-256, in hex, of a
	// line "NAME SP SHA256-HEX LF" for each file that counts, sorted by name.
	Digest string

	Roots   []*Root             // Sigstore trusted roots, each a world of its own
	Keys    []*Key              // public keys that sign attestations
	Logs    []*tlog.VerifierKey // logs and witnesses, of *.vkey files
	Signers []*Signer           // who is accepted

	spans map[string]Span // of keys, by their ID
}

// Parse makes a Trust of files, in any order. Each error names its file and
// what in it is wrong. A trust root that has nothing by which anything could be
// verified is an error too.
func Parse(files []File) (*Trust, error) {
	files = sorted(files)
	t := &Trust{Digest: digest(files), spans: map[string]Span{}}
	for _, f := range files {
		if err := t.add(f); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	if err := t.addSigners(files); err != nil {
		return nil, err
	}
	if len(t.Roots) == 0 && len(t.Keys) == 0 && len(t.Logs) == 0 {
		return nil, errors.New("holds nothing to verify with; put a trusted_root.json, keys/*.pem or logs/*.vkey there")
	}
	return t, nil
}

func (t *Trust) add(f File) error {
	switch kindOf(f.Name) {
	case trustedRoot:
		root, err := parseRoot(f)
		if err != nil {
			return err
		}
		t.Roots = append(t.Roots, root)
	case publicKey:
		keys, err := parseKeys(f)
		if err != nil {
			return err
		}
		t.Keys = append(t.Keys, keys...)
	case verifierKeys:
		logs, err := parseLogs(f)
		if err != nil {
			return err
		}
		t.Logs = append(t.Logs, logs...)
	}
	return nil
}

// ParseLogs reads a file of verifier keys of logs and witnesses, one a line;
// blank lines and # comments are free. Errors name the file.
func ParseLogs(name string, text []byte) ([]*tlog.VerifierKey, error) {
	keys, err := parseLogs(File{Name: name, Bytes: text})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return keys, nil
}

func parseLogs(f File) ([]*tlog.VerifierKey, error) {
	var keys []*tlog.VerifierKey
	for i, line := range strings.Split(string(f.Bytes), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, err := tlog.ParseVerifierKey(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.New("no verifier key in it")
	}
	return keys, nil
}

// LogKeys gives the keys that may sign a log's checkpoints: those of *.vkey
// files, and those of every trusted root's logs under the log's host name.
func (t *Trust) LogKeys() []*tlog.VerifierKey {
	keys := slices.Clone(t.Logs)
	for _, r := range t.Roots {
		keys = append(keys, r.logKeys...)
	}
	return unique(keys)
}

func unique(keys []*tlog.VerifierKey) []*tlog.VerifierKey {
	var out []*tlog.VerifierKey
	seen := map[string]bool{}
	for _, k := range keys {
		if !seen[k.String()] {
			seen[k.String()] = true
			out = append(out, k)
		}
	}
	return out
}

func digest(files []File) string {
	var lines bytes.Buffer
	for _, f := range files {
		fmt.Fprintf(&lines, "%s %s\n", f.Name, hexDigest(f.Bytes))
	}
	return hexDigest(lines.Bytes())
}

func hexDigest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// None is the trust of who names a key and has no trust root. It has no digest.
func None() *Trust { return &Trust{} }
