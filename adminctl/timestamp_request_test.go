package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/asn1"
	"math/big"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	"google.golang.org/grpc/codes"

	"stellad/api"
	stellav1 "stellad/api/stella/v1"
	"stellad/attest/tsa"
	"stellad/internal/cli"
)

// stampTime is a time at which no machine's clock stands.
var stampTime = time.Date(2041, 5, 6, 7, 8, 9, 0, time.UTC)

func newTestAuthority(t *testing.T) *tsa.Authority {
	t.Helper()
	var keys [2]*ecdsa.PrivateKey
	for i := range keys {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys[i] = key
	}
	years := tsa.Validity{From: stampTime.AddDate(-1, 0, 0), Until: stampTime.AddDate(9, 0, 0)}
	root, err := tsa.NewRoot(keys[0], "stella.example", years)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := tsa.NewLeaf(root, keys[0], keys[1].Public(), "stella.example", years)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := tsa.NewAuthority(keys[1], leaf, root)
	if err != nil {
		t.Fatal(err)
	}
	return authority
}

// stampingDesk is a folder with files to stamp, and a daemon with a real authority.
func stampingDesk(t *testing.T) *signingAnswers {
	t.Helper()
	dir, authority := t.TempDir(), newTestAuthority(t)
	a := (&signingAnswers{stamp: func(request []byte) []byte {
		answer, _ := authority.Answer(request, stampTime, time.Second)
		return answer
	}}).serve(t)
	t.Chdir(dir)
	write := func(name string, text []byte) {
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	query := func(name string, r timestamp.Request) {
		der, err := r.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		write(name, der)
	}
	write("data", []byte("test"))
	write("huge.tsq", make([]byte, maxQuery+1))
	query("bare.tsq", timestamp.Request{HashAlgorithm: crypto.SHA512, HashedMessage: make([]byte, 64)})
	query("sha256.tsq", timestamp.Request{HashAlgorithm: crypto.SHA256, HashedMessage: make([]byte, 32), Nonce: big.NewInt(7), Certificates: true})
	query("sha1.tsq", timestamp.Request{HashAlgorithm: crypto.SHA1, HashedMessage: make([]byte, 20)})
	query("policy.tsq", timestamp.Request{HashAlgorithm: crypto.SHA256, HashedMessage: make([]byte, 32), TSAPolicyOID: asn1.ObjectIdentifier{1, 2, 3}})
	return a
}

var serial = regexp.MustCompile(`(?m)(serial"?:? +"?)[0-9a-f]{20,40}`)

func TestTimestampRequestPrinted(t *testing.T) {
	stampingDesk(t)
	for _, c := range []struct{ line, file string }{
		{"timestamp request --data data --out data.tsr", "timestamp-request.txt"},
		{"timestamp request --query bare.tsq --out data.tsr -o json", "timestamp-request.json"},
	} {
		stdout, stderr, exit := adminctl(t, c.line)
		if exit != 0 || stderr != "" {
			t.Fatalf("%s: exit %d: %s", c.line, exit, stderr)
		}
		inTestdata(t, c.file, serial.ReplaceAll(stdout, []byte("${1}0a0b")))
		if err := os.Remove("data.tsr"); err != nil {
			t.Error(err)
		}
	}
}

// TestTimestampRequestAsks for the file's SHA-256, the certificate, and another nonce each time.
func TestTimestampRequestAsks(t *testing.T) {
	a := stampingDesk(t)
	nonces := map[string]bool{}
	for _, out := range []string{"1.tsr", "2.tsr"} {
		if _, stderr, exit := adminctl(t, "timestamp request --data data --out "+out); exit != 0 {
			t.Fatalf("exit %d: %s", exit, stderr)
		}
		req, err := timestamp.ParseRequest(a.query)
		if err != nil || !req.Certificates || subject("", req.HashedMessage).Digest["sha256"] != otherDigest || req.Nonce.BitLen() < 64 {
			t.Errorf("asked for %+v, %v", req, err)
		}
		nonces[req.Nonce.String()] = true
		stamp, err := timestamp.ParseResponse(read(t, out))
		if err != nil || !stamp.Time.Equal(stampTime) {
			t.Errorf("%+v, %v", stamp, err)
		}
	}
	if len(nonces) != 2 {
		t.Error("one nonce twice")
	}
	if _, stderr, exit := adminctl(t, "timestamp request --query sha256.tsq --out 3.tsr"); exit != 0 || !bytes.Equal(a.query, read(t, "sha256.tsq")) {
		t.Errorf("exit %d: %s", exit, stderr)
	}
}

func TestTimestampRequestRefuses(t *testing.T) {
	a := stampingDesk(t)
	for args, want := range map[string]string{
		"":                                     "",
		"--out x.tsr":                          "",
		"--data data":                          "",
		"--query bare.tsq":                     "",
		"--data data --query bare.tsq --out x": "",
		"--data data --out x.tsr more":         "",
		"--data data --out x.tsr -o yaml":      "",
		"--data= --out x.tsr":                  "--data is empty",
		"--data data --out=":                   "--out is empty",
		"--data absent --out x.tsr":            "absent: no such file or directory",
		"--data . --out x.tsr":                 ".: it is a folder; name a file in it",
		"--query absent --out x.tsr":           "absent: no such file or directory",
		"--query data --out x.tsr":             "data: not a timestamp request: ",
		"--query huge.tsq --out x.tsr":         "huge.tsq: not a timestamp request: 4097 bytes, more than 4096",
		"--data data --out data":               "--out data: it is there already; nothing is overwritten",
		"--data data --out .":                  "--out .: it is there already; nothing is overwritten",
		"--data data --out absent/x.tsr":       "--out absent/x.tsr: there is no folder absent",
		"--query bare.tsq --out bare.tsq":      "--out bare.tsq: it is there already; nothing is overwritten",
	} {
		stdout, stderr, exit := adminctl(t, "timestamp request "+args)
		if exit != cli.StatusBadInput || len(stdout) > 0 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, stdout %s, stderr %s", args, exit, stdout, stderr)
		}
	}
	if a.query != nil {
		t.Error("the daemon was asked")
	}
}

