package tsa_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stellad/attest/tsa"
)

func TestCertificates(t *testing.T) {
	s := newSetup(t)
	if s.leaf.IsCA || !s.root.IsCA || s.root.MaxPathLen != 0 || !s.root.MaxPathLenZero || s.leaf.SerialNumber.Cmp(s.root.SerialNumber) == 0 {
		t.Errorf("root %+v, leaf %+v", s.root, s.leaf)
	}
	if len(s.leaf.ExtKeyUsage) != 1 || s.leaf.ExtKeyUsage[0] != x509.ExtKeyUsageTimeStamping || len(s.leaf.UnknownExtKeyUsage) != 0 {
		t.Errorf("extended key usage %v", s.leaf.ExtKeyUsage)
	}
	critical := false
	for _, e := range s.leaf.Extensions {
		critical = critical || e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 37}) && e.Critical
	}
	if !critical || s.leaf.KeyUsage != x509.KeyUsageDigitalSignature || s.root.KeyUsage != x509.KeyUsageCertSign {
		t.Error("its key usage is not as RFC 3161 has it")
	}
	if s.leaf.Subject.CommonName != "stella.example timestamps" || s.root.Subject.CommonName != "stella.example timestamp root" {
		t.Errorf("names %q and %q", s.leaf.Subject, s.root.Subject)
	}
}

func TestCertificatesRefused(t *testing.T) {
	s := newSetup(t)
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	p384 := newKey(t, elliptic.P384())
	leaf := func(public crypto.PublicKey, v tsa.Validity) error {
		_, err := tsa.NewLeaf(s.root, s.rootKey, public, "n", v)
		return err
	}
	root := func(key crypto.Signer, v tsa.Validity) error {
		_, err := tsa.NewRoot(key, "n", v)
		return err
	}
	authority := func(key crypto.Signer, leaf, root *x509.Certificate) error {
		_, err := tsa.NewAuthority(key, leaf, root)
		return err
	}
	other := newSetup(t)
	_, strangerErr := tsa.NewLeaf(s.root, other.rootKey, s.key.Public(), "n", years)
	for name, err := range map[string]error{
		"a root on P-384":               root(p384, years),
		"a root of Ed25519":             root(edKey, years),
		"a root that ends first":        root(s.rootKey, tsa.Validity{From: now, Until: now.Add(-time.Hour)}),
		"a root of no length":           root(s.rootKey, tsa.Validity{From: now, Until: now.Add(time.Microsecond)}),
		"a leaf on P-384":               leaf(p384.Public(), years),
		"a leaf of Ed25519":             leaf(edKey.Public(), years),
		"a leaf that outlives its root": leaf(s.key.Public(), tsa.Validity{From: now, Until: years.Until.Add(time.Second)}),
		"a leaf before its root":        leaf(s.key.Public(), tsa.Validity{From: years.From.Add(-time.Second), Until: now}),
		"a leaf with the root's key":    leaf(s.rootKey.Public(), years),
		"a certificate of another key":  authority(other.key, s.leaf, s.root),
		"another root":                  authority(s.key, s.leaf, other.root),
		"a root that signs":             authority(s.rootKey, s.root, s.root),
	} {
		if !errors.Is(err, tsa.ErrAuthority) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if strangerErr == nil {
		t.Error("a leaf signed by a key that is not its root's")
	}
}

// TestOpenSSL: OpenSSL makes requests, reads the answers and verifies them; and
// refuses what is about another message or by another authority.
func TestOpenSSL(t *testing.T) {
	s, other := newSetup(t), newSetup(t)
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		name = filepath.Join(dir, name)
		must(t, os.WriteFile(name, content, 0o600))
		return name
	}
	ask := func(args ...string) (string, error) {
		out, err := exec.Command("openssl", append([]string{"ts"}, args...)...).CombinedOutput()
		return string(out), err
	}
	data, changed := write("data", []byte("the message")), write("changed", []byte("the messagf"))
	root, stranger := write("root.pem", certificatePEM(s.root)), write("stranger.pem", certificatePEM(other.root))
	leaf := write("leaf.pem", certificatePEM(s.leaf))
	at := fmt.Sprint(now.Unix())
	for _, c := range []struct{ hash, cert string }{{"-sha256", "-cert"}, {"-sha384", "-cert"}, {"-sha512", "-no_nonce"}, {"-sha256", "-no_nonce"}} {
		query, response := filepath.Join(dir, "query"), filepath.Join(dir, "response")
		out, err := ask("-query", "-data", data, c.hash, c.cert, "-out", query)
		if err != nil {
			t.Fatal(out)
		}
		asked, err := os.ReadFile(query)
		must(t, err)
		answer, err := s.Answer(asked, now, 2*time.Second)
		must(t, err)
		must(t, os.WriteFile(response, answer, 0o600))
		for _, v := range []struct {
			name, ca string
			about    []string
			holds    bool
		}{
			{"the request", root, []string{"-queryfile", query}, true},
			{"the data", root, []string{"-data", data}, true},
			{"other data", root, []string{"-data", changed}, false},
			{"another root", stranger, []string{"-data", data}, false},
		} {
			args := append([]string{"-verify", "-in", response, "-CAfile", v.ca, "-untrusted", leaf, "-attime", at}, v.about...)
			out, err := ask(args...)
			if (err == nil) != v.holds || v.holds != strings.Contains(out, "Verification: OK") {
				t.Errorf("%s %s, %s: %v\n%s", c.hash, c.cert, v.name, err, out)
			}
		}
		text, err := ask("-reply", "-in", response, "-text")
		if err != nil || !strings.Contains(text, "Status: Granted.") || !strings.Contains(text, "Accuracy: 0x03 seconds") || !strings.Contains(text, "May  6 07:08:09 2041 GMT") {
			t.Errorf("%v\n%s", err, text)
		}
	}
	answer, _ := s.Answer([]byte("no request"), now, 0)
	text, err := ask("-reply", "-in", write("rejected", answer), "-text")
	if err != nil || !strings.Contains(text, "Status: Rejected.") || !strings.Contains(text, "the data submitted has the wrong format") {
		t.Errorf("%v\n%s", err, text)
	}
}

func certificatePEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}
