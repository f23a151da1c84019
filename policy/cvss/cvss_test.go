package cvss_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"stellad/policy/cvss"
)

func TestWhichScore(t *testing.T) {
	for _, c := range []struct {
		vector   string
		score    float64
		severity string
	}{
		{"AV:N/AC:L/Au:N/C:C/I:C/A:C", 10, "high"},
		{"AV:N/AC:L/Au:N/C:N/I:N/A:N", 0, "low"},
		{"AV:N/AC:L/Au:N/C:N/I:N/A:C/RL:OF", 6.8, "medium"},
		{"AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C/TD:N", 0, "low"},
		{"AV:N/AC:L/Au:S/C:C/I:C/A:C/E:F/RL:U/RC:C", 8.6, "high"},
		{"AV:L/AC:H/Au:M/C:P/I:N/A:N/CR:L", 0, "low"},
		{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8, "critical"},
		{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:U/RL:O/RC:U", 7.8, "high"},
		{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/MAV:P", 6.8, "medium"},
		{"CVSS:3.1/AV:N/AC:L/PR:L/UI:R/S:C/C:H/I:H/A:H", 9, "critical"},
		{"CVSS:3.1/AV:N/AC:L/PR:L/UI:R/S:C/C:H/I:H/A:H/MAV:X/CR:X", 9, "critical"},
		{"CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0, "none"},
		{"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3, "critical"},
		{"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U", 8.1, "high"},
	} {
		if r, err := cvss.Score(c.vector); err != nil || r.Score != c.score || r.Severity != c.severity {
			t.Errorf("%s: %v %v, want %v %s", c.vector, r, err, c.score, c.severity)
		}
	}
}

func TestRefused(t *testing.T) {
	const two, three = "AV:N/AC:L/Au:N/C:P/I:P/A:P", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
	const four = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
	for _, vector := range []string{
		"", "/", " ", ":", "CVSS:", "CVSS:2.0/" + two, "CVSS:3.2" + three[8:], "CVSS:3.1", "CVSS:3.1/", "CVSS:4.0", "CVSS:4.0/", "CVSS:31" + three[8:],
		two + "/", "/" + two, two + " ", " " + two, "(" + two + ")", two + "\n", strings.ToLower(two), two[:len(two)-4],
		two + "/E:X", two + "/E:F/E:F", two + "/CDP:H/E:F", two + "/TD", two + "/TD:", two + "/AV:N", "AC:L/AV:N/Au:N/C:P/I:P/A:P", "AV:N:N/AC:L/Au:N/C:P/I:P/A:P",
		three + "/", three + "/E", three + "/E:", three + "/XX:H", three + "/E:U/E:U", three[:len(three)-4], three[9:], strings.ToLower(three), three + "\x00", " " + three,
		four + "/", four + "/E:Q", four + "/XX:N", four[:len(four)-5], four + "/AV:N", strings.Replace(four, "/AC:L", "", 1), strings.ToLower(four),
		two + strings.Repeat("/E:F", 200), strings.Repeat("CVSS:3.1/", 100),
	} {
		if r, err := cvss.Score(vector); !errors.Is(err, cvss.ErrVector) || r != (cvss.Result{}) {
			t.Errorf("%q: %v %v", vector, r, err)
		} else if strings.ContainsAny(err.Error(), "\n\x00") || len(err.Error()) > 700 {
			t.Errorf("%q: not one short line: %q", vector, err)
		}
	}
}

func FuzzScore(f *testing.F) {
	f.Add("AV:N/AC:L/Au:N/C:P/I:P/A:P/E:F/TD:H")
	f.Add("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:U/MAV:P")
	f.Add("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H")
	f.Add("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U/U:Red")
	f.Fuzz(func(t *testing.T, vector string) {
		r, err := cvss.Score(vector)
		if again, errAgain := cvss.Score(vector); again != r || (err == nil) != (errAgain == nil) {
			t.Fatalf("%q: %v, and again %v", vector, r, again)
		}
		if err != nil {
			if !errors.Is(err, cvss.ErrVector) || r != (cvss.Result{}) {
				t.Fatalf("%q: %v %v", vector, r, err)
			}
			if strings.ContainsFunc(err.Error(), func(c rune) bool { return !unicode.IsPrint(c) }) || len(err.Error()) > 1500 {
				t.Fatalf("not one line of printable text: %q", err)
			}
			return
		}
		for _, score := range []float64{r.Score, r.Base, r.Temporal, r.Environmental} {
			if !(score >= 0 && score <= 10) {
				t.Fatalf("%q: %v", vector, r)
			}
		}
	})
}