// TestTimestampRequestRejected is told why by a real authority and by answers that are none.
func TestTimestampRequestRejected(t *testing.T) {
	a := stampingDesk(t)
	honest := a.stamp
	says := func(der ...byte) func([]byte) []byte { return func([]byte) []byte { return der } }
	for name, c := range map[string]struct {
		args  string
		stamp func([]byte) []byte
		want  string
	}{
		"hash":          {"--query sha1.tsq", honest, "the authority rejected the request (status 2): "},
		"policy":        {"--query policy.tsq", honest, "unacceptedPolicy"},
		"no reason":     {"--data data", says(0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02), "(status 2): no reason is given"},
		"with mods":     {"--data data", says(0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x01), "(status 1): no reason is given"},
		"text":          {"--data data", says(0x30, 0x0b, 0x30, 0x09, 0x02, 0x01, 0x02, 0x30, 0x04, 0x0c, 0x02, 0x1b, 'n'), `(status 2): \u001bn`},
		"unknown bit":   {"--data data", says(0x30, 0x09, 0x30, 0x07, 0x02, 0x01, 0x02, 0x03, 0x02, 0x00, 0x10), "(status 2): failure 3"},
		"no token":      {"--data data", says(0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x00), "not the token that was asked for"},
		"nothing":       {"--data data", says(), "not the token that was asked for"},
		"no DER":        {"--data data", says('n', 'o'), "not the token that was asked for"},
		"other bytes":   {"--data data", func([]byte) []byte { return honest(read(t, "sha256.tsq")) }, "it is over other bytes"},
		"other hash":    {"--data data", func([]byte) []byte { return honest(read(t, "bare.tsq")) }, "it is over other bytes"},
		"no nonce":      {"--data data", func(der []byte) []byte { return honest(withNonce(t, der, nil)) }, "it has another nonce"},
		"another nonce": {"--data data", func(der []byte) []byte { return honest(withNonce(t, der, big.NewInt(7))) }, "it has another nonce"},
		"altered": {"--data data", func(der []byte) []byte {
			answer := honest(der)
			answer[len(answer)-1] ^= 1
			return answer
		}, "not the token that was asked for"},
		"longer": {"--data data", func(der []byte) []byte { return append(honest(der), 0) }, "not the token that was asked for"},
	} {
		a.stamp = c.stamp
		stdout, stderr, exit := adminctl(t, "timestamp request --out x.tsr "+c.args)
		if exit != cli.StatusRefused || len(stdout) > 0 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, c.want) || exists("x.tsr") {
			t.Errorf("%s: exit %d, stdout %s, stderr %s", name, exit, stdout, stderr)
		}
	}
}

func withNonce(t *testing.T, der []byte, nonce *big.Int) []byte {
	req, err := timestamp.ParseRequest(der)
	if err != nil {
		t.Error(err)
		return nil
	}
	req.Nonce = nonce
	der, err = req.Marshal()
	if err != nil {
		t.Error(err)
	}
	return der
}

func TestTimestampRequestErrors(t *testing.T) {
	a := stampingDesk(t)
	for reason, want := range map[stellav1.ErrorReason]cli.Status{
		stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST: 2, stellav1.ErrorReason_ERROR_REASON_NO_KEY: 2, stellav1.ErrorReason_ERROR_REASON_DENIED: 4,
		stellav1.ErrorReason_ERROR_REASON_READ_ONLY: 1, stellav1.ErrorReason_ERROR_REASON_HSM_UNAVAILABLE: 7,
	} {
		a.err = api.Error(codes.FailedPrecondition, reason, "no, and why")
		stdout, stderr, exit := adminctl(t, "timestamp request --data data --out x.tsr")
		if exit != want || len(stdout) > 0 || stderr != "adminctl: no, and why\n" || exists("x.tsr") {
			t.Errorf("%v: exit %d, stdout %s, stderr %s", reason, exit, stdout, stderr)
		}
	}
}
