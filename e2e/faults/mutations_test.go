package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"stellad/api"
	stellav1 "stellad/api/stella/v1"
)

// reading are the methods that change nothing. Every other one must be among the mutations.
var reading = []string{
	"/grpc.health.v1.Health/Check",
	"/grpc.health.v1.Health/List",
	"/grpc.health.v1.Health/Watch",
	"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
	"/stella.v1.AccessService/CanI",
	"/stella.v1.AccessService/CanUser",
	"/stella.v1.AccessService/Matrix",
	"/stella.v1.AccessService/WhoAmI",
	"/stella.v1.AuditService/ListRecords",
	"/stella.v1.EvidenceService/ListEvidence",
	"/stella.v1.EvidenceService/ReadEvidence",
	"/stella.v1.EvidenceService/ShowEvidence",
	"/stella.v1.KeyService/ListKeys",
	"/stella.v1.PolicyService/Evaluate",
	"/stella.v1.PolicyService/ListPolicies",
	"/stella.v1.PolicyService/ReadPolicy",
	"/stella.v1.PolicyService/ReplayDecision",
	"/stella.v1.PolicyService/TestPolicy",
	"/stella.v1.SigningService/ExportTrust",
	"/stella.v1.StatusService/Doctor",
	"/stella.v1.StatusService/Metrics",
	"/stella.v1.StatusService/Sealed",
	"/stella.v1.StatusService/Status",
	"/stella.v1.VEXService/ListVEX",
	"/stella.v1.VerifyService/Verify",
	"/stella.v1.VerifyService/VerifyStream",
}

// A mutation is one way to change what a daemon does.
type mutation struct {
	name   string // of the method, or of what is no method
	record string // the type of record that it writes
	do     func(ctx context.Context, t testing.TB, a *appliance) error
	effect func(ctx context.Context, t testing.TB, a *appliance) string // what it would change, as it is now
	keys   bool                                                         // it uses the token's

	prepare func(ctx context.Context, t testing.TB, a *appliance) // does what must have been done before; nil where nothing
}

// starts starts the daemon, ready for the mutation, and gives what it would change.
func (m mutation) starts(t testing.TB, h home) (a *appliance, before string) {
	t.Helper()
	a = h.start(t)
	if m.prepare != nil {
		m.prepare(within(t), t, a)
	}
	a.annotate(t)
	return a, m.effect(within(t), t, a)
}

// home makes an appliance for a mutation. Who needs no token does without.
func (m mutation) home(t testing.TB, state string) home {
	t.Helper()
	if m.keys {
		return newHomeOf(t, state, serveToken(t))
	}
	return newHome(t, state)
}

const (
	erase      = "/stella.v1.AuditService/Erase"
	newVersion = 1000 // of the policy that a mutation brings
)

var mutations = slices.Concat([]mutation{
	{name: "/stella.v1.AccessService/Reload", record: "policy", effect: inForce, do: func(ctx context.Context, t testing.TB, a *appliance) error {
		a.policy(t, newVersion)
		_, err := a.access.Reload(ctx, &stellav1.ReloadRequest{})
		return err
	}},
	{name: "/stella.v1.AuditService/AcceptTime", record: "time", effect: nothing, do: func(ctx context.Context, _ testing.TB, a *appliance) error {
		_, err := a.audit.AcceptTime(ctx, &stellav1.AcceptTimeRequest{})
		return err
	}},
	{name: erase, record: "erase", effect: annotation, do: func(ctx context.Context, _ testing.TB, a *appliance) error {
		_, err := a.audit.Erase(ctx, &stellav1.EraseRequest{Seqs: []uint64{a.noted}})
		return err
	}},
	{name: "/stella.v1.AuditService/Export", record: "call", effect: nothing, do: func(ctx context.Context, _ testing.TB, a *appliance) error {
		stream, err := a.audit.Export(ctx, &stellav1.ExportRequest{})
		for err == nil {
			_, err = stream.Recv()
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	}},
	{name: "SIGHUP", record: "policy", effect: inForce, do: func(ctx context.Context, t testing.TB, a *appliance) error {
		a.policy(t, newVersion)
		must(t, a.process().Signal(syscall.SIGHUP))
		return a.says(ctx, `msg=reloaded`, `the access policy is refused`)
	}},
	{name: "a changed trust root", record: "trust", effect: trusted, do: func(ctx context.Context, t testing.TB, a *appliance) error {
		name := a.path("trust/trusted_root.json")
		text, err := os.ReadFile(name)
		must(t, err)
		must(t, os.WriteFile(a.path("trusted_root.json"), append(text, '\n'), 0o600))
		must(t, os.Rename(a.path("trusted_root.json"), name))
		return a.says(ctx, `trust root in force`, `the trust root is refused`)
	}},
}, ofKeys, ofEvidence, ofPolicies)

// TestMutationsAreComplete: there is no method, of those that the protos have, of which nobody has said whether it changes
// something, and nothing is said of a method that is none.
func TestMutationsAreComplete(t *testing.T) {
	methods, err := api.Methods()
	must(t, err)
	changing := map[string]bool{}
	for _, m := range mutations {
		changing[m.name] = true
	}
	are := map[string]bool{}
	for _, m := range methods {
		are[m.Name] = true
		if changing[m.Name] == slices.Contains(reading, m.Name) {
			t.Errorf("%s must be either in reading or in mutations", m.Name)
		}
	}
	for _, name := range slices.AppendSeq(slices.Clone(reading), maps.Keys(changing)) {
		if strings.HasPrefix(name, "/") && !are[name] {
			t.Errorf("%s is no method", name)
		}
	}
}

// TestReadingChangesNothing holds those methods to it that are said to change nothing: no record of theirs is written,
// whatever they are asked.
func TestReadingChangesNothing(t *testing.T) {
	h := newHomeOf(t, "", serveToken(t))
	a := h.start(t)
	before := a.acts(t)
	for _, name := range reading {
		found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(strings.ReplaceAll(name[1:], "/", ".")))
		must(t, err)
		method, _ := found.(protoreflect.MethodDescriptor)
		full := dynamicpb.NewMessage(method.Input())
		(&cage{}).fill(full, name, "", "", 0)
		for _, req := range []*dynamicpb.Message{dynamicpb.NewMessage(method.Input()), full} {
			call(a.conn, method, name, req, "")
		}
	}
	if now := a.acts(t); now != before {
		t.Errorf("there are %s, and were %s", now, before)
	}
	if _, err := a.audit.AcceptTime(within(t), &stellav1.AcceptTimeRequest{}); err != nil || a.acts(t) == before {
		t.Errorf("what does change something is not seen: %v", err)
	}
}

