package audit

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// write adds golden records for new types. It never changes one that is there.
var write = flag.Bool("audit.write", false, "write the golden records that are missing")

// golden has a record of each type and version, with every member that it can have.
func golden() map[string]*Record {
	m := &memory{key: newSigner(nil2{}, origin, 1)}
	sum := strings.Repeat("5a", 32)
	all := map[string]any{
		"genesis.v1":  &Genesis{Name: "stella.example", Origin: origin, Key: m.key.VerifierKey.String()},
		"start.v1":    &Start{Version: "1.4.0", Recovered: &Recovered{Cut: 211, Views: []string{"mirrors", "sessions"}}},
		"stop.v1":     &Stop{},
		"call.v1":     &Call{"digest": json.RawMessage(`"sha256:` + sum + `"`), "size": json.RawMessage(`48213`)},
		"denial.v1":   &Denial{Permission: "trust:write"},
		"tally.v1":    &Tally{From: Instant(begin.Truncate(time.Minute)), Rows: []Count{{412, "stella.v1.Verify/Attestation", 1000, "verified"}}, More: []Count{{7, "stella.v1.Admin/TrustReload", 1001, ""}}},
		"policy.v1":   &Policy{SHA256: sum, Version: 7},
		"trust.v1":    &Trust{SHA256: sum},
		"time.v1":     &Time{From: Instant(begin.Add(time.Hour)), To: Instant(begin)},
		"erase.v1":    &Erase{Seqs: []uint64{12, 40}},
		"readonly.v1": &ReadOnly{Cause: "disk.full", State: "entered"},
		"view.v1":     &View{Name: "mirrors", Seq: 1042},

		"intent.v1":      &Intent{Act: "sign", By: sum, Request: sum, Statement: sum},
		"abandoned.v1":   &Abandoned{Intent: 1042},
		"key.v1":         goldenKey(),
		"rotation.v1":    &Rotation{New: strings.Repeat("6b", 32), NewSays: []byte("signature"), Old: sum, OldSays: []byte("signature"), Time: Instant(begin)},
		"compromised.v1": &Compromised{Key: sum, Time: Instant(begin)},
		"destroyed.v1":   &Destroyed{Intent: 1042, Key: sum},
		"signed.v1":      &Signed{Blob: sum, Entry: []byte(`{"apiVersion":"0.0.2"}`), Intent: 1042},
		"evidence.v1": &Evidence{
			Artifact: "sha256:" + sum, Blob: sum, Kind: "sigstore-bundle", Predicate: "https://slsa.dev/provenance/v1", Size: 4711,
			Subjects: []string{"sha256:" + sum, "sha512:" + sum + sum}, Trust: sum, Verdict: "verified",
		},
		"bundle.v1":     &Bundle{Blob: sum, Intent: 1042, Key: sum, Revision: "2026.3", Size: 4711},
		"activation.v1": &Activation{Blob: sum, To: 1, Version: 3},
		"decision.v1":   &Decision{Artifact: "sha256:" + sum, Blob: sum, Environment: "production", Input: sum, Policy: sum, Verdict: "blocked", Version: 3},
		"stamp.v1":      &Stamp{Algorithm: "sha-256", Digest: sum, Key: sum},
	}
	records := map[string]*Record{}
	for name, body := range all {
		kind, _, _ := strings.Cut(name, ".v")
		r := m.record(kind, body)
		if r.Seq, r.Up = 1043, 86_400_000_000_000; kind == "genesis" {
			r.Seq = 0
		}
		records[name] = r
	}
	call, denial := records["call.v1"], records["denial.v1"]
	call.Actor, call.Socket, call.Method, call.Target = &Actor{0, 0}, "admin", "stella.v1.Admin/ReceiptAdd", "sha256:"+sum
	call.Outcome, call.Request = "ok", "01J9Z3W8"
	denial.Actor, denial.Socket, denial.Method, denial.Outcome = &Actor{1001, 100}, "admin", "stella.v1.Admin/TrustReload", "denied"
	denial.Request, denial.Note = "01J9Z3W9", Annotation{Text: map[string]string{"reason": "not an administrator", "user": "jane"}}.Hash()
	return records
}

// goldenKey is a timestamping key, whose certificate is its own here.
func goldenKey() *Key {
	private := ed25519.NewKeyFromSeed(make([]byte, 32))
	public, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		panic(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: begin, NotAfter: begin.AddDate(10, 0, 0)}
	certificate, err := x509.CreateCertificate(nil, of, of, private.Public(), private)
	if err != nil {
		panic(err)
	}
	return &Key{
		KeySpec: KeySpec{Algorithm: "ed25519", Custody: "confined", Label: "timestamp-1", Role: "timestamp"},
		Backend: "pkcs11", Chain: [][]byte{certificate}, ID: "5a5a5a5a", Intent: 1042, Public: public,
	}
}

