package daemon

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/types/known/timestamppb"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/version"
)

type statusService struct {
	stellav1.UnimplementedStatusServiceServer
	daemon *Daemon
}

func (s *statusService) Status(ctx context.Context, _ *stellav1.StatusRequest) (*stellav1.StatusResponse, error) {
	d := s.daemon
	resp := &stellav1.StatusResponse{
		Version: version.String, Started: timestamppb.New(d.started), Dev: d.config.Dev,
		Parts: []*stellav1.Part{d.genesisPart(), d.accessPart(), d.auditPart(), d.hsmPart(ctx), d.keysPart(), d.trustPart(), d.verdictsPart(), d.clientsPart()},
	}
	if g := d.genesis.Load(); g != nil {
		resp.Name = g.Name
	}
	return resp, nil
}

func (d *Daemon) genesisPart() *stellav1.Part {
	if g := d.genesis.Load(); g != nil {
		return &stellav1.Part{Name: "genesis", Ok: true, State: fmt.Sprintf("%s since %s", g.Name, g.Time.UTC().Format("2006-01-02"))}
	}
	return &stellav1.Part{Name: "genesis", State: "not initialised: run stellad init, as root"}
}

func (d *Daemon) accessPart() *stellav1.Part {
	d.mu.Lock()
	defer d.mu.Unlock()
	policy := d.policy.Load()
	state := fmt.Sprintf("version %d of %s in force", policy.Version, policy.File)
	if d.refused != nil {
		return &stellav1.Part{Name: "access", State: fmt.Sprintf("%s; the file as it is now is refused: %v", state, d.refused)}
	}
	return &stellav1.Part{Name: "access", Ok: true, State: state}
}

func (d *Daemon) auditPart() *stellav1.Part {
	l := d.ledger.Load()
	if l == nil {
		return &stellav1.Part{Name: "audit", Ok: true, State: "the log begins with genesis"}
	}
	s := l.State()
	state := fmt.Sprintf("%d records, root %s", s.Size, s.Root)
	if s.Checkpoint != nil {
		state += fmt.Sprintf("; the last checkpoint is of %d", s.Checkpoint.Size)
	}
	if s.ReadOnly != nil {
		return &stellav1.Part{Name: "audit", State: strings.ReplaceAll(fmt.Sprintf("%s; read-only: %v", state, s.ReadOnly), "\n", "; ")}
	}
	return &stellav1.Part{Name: "audit", Ok: true, State: state}
}

func (d *Daemon) trustPart() *stellav1.Part {
	s := d.judge.State()
	return &stellav1.Part{Name: "trust", Ok: s.Refused == nil, State: s.TrustLine()}
}

func (d *Daemon) verdictsPart() *stellav1.Part {
	return &stellav1.Part{Name: "verdicts", Ok: true, State: d.judge.State().CacheLine()}
}

func (d *Daemon) clientsPart() *stellav1.Part {
	var connections, calls int
	for _, s := range d.servers {
		held, under := s.Held()
		connections, calls = connections+held, calls+under
	}
	return &stellav1.Part{Name: "clients", Ok: true, State: fmt.Sprintf("%d connections, %d calls under way", connections, calls)}
}

func (s *statusService) Metrics(context.Context, *stellav1.MetricsRequest) (*stellav1.MetricsResponse, error) {
	families, err := s.daemon.registry.Gather()
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(&text, family); err != nil {
			return nil, err
		}
	}
	return &stellav1.MetricsResponse{Text: text.Bytes()}, nil
}