// acts are the types of all records but those of what was denied and counted.
func (a *appliance) acts(t *testing.T) string {
	t.Helper()
	rows, err := a.records(within(t))
	must(t, err)
	var types []string
	for _, r := range rows {
		if w := r.what(t); w.Type != "denial" && w.Type != "tally" {
			types = append(types, w.Type)
		}
	}
	return strings.Join(types, " ")
}

// says waits for what the daemon logs when something is done, or refused.
func (a *appliance) says(ctx context.Context, done, refused string) error {
	for ctx.Err() == nil {
		said := a.log.String()[a.heard:]
		if at := strings.Index(said, refused); at >= 0 {
			return errors.New(strings.SplitN(said[at:], "\n", 2)[0])
		}
		if strings.Contains(said, done) {
			return nil
		}
		time.Sleep(5 * time.Millisecond)
	}
	return ctx.Err()
}

func nothing(context.Context, testing.TB, *appliance) string { return "" }

func inForce(ctx context.Context, t testing.TB, a *appliance) string {
	t.Helper()
	m, err := a.access.Matrix(ctx, &stellav1.MatrixRequest{})
	if err != nil {
		return a.unless(t, err)
	}
	return fmt.Sprint(m.GetVersion())
}

// unless is for what can't be asked: of a daemon that has ended, nothing is in force.
func (a *appliance) unless(t testing.TB, err error) string {
	t.Helper()
	time.Sleep(100 * time.Millisecond)
	if !a.ended() {
		t.Errorf("reading fails: %v", err)
	}
	return "gone"
}

var digest = regexp.MustCompile(`[0-9a-f]{12,}`)

func trusted(ctx context.Context, t testing.TB, a *appliance) string {
	t.Helper()
	status, err := a.status.Status(ctx, &stellav1.StatusRequest{})
	if err != nil {
		return a.unless(t, err)
	}
	for _, p := range status.GetParts() {
		if p.GetName() == "trust" {
			return digest.FindString(p.GetState())
		}
	}
	return ""
}

// annotation tells whether the annotation that was there is erased.
func annotation(ctx context.Context, t testing.TB, a *appliance) string {
	t.Helper()
	stream, err := a.audit.ListRecords(ctx, &stellav1.ListRecordsRequest{First: a.noted})
	must(t, err)
	resp, err := stream.Recv()
	if err == nil && len(resp.GetAnnotation()) == 0 {
		return "erased"
	}
	return "" // or it can't be read now
}

// annotate writes a record with an annotation, and remembers where.
func (a *appliance) annotate(t testing.TB) {
	t.Helper()
	_, _ = a.status.Metrics(within(t), &stellav1.MetricsRequest{})
	rows, err := a.records(within(t))
	must(t, err)
	a.noted = uint64(len(rows) - 1)
	if rows[a.noted].annotation == "" {
		t.Fatalf("no annotation in %v", rows[a.noted])
	}
}
