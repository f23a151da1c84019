package main

import (
	"bytes"
	"testing"

	"github.com/spf13/cobra"
)

func TestOutputFlag(t *testing.T) {
	for _, c := range []struct {
		args []string
		want output // none: refused
	}{
		{nil, outputTable},
		{[]string{"-o", "table"}, outputTable},
		{[]string{"-o", "json"}, outputJSON},
		{[]string{"--output=json"}, outputJSON},
		{[]string{"-o", "JSON"}, ""},
		{[]string{"-o", "yaml"}, ""},
		{[]string{"-o", ""}, ""},
	} {
		var got output
		cmd := &cobra.Command{}
		addOutputFlag(cmd, &got)
		err := cmd.ParseFlags(c.args)
		if refused := err != nil; refused != (c.want == "") || (!refused && got != c.want) {
			t.Errorf("%q: %q, %v; want %q", c.args, got, err, c.want)
		}
	}
}

func TestWriteJSON(t *testing.T) {
	var b bytes.Buffer
	if err := writeJSON(&b, map[string]string{"signer": "<a&b>"}); err != nil {
		t.Fatal(err)
	}
	if want := "{\n  \"signer\": \"<a&b>\"\n}\n"; b.String() != want {
		t.Errorf("got %s, want %s", &b, want)
	}
}
