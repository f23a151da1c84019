package tlog

import (
	"crypto/elliptic"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

const noteText = "A note’s text may have several lines,\n\nand blank ones between them.\n"

func TestOpenNote(t *testing.T) {
	log, second := logSigner(t, "example.com/log", 1), ecdsaSigner(t, "rekor.example", elliptic.P256())
	stranger := logSigner(t, "example.com/log", 7)
	n, err := OpenNote(signed(t, noteText, stranger, second, log), log.VerifierKey, second.VerifierKey)
	if err != nil {
		t.Fatal(err)
	}
	if string(n.Text) != noteText || n.Unknown != 1 || len(n.Verified) != 2 ||
		n.Verified[0].Key != second.VerifierKey || n.Verified[1].Key != log.VerifierKey {
		t.Errorf("%+v", n)
	}
}

// What an accepted note says does not change with the bytes it came from.
func TestNoteKeepsItsText(t *testing.T) {
	log := logSigner(t, "log", 1)
	msg := signed(t, noteText, log)
	n, err := OpenNote(msg, log.VerifierKey)
	if err != nil {
		t.Fatal(err)
	}
	clear(msg)
	if string(n.Text) != noteText {
		t.Errorf("%q", n.Text)
	}
}

func TestOpenNoteRefusesForms(t *testing.T) {
	log, stranger := logSigner(t, "log", 1), logSigner(t, "stranger", 2)
	good := string(signed(t, noteText, log))
	l := line(t, noteText, log)
	b64 := strings.TrimSuffix(l[strings.LastIndex(l, " ")+1:], "\n")
	for why, msg := range map[string]string{
		"nothing":                       "",
		"a newline":                     "\n",
		"two newlines":                  "\n\n",
		"text alone":                    noteText,
		"no line after the blank one":   noteText + "\n",
		"no blank line":                 "text\n" + line(t, "text\n", log),
		"no newline at the end":         strings.TrimSuffix(good, "\n"),
		"a blank line after":            good + "\n",
		"a line after":                  good + "Unexpected line.\n",
		"a line without its newline":    good + "x",
		"CRLF throughout":               strings.ReplaceAll(good, "\n", "\r\n"),
		"CRLF after the signature":      strings.TrimSuffix(good, "\n") + "\r\n",
		"a hyphen for the dash":         strings.Replace(good, "— ", "- ", 1),
		"an en dash":                    strings.Replace(good, "— ", "– ", 1),
		"no space after the dash":       strings.Replace(good, "— ", "—", 1),
		"two spaces after the dash":     strings.Replace(good, "— ", "—  ", 1),
		"a no-break space":              strings.Replace(good, "— ", "—\u00a0", 1),
		"two spaces before base64":      strings.Replace(good, "— log ", "— log  ", 1),
		"a space after":                 strings.TrimSuffix(good, "\n") + " \n",
		"a space before the line":       noteText + "\n " + l,
		"no name":                       noteText + "\n—  " + b64 + "\n",
		"a name with a plus":            noteText + "\n— a+b " + b64 + "\n" + l,
		"a name with a tab":             noteText + "\n— a\tb " + b64 + "\n" + l,
		"a name with an em space":       noteText + "\n— a\u2003b " + b64 + "\n" + l,
		"no base64":                     noteText + "\n— log\n" + l,
		"empty base64":                  noteText + "\n— log \n" + l,
		"URL base64":                    noteText + "\n— stranger AAAA-_-_\n" + l,
		"base64 without padding":        strings.Replace(good, "=", "", 1),
		"an ID and nothing more":        noteText + "\n— stranger AAAAAA==\n" + l,
		"an ID cut short":               noteText + "\n— stranger AAAA\n" + l,
		"stray bits at base64's end":    noteText + "\n— stranger AAAAAAA=\n— stranger AAAAAAB=\n" + l,
		"NUL in the text":               "\x00" + good,
		"a tab in the text":             "\t" + good,
		"an escape in the text":         "\x1b[2J" + good,
		"invalid UTF-8 in the text":     "\xff" + good,
		"a surrogate in the text":       "\xed\xa0\x80" + good,
		"an overlong newline":           "\xc0\x8a" + good,
		"invalid UTF-8 in a name":       noteText + "\n— a\xff " + b64 + "\n" + l,
		"a byte order mark in the line": noteText + "\n\ufeff" + l,
		"101 lines":                     noteText + "\n" + strings.Repeat(l, 101),
		"101 lines of a stranger":       noteText + "\n" + l + strings.Repeat(line(t, noteText, stranger), 100),
		"over 1 MiB":                    string(signed(t, strings.Repeat("x", maxText)+"\n", log)),
	} {
		if n, err := OpenNote([]byte(msg), log.VerifierKey); !errors.Is(err, ErrNote) || n != nil {
			t.Errorf("%s: %v; want ErrNote", why, err)
		}
	}
}

// Newline is the one ASCII control character in a note; what lies above them is free.
func TestControlCharacters(t *testing.T) {
	log := logSigner(t, "log", 1)
	for c := range byte(0x80) {
		text := "a" + string(rune(c)) + "b\n"
		_, err := OpenNote(signed(t, text, log), log.VerifierKey)
		if allowed := c >= 0x20 || c == '\n'; allowed != (err == nil) || !allowed && !errors.Is(err, ErrNote) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestOpenNoteRefusesSignatures(t *testing.T) {
	log, other := logSigner(t, "log", 1), logSigner(t, "other", 2)
	good, l := string(signed(t, noteText, log)), line(t, noteText, log)
	forged := line(t, "another text\n", log)
	renamed := strings.Replace(l, "— log ", "— lag ", 1)
	for why, msg := range map[string]string{
		"another text":                    "Z" + good[1:],
		"a blank line between":            good + "\n" + l,
		"a blank line more":               "\n" + good,
		"of another text":                 noteText + "\n" + forged,
		"good, then forged":               good + forged,
		"forged, then good":               noteText + "\n" + forged + l,
		"another key's good, ours not":    noteText + "\n" + line(t, noteText, other) + forged,
		"a stranger's alone":              string(signed(t, noteText, logSigner(t, "log", 3))),
		"our line renamed":                noteText + "\n" + renamed,
		"our key's ID, not its bytes":     noteText + "\n" + withID(t, noteText, logSigner(t, "log", 3), log.KeyHash()),
		"an ID and one byte":              noteText + "\n— log " + base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, log.KeyHash())) + "\n",
		"a cosigner's over no checkpoint": string(signed(t, noteText, log, witness(t, "w", 4, 0))),
	} {
		if why == "an ID and one byte" {
			id := append(binary.BigEndian.AppendUint32(nil, log.KeyHash()), 0)
			msg = noteText + "\n— log " + base64.StdEncoding.EncodeToString(id) + "\n"
		}
		n, err := OpenNote([]byte(msg), log.VerifierKey, other.VerifierKey, witness(t, "w", 4, 0).VerifierKey)
		if !errors.Is(err, ErrSignature) || n != nil {
			t.Errorf("%s: %v; want ErrSignature", why, err)
		}
	}
	if _, err := OpenNote([]byte(good)); !errors.Is(err, ErrSignature) {
		t.Errorf("no keys: %v", err)
	}
}

// A note says whose signature fails.
func TestSignatureErrorNamesTheKey(t *testing.T) {
	log := logSigner(t, "log", 1)
	_, err := OpenNote([]byte("Z"+string(signed(t, noteText, log))), log.VerifierKey)
	id := strings.Split(log.String(), "+")[1]
	if err == nil || !strings.Contains(err.Error(), "log+"+id) {
		t.Errorf("%v", err)
	}
}

func withID(t *testing.T, text string, s signer, id uint32) string {
	t.Helper()
	sig := append(binary.BigEndian.AppendUint32(nil, id), s.sign([]byte(text))...)
	return "— " + s.Name() + " " + base64.StdEncoding.EncodeToString(sig) + "\n"
}

// A key that shares only its name or only its ID with a known one is a stranger's:
// even a line that no key can have made is passed over.
func TestStrangersAreSkipped(t *testing.T) {
	log := logSigner(t, "log", 1)
	msg := noteText + "\n" +
		"— log AAAAAAA=\n" + // our name, another ID
		withID(t, noteText, logSigner(t, "stranger", 2), log.KeyHash()) +
		line(t, noteText, log) +
		"— stranger " + strings.Repeat("AAAA", 2000) + "\n" // as long as post-quantum ones
	n, err := OpenNote([]byte(msg), log.VerifierKey)
	if err != nil || n.Unknown != 3 || len(n.Verified) != 1 {
		t.Fatalf("%+v, %v", n, err)
	}
}

// 100 lines are allowed; one key's are one signature however many there are.
func TestRepeatedSignatures(t *testing.T) {
	log := logSigner(t, "log", 1)
	ecdsaLog := ecdsaSigner(t, "rekor", elliptic.P256())
	msg := noteText + "\n" + strings.Repeat(line(t, noteText, log), 98)
	msg += line(t, noteText, ecdsaLog) + line(t, noteText, ecdsaLog) // two that differ
	n, err := OpenNote([]byte(msg), log.VerifierKey, ecdsaLog.VerifierKey, log.VerifierKey)
	if err != nil || len(n.Verified) != 2 || n.Unknown != 0 {
		t.Fatalf("%+v, %v", n, err)
	}
}

func TestKeyring(t *testing.T) {
	log := logSigner(t, "log", 1)
	msg := signed(t, noteText, log)
	if _, err := OpenNote(msg, log.VerifierKey, nil); !errors.Is(err, ErrKey) {
		t.Errorf("a nil key: %v", err)
	}
	collision := *logSigner(t, "log", 2).VerifierKey
	collision.id = log.KeyHash()
	for _, keys := range [][]*VerifierKey{{log.VerifierKey, &collision}, {&collision, log.VerifierKey}} {
		if _, err := OpenNote(msg, keys...); !errors.Is(err, ErrKey) {
			t.Errorf("two keys of one name and ID: %v", err)
		}
	}
	cosigner := *log.VerifierKey
	cosigner.kind = typeCosignature
	if _, err := OpenNote(msg, log.VerifierKey, &cosigner); !errors.Is(err, ErrKey) {
		t.Errorf("two types under one name and ID: %v", err)
	}
	again := mustKey(t, log.String())
	if n, err := OpenNote(msg, log.VerifierKey, again); err != nil || len(n.Verified) != 1 {
		t.Errorf("one key given twice: %v", err)
	}
}

// x/mod signs and opens the same notes.
func TestNotesOfXMod(t *testing.T) {
	log, w := logSigner(t, "log", 1), witness(t, "w", 2, 1700000000)
	const text = "log\n1\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n"
	msg := signed(t, text, log, w)
	n, err := note.Open(msg, note.VerifierList(log.VerifierKey, w.VerifierKey))
	if err != nil || n.Text != text || len(n.Sigs) != 2 {
		t.Fatalf("%+v, %v", n, err)
	}
}
