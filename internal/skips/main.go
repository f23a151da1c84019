// Skips fails a test run in which a test was skipped without a listed reason, or in which no test ran at all:
//
//	go run ./internal/skips REASONS EVENTS
//
// EVENTS is what `go test -json` printed. REASONS has a line for each skip that is allowed: a regular expression that
// the whole "PACKAGE.Test/sub" must match, blanks, and the reason. A # begins a comment line.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "skips:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	if len(args) != 2 {
		return errors.New("usage: skips REASONS EVENTS")
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	reasons, err := parseReasons(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	events, err := os.Open(args[1])
	if err != nil {
		return err
	}
	defer events.Close()
	ran, skipped, err := readEvents(events)
	if err != nil {
		return fmt.Errorf("%s: %w", args[1], err)
	}
	return judge(out, reasons, ran, skipped)
}

// A reason is a line of the list.
type reason struct {
	tests *regexp.Regexp
	why   string
}

func parseReasons(text string) ([]reason, error) {
	var reasons []reason
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		end := strings.IndexAny(line, " \t")
		if end < 0 {
			return nil, fmt.Errorf("line %d: no reason after %q", i+1, line)
		}
		tests, err := regexp.Compile(`^(?:` + line[:end] + `)$`)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		reasons = append(reasons, reason{tests, strings.TrimSpace(line[end:])})
	}
	return reasons, nil
}

// readEvents counts the tests that passed or failed, and names those that were skipped, as PACKAGE.Test/sub.
func readEvents(r io.Reader) (ran int, skipped []string, err error) {
	dec := json.NewDecoder(r)
	for {
		var event struct{ Action, Package, Test string }
		switch err := dec.Decode(&event); {
		case err == io.EOF:
			return ran, skipped, nil
		case err != nil:
			return 0, nil, err
		case event.Test == "": // of a whole package
		case event.Action == "pass", event.Action == "fail":
			ran++
		case event.Action == "skip":
			skipped = append(skipped, event.Package+"."+event.Test)
		}
	}
}

// judge prints each skip with its reason and returns an error when one has none, or when nothing ran.
func judge(out io.Writer, reasons []reason, ran int, skipped []string) error {
	var unlisted []string
	for _, test := range skipped {
		why, ok := find(reasons, test)
		if !ok {
			unlisted = append(unlisted, test)
			why = "NOT LISTED"
		}
		fmt.Fprintf(out, "skipped %s: %s\n", test, why)
	}
	fmt.Fprintf(out, "%d tests ran, %d were skipped, %d of these with no listed reason\n", ran, len(skipped), len(unlisted))
	switch {
	case ran == 0:
		return errors.New("no test ran")
	case len(unlisted) > 0:
		return fmt.Errorf("skipped with no listed reason: %s", strings.Join(unlisted, ", "))
	}
	return nil
}

func find(reasons []reason, test string) (why string, ok bool) {
	for _, r := range reasons {
		if r.tests.MatchString(test) {
			return r.why, true
		}
	}
	return "", false
}
