package report

import (
	"strings"
	"testing"
)

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"":                                "(empty)",
		"app-1.0.tar.gz":                  "app-1.0.tar.gz",
		"zażółć 日本 עברית":                 "zażółć 日本 עברית",
		"a\nb\tc":                         "a[U+000A]b[U+0009]c",
		" a  b ":                          "[U+0020]a [U+0020]b[U+0020]",
		"\u202egpj.exe":                   "[U+202E]gpj.exe",
		"a\u00adb\u200bc\u2028":           "a[U+00AD]b[U+200B]c[U+2028]",
		"\u3164\u2800\ufe0f":              "[U+3164][U+2800][U+FE0F]",
		"\x1b[2J\x7f\u009b":               "[U+001B][2J[U+007F][U+009B]",
		"\xff\xfea":                       "[byte FF][byte FE]a",
		"\ufffd":                          "\ufffd",
		"\u0301a":                         "[U+0301]a",
		"a" + strings.Repeat("\u0301", 5): "a" + strings.Repeat("\u0301", 4) + "[U+0301]",
	} {
		if got := visible(in); got != want {
			t.Errorf("%+q: %+q, want %+q", in, got, want)
		}
	}
}

func TestVisibleCut(t *testing.T) {
	if whole := strings.Repeat("x", maxShown); visible(whole) != whole {
		t.Error("a text of the greatest length is cut")
	}
	got := visible(strings.Repeat("é", 100_000))
	if !strings.HasPrefix(got, strings.Repeat("é", maxShown)+"… [cut short: 200000 bytes") || len(got) > 3*maxShown {
		t.Errorf("%d bytes: %.40q", len(got), got)
	}
}

func TestMarkdown(t *testing.T) {
	for in, want := range map[string]string{
		"over the DSSE envelope, by 2 of the accepted keys": "over the DSSE envelope, by 2 of the accepted keys",
		"Sigstore bundle v0.3":                              "Sigstore bundle v0.3",
		"index 5 of https://a.example, held":                "index 5 of `https://a.example`, held",
		"issued by CN=a b, O=c, root CN=d":                  "issued by `CN=a` b, `O=c`, root `CN=d`",
		"see www.a.example or a@b.example":                  "see `www.a.example` or `a@b.example`",
		"<b>x</b> *y*":                                      "`<b>x</b> *y*`",
		"1. a":                                              "`1.` a",
		"- a":                                               "`-` a",
		"[a](b) `c` ``d``":                                  "``` [a](b) `c` ``d`` ```",
		"a\nb":                                              "`a[U+000A]b`",
		"":                                                  "`(empty)`",
	} {
		if got := tell(in).Markdown(); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
	if got, want := quote("a|b\\|c`").Cell(), "`` a\\|b\\\\|c` ``"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
