package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"stellad/audit"
	"stellad/internal/cli"
)

// auditVerdict is the JSON of a verdict.
type auditVerdict struct {
	Verified bool         `json:"verified"`
	Reason   string       `json:"reason,omitempty"` // of a refusal: the file and the record
	Log      *verifiedLog `json:"log,omitempty"`
}

type verifiedLog struct {
	Origin        string            `json:"origin"`
	Size          uint64            `json:"size"`
	RootHash      string            `json:"rootHash"`
	Key           string            `json:"key"`
	KeySHA256     string            `json:"keySha256"`
	KeyFromExport bool              `json:"keyFromExport"` // nobody vouched for it
	First         uint64            `json:"first"`
	Since         uint64            `json:"since"`
	Baseline      uint64            `json:"baseline"` // 0: none was given
	From          time.Time         `json:"from"`
	To            time.Time         `json:"to"`
	Boots         int               `json:"boots"`
	Checkpoints   int               `json:"checkpoints"`
	Annotations   uint64            `json:"annotations"`
	Erased        uint64            `json:"erased"`
	Types         map[string]uint64 `json:"types"`
	Unknown       uint64            `json:"unknown"`
	UnknownTypes  []string          `json:"unknownTypes"`
	Foreign       []string          `json:"foreign"`
}

func verifiedAnswer(r *audit.Result) auditVerdict {
	return auditVerdict{Verified: true, Log: &verifiedLog{
		Origin: r.Key.Name(), Size: r.Size, RootHash: r.Root.String(),
		Key: r.Key.String(), KeySHA256: audit.Fingerprint(r.Key), KeyFromExport: r.KeyFromExport,
		First: r.First, Since: r.Since, Baseline: r.Baseline, From: r.From, To: r.To, Boots: r.Boots,
		Checkpoints: r.Checkpoints, Annotations: r.Annotations, Erased: r.Erased,
		Types: r.Types, Unknown: r.Unknown, UnknownTypes: listed(r.UnknownTypes), Foreign: listed(r.Foreign),
	}}
}

func printVerifiedLog(w io.Writer, r *audit.Result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, text string) { fmt.Fprintf(t, "  %s\t%s\n", name, cli.Visible(text)) }
	fmt.Fprintf(t, "VERIFIED - %s, the log of %s\n", records(r.Size), cli.Visible(r.Key.Name()))
	row("root", r.Root.String())
	row("key", keyRow(r))
	if r.Since > 0 {
		row("export", fmt.Sprintf("from record %d on, and appended to the checkpoint of %s", r.First, records(r.Since)))
	}
	if r.Baseline > 0 {
		row("baseline", "appended to the checkpoint of "+records(r.Baseline))
	}
	if !r.From.IsZero() {
		row("time", r.From.Format(time.RFC3339)+" to "+r.To.Format(time.RFC3339))
	}
	row("boots", fmt.Sprint(r.Boots))
	row("checkpoints", fmt.Sprint(r.Checkpoints))
	row("annotations", fmt.Sprintf("%d, and %d erased", r.Annotations, r.Erased))
	row("types", typesRow(r))
	printList(row, t, "Not established", notEstablished(r))
	return t.Flush()
}

func keyRow(r *audit.Result) string {
	if r.KeyFromExport {
		return "SHA-256 " + audit.Fingerprint(r.Key) + ", the export's own"
	}
	return "SHA-256 " + audit.Fingerprint(r.Key) + ", as given"
}

func typesRow(r *audit.Result) string {
	var counts []string
	for _, name := range slices.Sorted(maps.Keys(r.Types)) {
		counts = append(counts, fmt.Sprintf("%s %d", name, r.Types[name]))
	}
	return strings.Join(counts, ", ")
}

// notEstablished says what a reader might take for proved, and is not.
func notEstablished(r *audit.Result) []string {
	var all []string
	if notice := r.KeyNotice(); notice != "" {
		all = append(all, "whose log it is: "+notice)
	}
	if r.Baseline == 0 {
		all = append(all, "that this log is the one of another day: no --baseline was given")
	}
	if r.Unknown > 0 {
		all = append(all, fmt.Sprintf("the meaning of %s, of types that this release does not know: %s", records(r.Unknown), strings.Join(r.UnknownTypes, ", ")))
	}
	for _, name := range r.Foreign {
		all = append(all, "what "+name+" is: not this release's own text, and nothing vouches for it; do not run it or go by it")
	}
	return all
}

// refuseExport prints the verdict where err is one.
func refuseExport(w io.Writer, o output, name string, err error) error {
	if !errors.Is(err, audit.ErrTampered) {
		return notTampered(name, err)
	}
	if o == outputJSON {
		if err := writeJSON(w, auditVerdict{Reason: reasonOf(err)}); err != nil {
			return err
		}
	} else if _, err := fmt.Fprintf(w, "NOT VERIFIED - %s\n", cli.Visible(reasonOf(err))); err != nil {
		return err
	}
	return cli.Refused(fmt.Errorf("%s: NOT VERIFIED: %s", name, reasonOf(err)))
}
