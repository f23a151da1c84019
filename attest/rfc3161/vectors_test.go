package rfc3161_test

import (
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stellad/attest/rfc3161"
	"stellad/internal/vectors"
)

// TestPublishedVectors verifies tokens and responses that nobody here made.
func TestPublishedVectors(t *testing.T) {
	dir := vectors.Dir(t, "tsa")
	var rows []struct {
		File, Expect, Digest string
		DigestAlg            string `json:"digest_alg"`
		Roots, Untrusted     []string
		GenTime              string `json:"gen_time"`
		SignerCN             string `json:"signer_cn"`
		Ambiguous            bool
	}
	vectors.Manifest(t, dir, &rows)
	for _, row := range rows {
		t.Run(filepath.Base(row.File), func(t *testing.T) {
			authority, err := rfc3161.NewAuthority("vectors", readCertificates(t, dir, row.Roots), readCertificates(t, dir, row.Untrusted))
			if err != nil {
				t.Fatal(err)
			}
			token, err := os.ReadFile(filepath.Join(dir, row.File))
			if err != nil {
				t.Fatal(err)
			}
			digest, err := hex.DecodeString(row.Digest)
			if err != nil {
				t.Fatal(err)
			}
			stamp, err := authority.VerifyDigest(token, hashes[row.DigestAlg], digest)
			t.Logf("%v %v", stamp, err)
			if row.Ambiguous {
				return
			}
			if accepted := err == nil; accepted != (row.Expect == "accept") {
				t.Fatalf("accepted %v, want %s: %v", accepted, row.Expect, err)
			}
			if err == nil && stamp.Time.Format(time.RFC3339) != row.GenTime {
				t.Errorf("time %s, want %s", stamp.Time, row.GenTime)
			}
			if err == nil && !strings.Contains(stamp.Signer, row.SignerCN) {
				t.Errorf("signer %s, want %s", stamp.Signer, row.SignerCN)
			}
		})
	}
}

var hashes = map[string]crypto.Hash{"sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512}

func readCertificates(t *testing.T, dir string, names []string) []*x509.Certificate {
	t.Helper()
	var out []*x509.Certificate
	for _, name := range names {
		rest, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for block, rest := pem.Decode(rest); block != nil; block, rest = pem.Decode(rest) {
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, c)
		}
	}
	return out
}