// TestKeyBodies refuses what is no fact about a key.
func TestKeyBodies(t *testing.T) {
	sum, spec := strings.Repeat("5a", 32), goldenKey().KeySpec
	key := func(change func(*Key)) *Key {
		k := goldenKey()
		change(k)
		return k
	}
	for name, b := range map[string]body{
		"no act":                  &Intent{Act: "burn", Key: &spec},
		"nothing to generate":     &Intent{Act: "generate"},
		"to generate, and signed": &Intent{Act: "generate", Key: &spec, By: sum},
		"to sign nothing":         &Intent{Act: "sign", By: sum, Request: sum},
		"to sign by nobody":       &Intent{Act: "sign", Statement: sum, Request: sum},
		"to sign with a new key":  &Intent{Act: "sign", By: sum, Statement: sum, Request: sum, Key: &spec},
		"no role":                 key(func(k *Key) { k.Role = "everything" }),
		"no custody":              key(func(k *Key) { k.Custody = "" }),
		"no label":                key(func(k *Key) { k.Label = "" }),
		"a label of words":        key(func(k *Key) { k.Label = "my key" }),
		"a long label":            key(func(k *Key) { k.Label = strings.Repeat("a", 129) }),
		"no ID":                   key(func(k *Key) { k.ID = "" }),
		"an ID in capitals":       key(func(k *Key) { k.ID = "5A" }),
		"no public key":           key(func(k *Key) { k.Public = nil }),
		"no key":                  key(func(k *Key) { k.Public = []byte("key") }),
		"no chain":                key(func(k *Key) { k.Chain = nil }),
		"no certificate":          key(func(k *Key) { k.Chain = [][]byte{{1}} }),
		"a chain for another":     key(func(k *Key) { k.Role = "log" }),
		"an intent too far":       &Abandoned{Intent: 1 << 60},
		"to itself":               &Rotation{New: sum, Old: sum, NewSays: []byte{1}, OldSays: []byte{1}, Time: Instant(begin)},
		"unsigned":                &Rotation{New: strings.Repeat("6b", 32), Old: sum, NewSays: []byte{1}, Time: Instant(begin)},
		"no digest of a key":      &Compromised{Key: "5a", Time: Instant(begin)},
		"no key to destroy":       &Intent{Act: "destroy"},
		"a key made to destroy":   &Intent{Act: "destroy", By: sum, Key: &KeySpec{}},
		"a destruction to sign":   &Intent{Act: "destroy", By: sum, Statement: sum},
		"nothing destroyed":       &Destroyed{Intent: 1},
		"no entry":                &Signed{Blob: sum},
		"no blob":                 &Signed{Entry: []byte{1}},
		"no kind":                 &Evidence{Blob: sum, Verdict: "none"},
		"a kind of words":         &Evidence{Blob: sum, Kind: "a bundle", Verdict: "none"},
		"a predicate of words":    &Evidence{Blob: sum, Kind: "dsse", Predicate: "a b", Verdict: "none"},
		"no verdict":              &Evidence{Blob: sum, Kind: "dsse"},
		"a verdict by nothing":    &Evidence{Blob: sum, Kind: "dsse", Verdict: "verified"},
		"no verdict by a trust":   &Evidence{Blob: sum, Kind: "dsse", Verdict: "none", Trust: sum},
		"another verdict":         &Evidence{Blob: sum, Kind: "dsse", Verdict: "maybe", Trust: sum},
		"evidence of nothing":     &Evidence{Kind: "dsse", Verdict: "none"},
		"a bare artifact":         &Evidence{Blob: sum, Kind: "dsse", Verdict: "none", Artifact: sum},
		"a short artifact":        &Evidence{Blob: sum, Kind: "dsse", Verdict: "none", Artifact: "sha512:" + sum},
		"md5":                     &Evidence{Blob: sum, Kind: "dsse", Verdict: "none", Subjects: []string{"md5:" + sum[:32]}},
		"subjects twice":          &Evidence{Blob: sum, Kind: "dsse", Verdict: "none", Subjects: []string{"sha256:" + sum, "sha256:" + sum}},
		"too many subjects":       &Evidence{Blob: sum, Kind: "dsse", Verdict: "none", Subjects: make([]string, MaxSubjects+1)},
		"an empty bundle":         &Bundle{Blob: sum, Key: sum},
		"a bundle by nobody":      &Bundle{Blob: sum, Size: 1},
		"a bundle of nothing":     &Bundle{Key: sum, Size: 1},
		"a revision of words":     &Bundle{Blob: sum, Key: sum, Size: 1, Revision: "a b"},
		"a far intent of one":     &Bundle{Blob: sum, Key: sum, Size: 1, Intent: 1 << 60},
		"no version":              &Activation{Blob: sum},
		"a far version":           &Activation{Blob: sum, Version: 1 << 60},
		"a way back to itself":    &Activation{Blob: sum, Version: 2, To: 2},
		"nothing in force":        &Activation{Version: 1},
		"a decision on nothing":   &Decision{Blob: sum, Environment: "e", Input: sum, Policy: sum, Verdict: "passed"},
		"a decision nowhere":      &Decision{Artifact: "sha256:" + sum, Blob: sum, Input: sum, Policy: sum, Verdict: "passed"},
		"a decision of neither":   &Decision{Artifact: "sha256:" + sum, Blob: sum, Environment: "e", Input: sum, Policy: sum, Verdict: "perhaps"},
		"a decision by nothing":   &Decision{Artifact: "sha256:" + sum, Blob: sum, Environment: "e", Input: sum, Verdict: "passed"},
		"a decision without why":  &Decision{Artifact: "sha256:" + sum, Blob: sum, Environment: "e", Policy: sum, Verdict: "passed"},
		"a decision of far away":  &Decision{Artifact: "sha256:" + sum, Blob: sum, Environment: "e", Input: sum, Policy: sum, Verdict: "passed", Version: 1 << 60},
		"another length":          &Stamp{Algorithm: "sha-512", Digest: sum, Key: sum},
		"another algorithm":       &Stamp{Algorithm: "md5", Digest: "", Key: sum},
	} {
		if b.valid() == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// nil2 stands in where a helper wants a test and none runs.
type nil2 struct{ testing.TB }

func (nil2) Helper() {}

// TestGolden holds each type and version to the line that was released.
func TestGolden(t *testing.T) {
	records := golden()
	for k := range types {
		name := fmt.Sprintf("%s.v%d", k.Type, k.V)
		r := records[name]
		if r == nil {
			t.Errorf("%s has no golden record", name)
			continue
		}
		path := filepath.Join("testdata", "golden", name+".json")
		line, err := r.Line()
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) && *write {
			want, err = append(line, '\n'), os.WriteFile(path, append(line, '\n'), 0o666)
		}
		if err != nil || string(want) != string(line)+"\n" {
			t.Errorf("%s: %v\n got %s\nwant %s", path, err, line, want)
			continue
		}
		parsed, err := ParseLine(bytes.TrimSuffix(want, []byte("\n")))
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		got, err := parsed.Decode()
		if err != nil || fmt.Sprintf("%T", got) == "" {
			t.Errorf("%s: %v", path, err)
		}
		if again, err := MarshalBody(got); err != nil || !bytes.Equal(again, r.Body) {
			t.Errorf("%s: its body becomes %s, %v", path, again, err)
		}
	}
	files, err := filepath.Glob("testdata/golden/*.json")
	if err != nil || len(files) != len(types) {
		t.Errorf("%d golden records of %d types: %v", len(files), len(types), err)
	}
}

func drawRecord(t *rapid.T) *Record {
	word := rapid.StringMatching(`[a-z][a-z0-9.-]{0,20}`)
	token := rapid.StringMatching(`[A-Za-z0-9._:/@+=,~-]{0,40}`)
	r := &Record{
		Type: "x-" + word.Draw(t, "type"), V: rapid.IntRange(1, 999).Draw(t, "v"), Seq: rapid.Uint64Range(0, maxInteger).Draw(t, "seq"),
		Time: time.UnixMicro(rapid.Int64Range(0, 253402300799_999999).Draw(t, "time")).UTC(),
		Boot: rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`).Draw(t, "boot"),
		Up:   rapid.Int64Min(0).Draw(t, "up"), Socket: rapid.SampledFrom([]string{"", "admin", "verify"}).Draw(t, "socket"),
		Method: token.Draw(t, "method"), Target: token.Draw(t, "target"), Request: token.Draw(t, "request"),
	}
	if rapid.Bool().Draw(t, "has actor") {
		r.Actor = &Actor{rapid.Uint32().Draw(t, "uid"), rapid.Uint32().Draw(t, "gid")}
	}
	if rapid.Bool().Draw(t, "has outcome") {
		r.Outcome, r.Note = word.Draw(t, "outcome"), rapid.StringMatching(`[0-9a-f]{64}`).Draw(t, "note")
	}
	r.Body = drawBody(t)
	return r
}

func drawBody(t *rapid.T) json.RawMessage {
	facts := rapid.MapOfN(rapid.StringMatching(`[A-Za-z][A-Za-z0-9_.-]{0,8}`), rapid.OneOf(
		rapid.Map(rapid.String(), func(s string) any { return s }),
		rapid.Map(rapid.Int64Range(-maxInteger, maxInteger), func(n int64) any { return n }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.SliceOfN(rapid.String(), 0, 3), func(l []string) any { return l }),
	), 0, 4).Draw(t, "body")
	body, err := MarshalBody(facts)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// TestRoundTrip holds that a line gives back the record, and the record the line.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRecord(t)
		line, err := r.Line()
		if err != nil {
			t.Fatalf("%+v: %v", r, err)
		}
		got, err := ParseLine(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if diff := cmp.Diff(r, got); diff != "" {
			t.Fatal(diff)
		}
		if !json.Valid(line) || bytes.ContainsAny(line, "\n\r") {
			t.Fatalf("%q is no line of JSON", line)
		}
	})
}

// TestNoRecord holds that what has no line is not given one.
func TestNoRecord(t *testing.T) {
	for name, change := range map[string]func(r *Record){
		"no type":                func(r *Record) { r.Type = "" },
		"a type in capitals":     func(r *Record) { r.Type = "Call" },
		"no version":             func(r *Record) { r.V = 0 },
		"version 1000":           func(r *Record) { r.V = 1000 },
		"a seq of 2^53":          func(r *Record) { r.Seq = 1 << 53 },
		"no time":                func(r *Record) { r.Time = time.Time{} },
		"nanoseconds":            func(r *Record) { r.Time = r.Time.Add(1) },
		"year 10000":             func(r *Record) { r.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"no boot":                func(r *Record) { r.Boot = "" },
		"a boot without dashes":  func(r *Record) { r.Boot = strings.ReplaceAll(boot, "-", "0") },
		"up below zero":          func(r *Record) { r.Up = -1 },
		"a socket of its own":    func(r *Record) { r.Socket = "tcp" },
		"a method with a quote":  func(r *Record) { r.Method = `a"b` },
		"a target with a blank":  func(r *Record) { r.Target = "Jane Doe" },
		"a target of 257 bytes":  func(r *Record) { r.Target = strings.Repeat("a", 257) },
		"an outcome in words":    func(r *Record) { r.Outcome = "went wrong" },
		"a request with a LF":    func(r *Record) { r.Request = "a\nb" },
		"a note that is no hash": func(r *Record) { r.Note = "see below" },
		"a body that is a list":  func(r *Record) { r.Body = []byte(`[1]`) },
		"a body that is cut":     func(r *Record) { r.Body = []byte(`{"a":`) },
		"a body of two":          func(r *Record) { r.Body = []byte(`{"a":1}{"a":1}`) },
		"a body with a LF":       func(r *Record) { r.Body = []byte("{\"a\":1}\n") },
		"a body that is not nil": func(r *Record) { r.Body = []byte{} },
		"a line too long":        func(r *Record) { r.Body = []byte(`{"a":"` + strings.Repeat("x", MaxLine) + `"}`) },
	} {
		for _, kind := range []string{"call", "not.known"} {
			r := (&memory{}).record(kind, map[string]int{"a": 1})
			if _, err := r.Line(); err != nil {
				t.Fatal(err)
			}
			change(r)
			if line, err := r.Line(); !errors.Is(err, ErrRecord) {
				t.Errorf("%s, %s: %s, %v", kind, name, line, err)
			}
		}
	}
}

// TestLongestLine holds MaxLine to the byte.
func TestLongestLine(t *testing.T) {
	r := (&memory{}).record("call", map[string]string{"a": ""})
	line, err := r.Line()
	if err != nil {
		t.Fatal(err)
	}
	for extra, want := range map[int]bool{0: true, 1: false} {
		r.Body = []byte(`{"a":"` + strings.Repeat("x", MaxLine-len(line)+extra) + `"}`)
		if line, err := r.Line(); (err == nil) != want {
			t.Errorf("%d bytes: %v", len(line), err)
		}
	}
}

// TestBodies holds each type to its own facts.
func TestBodies(t *testing.T) {
	for _, c := range []struct{ kind, body string }{
		{"genesis", ``},
		{"genesis", `{"key":"x","name":"a","origin":"b"}`},
		{"genesis", `{"name":"a","origin":"b"}`},
		{"start", ``},
		{"start", `{"recovered":{"cut":0},"version":"1"}`},
		{"start", `{"recovered":{},"version":"1"}`},
		{"start", `{"recovered":{"views":["b","a"]},"version":"1"}`},
		{"start", `{"version":"one two"}`},
		{"stop", `{"cause":"x"}`},
		{"denial", ``},
		{"denial", `{"permission":""}`},
		{"denial", `{"permission":"a b"}`},
		{"denial", `{"permission":1}`},
		{"tally", ``},
		{"tally", `{"from":"2026-03-01T08:00:00.000000Z"}`},
		{"tally", `{"from":"2026-03-01T08:00:00Z","rows":[{"count":1,"method":"m","uid":0,"verdict":"v"}]}`},
		{"tally", `{"from":"2026-03-01T08:00:00.000000Z","rows":[{"count":0,"method":"m","uid":0,"verdict":"v"}]}`},
		{"tally", `{"from":"2026-03-01T08:00:00.000000Z","rows":[{"count":1,"method":"m","uid":0}]}`},
		{"tally", `{"from":"2026-03-01T08:00:00.000000Z","more":[{"count":1,"method":"m","uid":0,"verdict":"v"}]}`},
		{"tally", `{"from":"2026-03-01T08:00:00.000000Z","more":[{"count":1,"method":"m","uid":0,"verdict":"NO"}]}`},
		{"policy", `{"sha256":"00","version":1}`},
		{"policy", `{"sha256":"` + strings.Repeat("A", 64) + `","version":1}`},
		{"policy", `{"sha256":"` + strings.Repeat("a", 64) + `"}`},
		{"trust", ``},
		{"trust", `{"sha256":""}`},
		{"time", `{"from":"2026-03-01T08:00:00.000000Z"}`},
		{"time", `{"from":"x","to":"y"}`},
		{"erase", ``},
		{"erase", `{"seqs":[]}`},
		{"erase", `{"seqs":[2,1]}`},
		{"erase", `{"seqs":[1,1]}`},
		{"erase", `{"seqs":[-1]}`},
		{"readonly", `{"cause":"disk.full"}`},
		{"readonly", `{"cause":"disk.full","state":"over"}`},
		{"readonly", `{"cause":"Disk full","state":"left"}`},
		{"view", `{"name":"a"}`},
		{"view", `{"name":"A","seq":1}`},
		{"view", `{"name":"a","rows":3,"seq":1}`},
	} {
		r := (&memory{}).record(c.kind, &Stop{})
		if r.Body = nil; c.body != "" {
			r.Body = json.RawMessage(c.body)
		}
		if _, err := r.Decode(); !errors.Is(err, ErrRecord) {
			t.Errorf("%s %s: %v", c.kind, c.body, err)
		}
		if _, err := r.Line(); !errors.Is(err, ErrRecord) {
			t.Errorf("the line of %s %s: %v", c.kind, c.body, err)
		}
		if _, err := ParseLine(r.append(nil)); !errors.Is(err, ErrRecord) {
			t.Errorf("%s %s is parsed: %v", c.kind, c.body, err)
		}
	}
}

func TestUnknownTypeIsReadable(t *testing.T) {
	r := (&memory{}).record("sealed.thing", map[string]int{"a": 1})
	line, err := r.Line()
	if err != nil {
		t.Fatal(err)
	}
	if r, err = ParseLine(line); err != nil || string(r.Body) != `{"a":1}` {
		t.Fatalf("%+v, %v", r, err)
	}
	if got, err := r.Decode(); !errors.Is(err, ErrUnknownType) {
		t.Errorf("%v, %v", got, err)
	}
}

// TestNoBody holds that what RFC 8785 or JSON can't say is refused.
func TestNoBody(t *testing.T) {
	deep := any(1)
	for range 9 {
		deep = map[string]any{"a": deep}
	}
	for _, v := range []any{
		map[string]any{"a": 1.5},
		map[string]any{"a": nil},
		map[string]any{"": 1},
		map[string]any{"a b": 1},
		map[string]any{"é": 1},
		map[string]any{"a": int64(1) << 53},
		map[string]any{"a": "\xff"},
		deep,
		[]int{1},
		"a", 1, nil, func() {},
	} {
		if body, err := MarshalBody(v); !errors.Is(err, ErrRecord) {
			t.Errorf("%v: %s, %v", v, body, err)
		}
	}
}
