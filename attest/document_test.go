package attest_test

import (
	"bytes"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/sigstore/sigstore-go/pkg/testing/ca"

	"stellad/attest"
	"stellad/attest/trust"
)

const bundleHead = `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"`

// TestNotBundles: bytes that are no attestation are told so in one line.
func TestNotBundles(t *testing.T) {
	for _, c := range []struct{ name, text, reason string }{
		{"empty", "", "empty"},
		{"blank", " \n\t\n", "empty"},
		{"cut short", bundleHead, "cut short"},
		{"not JSON", "hello", "line 1"},
		{"an error on its line", "{\n\n!}", "line 3"},
		{"not UTF-8", `{"a":"` + "\xff" + `"}`, "UTF-8"},
		{"a lone surrogate", `{"a":"\ud800"}`, "surrogate"},
		{"a byte order mark", "\xef\xbb\xbf{}", "byte order mark"},
		{"a duplicate key", bundleHead + `,"mediaType":"x"}`, "duplicate"},
		{"a duplicate key inside", bundleHead + `,"dsseEnvelope":{"payload":"","payload":""}}`, "duplicate"},
		{"one key under two names", bundleHead + `,"dsse_envelope":{},"dsseEnvelope":{}}`, "duplicate"},
		{"deep", bundleHead + `,"x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + "}", "depth"},
		{"an unknown field", bundleHead + `,"extra":1}`, "unknown field"},
		{"the wrong type", bundleHead + `,"dsseEnvelope":[]}`, "not a Sigstore bundle"},
		{"a number for bytes", bundleHead + `,"dsseEnvelope":{"payload":1}}`, "payload"},
		{"bad base64", bundleHead + `,"dsseEnvelope":{"payload":"***"}}`, "payload"},
		{"an unknown media type", `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.4+json"}`, "0.1 to 0.3"},
		{"another media type", `{"mediaType":"text/plain"}`, "0.1 to 0.3"},
		{"a media type with more", `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3.1+json"}`, "0.1 to 0.3"},
		{"a null media type", `{"mediaType":null}`, "0.1 to 0.3"},
		{"no content", bundleHead + `}`, "neither an envelope nor a message signature"},
		{"no media type", `{"dsseEnvelope":{}}`, `without "mediaType"`},
		{"a statement", `{"_type":"https://in-toto.io/Statement/v1"}`, "nobody signed"},
		{"cosign's old form", `{"base64Signature":"","cert":""}`, "cosign"},
		{"something else", `{"a":1}`, "neither a Sigstore bundle nor a DSSE envelope"},
		{"an array", `[]`, "JSON object"},
		{"a string", `"x"`, "JSON object"},
		{"gzip", "\x1f\x8b\x08", "gzip"},
		{"PEM", "-----BEGIN PUBLIC KEY-----\n", "PEM"},
		{"an envelope with no payload", `{"payload":null,"payloadType":"x","signatures":[]}`, "needed"},
		{"an envelope's payload type of another type", `{"payload":"","payloadType":1,"signatures":[]}`, "not a DSSE envelope"},
		{"an envelope's signatures of another type", `{"payload":"","payloadType":"x","signatures":{}}`, "not a DSSE envelope"},
		{"an envelope's bad base64", `{"payload":"","payloadType":"x","signatures":[{"sig":"*"}]}`, "signatures[0]"},
		{"the second of two", `{"payload":"","payloadType":"x","signatures":[]}` + "\n\n[]", "line 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := attest.Parse([]byte(c.text))
			if !errors.Is(err, attest.ErrNotBundle) || !strings.Contains(err.Error(), c.reason) {
				t.Fatalf("want ErrNotBundle with %q, got %v", c.reason, err)
			}
			if strings.Contains(err.Error(), "\n") || len(err.Error()) > 400 {
				t.Errorf("not one short line: %q", err)
			}
		})
	}
}

// TestManyDocuments: JSON lines are verified one by one, each known by its line.
func TestManyDocuments(t *testing.T) {
	s := newP256(t, "k.pem")
	one := envelopeOf(t, statementOf(virtualDigest), s)
	docs, err := attest.Parse(bytes.Join([][]byte{one, nil, one, one}, []byte("\n")))
	must(t, err)
	if len(docs) != 3 || docs[0].Line != 1 || docs[1].Line != 3 || docs[2].Line != 4 {
		t.Fatalf("%d documents: %+v", len(docs), docs)
	}
	if alone, err := attest.Parse(one); err != nil || alone[0].Line != 0 || alone[0].Digest != docs[1].Digest {
		t.Errorf("alone: %+v, %v", alone, err)
	}
}

func TestTooManyDocuments(t *testing.T) {
	one := `{"payload":"","payloadType":"x","signatures":[]}` + "\n"
	if _, err := attest.Parse([]byte(strings.Repeat(one, 10_001))); !errors.Is(err, attest.ErrNotBundle) {
		t.Errorf("got %v", err)
	}
}

func severalRoots(t testing.TB, roots ...[]byte) *trust.Trust {
	t.Helper()
	var files []trust.File
	for i, r := range roots {
		files = append(files, trust.File{Name: strings.Repeat("x", i+1) + "/trusted_root.json", Bytes: r})
	}
	parsed, err := trust.Parse(files)
	must(t, err)
	return parsed
}

// TestSeveralRoots: a bundle is verified within one trusted root, and a root
// that knows nothing of it takes nothing away.
func TestSeveralRoots(t *testing.T) {
	virtual, err := ca.NewVirtualSigstore()
	must(t, err)
	other, err := ca.NewVirtualSigstore()
	must(t, err)
	f := virtualV2(t, virtual)
	f.trust = severalRoots(t, virtualRoot(t, other), f.root)
	v := f.verify(t, f.bundle)
	if !v.Verified || v.Trust.Root != "xx/trusted_root.json" {
		t.Fatalf("%+v", v)
	}
	f.trust = severalRoots(t, virtualRoot(t, other))
	if v := f.verify(t, f.bundle); v.Verified {
		t.Error("verified by a root that knows nothing of it")
	}
	// The log of one root and the authorities of another make no third root.
	f.trust = severalRoots(t, withOnly(t, virtual, true), withOnly(t, virtual, false))
	if v := f.verify(t, f.bundle); len(v.Established.Logs) > 0 && len(v.Established.Times) > 0 {
		t.Errorf("a log and a time of two roots together: %+v", v.Established)
	}
	f.want.Signers[0].Needs.LogEntries = 1
	if v := f.verify(t, f.bundle); v.Verified {
		t.Error("verified by the log of one root and the authorities of another")
	}
}

// TestBoundedMemory: a text decodes to many times its size, unless it is stopped.
func TestBoundedMemory(t *testing.T) {
	many := func(head, item, tail string) []byte {
		return []byte(head + strings.Repeat(item+",", 4<<20/(len(item)+1)) + item + tail)
	}
	for name, text := range map[string][]byte{
		"log entries": many(bundleHead+`,"verificationMaterial":{"tlogEntries":[`, "{}", "]}}"),
		"hashes":      many(bundleHead+`,"verificationMaterial":{"tlogEntries":[{"inclusionProof":{"hashes":[`, `""`, "]}}]}}"),
		"signatures":  many(`{"payload":"","payloadType":"x","signatures":[`, "{}", "]}"),
		"documents":   many("", "{}\n", ""),
		"brackets":    []byte(strings.Repeat("[", 4<<20)),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		docs, err := attest.Parse(text)
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s: %d documents", name, len(docs))
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 32<<20 {
			t.Errorf("%s: 4 MiB of text took %d MiB of memory", name, took>>20)
		}
	}
}
