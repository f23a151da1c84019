package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// newTrialCmd returns a tree with a command for each way to end.
func newTrialCmd() *cobra.Command {
	root := &cobra.Command{Use: "trial"}
	group := &cobra.Command{Use: "group"}
	root.AddCommand(group)
	add := func(use string, run func(cmd *cobra.Command) error) *cobra.Command {
		cmd := &cobra.Command{Use: use, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
			return run(cmd)
		}}
		group.AddCommand(cmd)
		return cmd
	}
	add("print", func(cmd *cobra.Command) error { fmt.Fprintln(cmd.OutOrStdout(), "printed"); return nil })
	add("fail", func(*cobra.Command) error { return errors.New("disk on fire") })
	add("refuse", func(*cobra.Command) error { return Refused(errors.New("not signed")) })
	add("reject", func(*cobra.Command) error { return BadInput(errors.New("no bundle")) })
	add("quote", func(*cobra.Command) error { return errors.New("a\nb\x1b[2Jc\u202e") })
	add("panic", func(*cobra.Command) error { panic("unforeseen") })
	add("wait", func(cmd *cobra.Command) error {
		self, err := os.FindProcess(os.Getpid())
		if err != nil {
			return err
		}
		if err := self.Signal(os.Interrupt); err != nil {
			return err
		}
		<-cmd.Context().Done()
		return cmd.Context().Err()
	})
	need := add("need", func(*cobra.Command) error { return nil })
	need.Flags().String("file", "", "")
	if err := need.MarkFlagRequired("file"); err != nil {
		panic(err)
	}
	either := add("either", func(*cobra.Command) error { return nil })
	either.Flags().Bool("a", false, "")
	either.Flags().Bool("b", false, "")
	either.MarkFlagsMutuallyExclusive("a", "b")
	return root
}

func TestExecute(t *testing.T) {
	for _, c := range []struct {
		args   string
		want   Status
		stderr string // the whole of it, or its first line where that ends with "…"
	}{
		{"group print", 0, ""},
		{"group fail", 1, "trial: disk on fire\n"},
		{"group refuse", 3, "trial: not signed\n"},
		{"group reject", 2, "trial: no bundle\n"},
		{"group quote", 1, `trial: a\u000ab\u001b[2Jc\u202e` + "\n"},
		{"group wait", 130, "trial: interrupted\n"},
		{"group panic", 1, "trial: a fault in this program, please report it: unforeseen\n…"},
		{"", 2, "trial: a command is missing; see 'trial --help'\n"},
		{"group", 2, "trial: a command is missing; see 'trial group --help'\n"},
		{"gruop", 2, "trial: unknown command \"gruop\", perhaps \"group\" is meant; see 'trial --help'\n"},
		{"group absent", 2, "trial: unknown command \"absent\"; see 'trial group --help'\n"},
		{"help absent", 2, "trial: unknown command \"absent\"; see 'trial help --help'\n"},
		{"completion absent", 2, "trial: unknown command \"absent\"; see 'trial completion --help'\n"},
		{"group print --absent", 2, "trial: unknown flag: --absent; see 'trial group print --help'\n"},
		{"group print more", 2, "trial: unknown command \"more\" for \"trial group print\"; see 'trial group print --help'\n"},
		{"group need", 2, "trial: required flag(s) \"file\" not set; see 'trial group need --help'\n"},
		{"group need --file", 2, "trial: flag needs an argument: --file; see 'trial group need --help'\n"},
		{"group either --a --b", 2, "trial: if any flags in the group [a b] are set none of the others can be; [a b] were all set; see 'trial group either --help'\n"},
	} {
		t.Run(c.args, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			got := Execute(newTrialCmd(), strings.Fields(c.args), &stdout, &stderr)
			if got != c.want {
				t.Errorf("exit %d, want %d", got, c.want)
			}
			start, cut := strings.CutSuffix(c.stderr, "…")
			if text := stderr.String(); text != start && (!cut || !strings.HasPrefix(text, start)) {
				t.Errorf("stderr:\n%s\nwant:\n%s", text, c.stderr)
			}
			if stdout.Len() > 0 && c.want != 0 {
				t.Errorf("stdout of a failure: %s", &stdout)
			}
		})
	}
}

func TestUnwrittenResultIsNoSuccess(t *testing.T) {
	for _, args := range []string{"group print", "group --help"} {
		var stderr bytes.Buffer
		got := Execute(newTrialCmd(), strings.Fields(args), brokenWriter{}, &stderr)
		if got != StatusFailed || !strings.Contains(stderr.String(), "no paper") {
			t.Errorf("%s: exit %d, stderr %q", args, got, &stderr)
		}
	}
	if got := Execute(newTrialCmd(), []string{"group", "refuse"}, brokenWriter{}, io.Discard); got != StatusRefused {
		t.Errorf("a verdict became %d", got)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no paper") }
