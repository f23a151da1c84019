package tlog

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const someRoot = "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0="

func TestParseCheckpoint(t *testing.T) {
	root, _ := parseHash(someRoot)
	for text, want := range map[string]Checkpoint{
		"example.com/log\n1\n" + someRoot + "\n":                      {"example.com/log", 1, root, nil},
		"Rekor - 42\n18446744073709551615\n" + someRoot + "\n":        {"Rekor - 42", 1<<64 - 1, root, nil},
		"log\n0\n" + EmptyRoot().String() + "\n":                      {"log", 0, EmptyRoot(), nil},
		" \n7\n" + someRoot + "\n— x\nTimestamp: 7\n":                 {" ", 7, root, []string{"— x", "Timestamp: 7"}},
		"log\n10\n" + someRoot + "\n" + strings.Repeat("x", 9) + "\n": {"log", 10, root, []string{"xxxxxxxxx"}},
	} {
		got, err := ParseCheckpoint([]byte(text))
		if err != nil || got.Origin != want.Origin || got.Size != want.Size || got.Root != want.Root ||
			!slices.Equal(got.Extensions, want.Extensions) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
		if again := string(got.Marshal()); again != text {
			t.Errorf("%q is written as %q", text, again)
		}
	}
}

func TestParseCheckpointRefuses(t *testing.T) {
	for why, text := range map[string]string{
		"nothing":                    "",
		"a newline":                  "\n",
		"one line":                   "log\n",
		"two lines":                  "log\n1\n",
		"no newline at the end":      "log\n1\n" + someRoot,
		"an empty line at the end":   "log\n1\n" + someRoot + "\n\n",
		"an empty extension":         "log\n1\n" + someRoot + "\n\nx\n",
		"an empty origin":            "\n1\n" + someRoot + "\n",
		"an empty size":              "log\n\n" + someRoot + "\n",
		"an empty root":              "log\n1\n\n",
		"an empty line before":       "\nlog\n1\n" + someRoot + "\n",
		"origin and size swapped":    "1\nlog\n" + someRoot + "\n",
		"a leading zero":             "log\n01\n" + someRoot + "\n",
		"zeros":                      "log\n00\n" + EmptyRoot().String() + "\n",
		"a plus":                     "log\n+1\n" + someRoot + "\n",
		"a minus":                    "log\n-1\n" + someRoot + "\n",
		"minus zero":                 "log\n-0\n" + EmptyRoot().String() + "\n",
		"a space before the size":    "log\n 1\n" + someRoot + "\n",
		"a space after the size":     "log\n1 \n" + someRoot + "\n",
		"a fraction":                 "log\n1.0\n" + someRoot + "\n",
		"an exponent":                "log\n1e3\n" + someRoot + "\n",
		"hexadecimal":                "log\n0x2a\n" + someRoot + "\n",
		"an underscore":              "log\n1_0\n" + someRoot + "\n",
		"Arabic-Indic digits":        "log\n٤٢\n" + someRoot + "\n",
		"fullwidth digits":           "log\n１\n" + someRoot + "\n",
		"2^64":                       "log\n18446744073709551616\n" + someRoot + "\n",
		"a size of many digits":      "log\n1" + strings.Repeat("0", 99) + "\n" + someRoot + "\n",
		"no leaves under a root":     "log\n0\n" + someRoot + "\n",
		"a root of 31 bytes":         "log\n1\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoA==\n",
		"a root of 33 bytes":         "log\n1\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0A\n",
		"a root of 20 bytes":         "log\n1\nbjQLnP+zepicpUTmu3gKLHiQHT8=\n",
		"a root in hex":              "log\n1\n6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d\n",
		"a root without padding":     "log\n1\n" + strings.TrimRight(someRoot, "=") + "\n",
		"a root with more padding":   "log\n1\n" + someRoot + "=\n",
		"a root in URL base64":       "log\n1\n" + strings.ReplaceAll(someRoot, "+", "-") + "\n",
		"stray bits in the root":     "log\n1\n" + strings.Replace(someRoot, "B0=", "B1=", 1) + "\n",
		"a space after the root":     "log\n1\n" + someRoot + " \n",
		"CRLF":                       "log\r\n1\r\n" + someRoot + "\r\n",
		"CR after the root":          "log\n1\n" + someRoot + "\r\n",
		"a tab in the origin":        "l\tog\n1\n" + someRoot + "\n",
		"NUL in the origin":          "l\x00og\n1\n" + someRoot + "\n",
		"invalid UTF-8 in origin":    "l\xffog\n1\n" + someRoot + "\n",
		"NUL in an extension":        "log\n1\n" + someRoot + "\nx\x00\n",
		"invalid UTF-8 in extension": "log\n1\n" + someRoot + "\n\xff\n",
		"a line separator for LF":    "log\u20281\u2028" + someRoot + "\n",
		"over 1 MiB":                 "log\n1\n" + someRoot + "\n" + strings.Repeat("x", maxText) + "\n",
		"signatures too":             "log\n1\n" + someRoot + "\n\n— log AAAAAAA=\n",
	} {
		if c, err := ParseCheckpoint([]byte(text)); !errors.Is(err, ErrCheckpoint) || c.Origin != "" {
			t.Errorf("%s: %+v, %v; want ErrCheckpoint", why, c, err)
		}
	}
}

func TestCheckpointsReadBack(t *testing.T) {
	oneLine := rapid.StringMatching(`[^\pC\n]{1,40}`)
	rapid.Check(t, func(t *rapid.T) {
		c := Checkpoint{
			Origin:     oneLine.Draw(t, "origin"),
			Size:       rapid.Uint64Min(1).Draw(t, "size"),
			Root:       drawHash(t, "root"),
			Extensions: rapid.SliceOfN(oneLine, 0, 3).Draw(t, "extensions"),
		}
		got, err := ParseCheckpoint(c.Marshal())
		if err != nil || got.Origin != c.Origin || got.Size != c.Size || got.Root != c.Root ||
			!slices.Equal(got.Extensions, c.Extensions) {
			t.Fatalf("%+v reads back as %+v, %v", c, got, err)
		}
	})
}
