// Package daemon is stellad: it joins the parts, answers on two Unix sockets, and knows how to start, reload and stop.
// What a method does stands in a domain's package; the files of handlers here turn messages into its questions.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	"stellad/access"
	"stellad/api"
	stellav1 "stellad/api/stella/v1"
	"stellad/audit"
	"stellad/daemon/config"
	"stellad/daemon/fair"
	"stellad/daemon/ledger"
	"stellad/daemon/rpc"
	"stellad/daemon/verdicts"
	"stellad/hsm"
)

// verifying is how many documents are verified at a time: all cores but one, which is left to those whose verdict is
// remembered. Without it, a flood of new documents makes them wait three times as long.
var verifying = max(1, runtime.NumCPU()-1)

// A Daemon is all parts of one appliance, ready to serve.
type Daemon struct {
	config   config.Config
	log      *slog.Logger
	started  time.Time
	catalog  access.Catalog
	turns    *fair.Turns // at verifying
	reading  *fair.Turns // at reading what takes seconds
	judge    *verdicts.Judge
	health   *health.Server
	registry *prometheus.Registry
	servers  map[string]*rpc.Server // by socket
	unlock   func()                 // lets another daemon have the state
	token    *hsm.Client            // nil where the configuration names none

	genesis atomic.Pointer[Genesis]       // nil before it
	ledger  atomic.Pointer[ledger.Ledger] // with genesis
	held    atomic.Pointer[held]          // with genesis
	signs   atomic.Pointer[signs]         // with genesis, where there is a token
	waits   atomic.Pointer[error]         // why the keys are not all in place; nil where they are
	failed  chan error                    // holds the first reason for which the process must end
	policy  atomic.Pointer[access.Policy]

	beginning  sync.Mutex           // one genesis at a time
	publishing sync.Mutex           // one publication at a time
	stating    sync.Mutex           // one statement on vulnerabilities gets its time at a time; guards what follows
	stated     map[string]time.Time // when the last one on a vulnerability was made
	unfinished chan struct{}        // tells keepToken that something waits again; holds one

	mu      sync.Mutex // one reload at a time; guards what follows
	keeper  *access.Keeper
	refused error // why the policy file, as it is now, is not in force
}

// New makes a Daemon, which has the state to itself until Run returns: an error wraps ErrRunning where another has it. A
// policy file that can't come into force keeps it from starting; a trust root that can't does not: it answers that there
// is none.
func New(c config.Config, log *slog.Logger) (*Daemon, error) {
	unlock, err := lock(c.State) // before anything is written there
	if err != nil {
		return nil, err
	}
	d, err := newDaemon(c, log)
	if err != nil {
		unlock()
		return nil, err
	}
	d.unlock = unlock
	return d, nil
}

func newDaemon(c config.Config, log *slog.Logger) (*Daemon, error) {
	methods, err := api.Methods()
	if err != nil {
		return nil, err
	}
	d := &Daemon{
		config: c, log: log, started: time.Now(), catalog: catalogOf(methods),
		turns: fair.NewTurns(verifying), reading: fair.NewTurns(1), health: health.NewServer(),
		registry: prometheus.NewRegistry(), servers: map[string]*rpc.Server{}, stated: map[string]time.Time{},
		failed: make(chan error, 1), unfinished: make(chan struct{}, 1),
	}
	if c.HSM != "" {
		if d.token, err = hsm.Dial(c.HSM); err != nil {
			return nil, err
		}
	}
	if err := d.load(context.Background(), methods); err != nil {
		return nil, errors.Join(err, d.closeLedger())
	}
	d.measure()
	return d, nil
}

func (d *Daemon) load(ctx context.Context, methods []api.Method) error {
	if err := d.loadGenesis(ctx); d.isWaiting(err) {
		d.log.Warn("genesis waits for the token", "error", err)
		d.waits.Store(&err)
	} else if err != nil {
		return err
	}
	if _, err := d.loadPolicy(ctx, nil); err != nil {
		return err
	}
	d.signing(false)
	d.judge = verdicts.NewJudge(d.config.Trust, d.config.VerdictCache, d.turns)
	d.establishSoon(ctx)
	d.loadTrust(ctx)
	return d.addServers(methods)
}

// fail has the process end with an error. The next start goes on from what is on disk.
func (d *Daemon) fail(err error) {
	select {
	case d.failed <- err:
	default: // it ends already
	}
}

func (d *Daemon) closeLedger() (err error) {
	if l := d.ledger.Load(); l != nil {
		err = l.Close()
	}
	if h := d.held.Load(); h != nil {
		err = errors.Join(err, h.close())
	}
	if d.token != nil {
		err = errors.Join(err, d.token.Close())
	}
	return err
}

// addServers makes a server for each socket, each with its methods alone.
func (d *Daemon) addServers(methods []api.Method) error {
	metrics := rpc.NewMetrics(d.registry)
	limits, err := descriptors()
	if err != nil {
		return err
	}
	for socket, connections := range limits {
		s := rpc.NewServer(&rpc.Guard{
			Socket: socket, Methods: rpc.MethodsOf(socket, methods), Log: d.log, Metrics: metrics,
			Policy:      d.policy.Load,
			Initialised: d.initialised,
			Ledger:      d.ledger.Load,
		}, connections)
		stellav1.RegisterVerifyServiceServer(s, &verifyService{judge: d.judge, ledger: d.ledger.Load})
		stellav1.RegisterAccessServiceServer(s, &accessService{daemon: d, socket: socket})
		stellav1.RegisterStatusServiceServer(s, &statusService{daemon: d})
		stellav1.RegisterAuditServiceServer(s, &auditService{daemon: d})
		stellav1.RegisterEvidenceServiceServer(s, &evidenceService{daemon: d})
		stellav1.RegisterKeyServiceServer(s, &keyService{daemon: d})
		stellav1.RegisterPolicyServiceServer(s, &policyService{daemon: d})
		stellav1.RegisterSigningServiceServer(s, &signingService{daemon: d})
		stellav1.RegisterVEXServiceServer(s, &vexService{daemon: d})
		healthpb.RegisterHealthServer(s, d.health)
		reflection.RegisterV1(s)
		if err := s.CheckComplete(); err != nil {
			return err
		}
		d.servers[socket] = s
	}
	return nil
}

// loadTrust reads the trust root and tells the log and the health service.
func (d *Daemon) loadTrust(ctx context.Context) {
	before := d.judge.State()
	changed, err := d.judge.Load(func(sha256 string) error { return d.recordTrust(ctx, sha256) })
	state := d.judge.State()
	switch {
	case err != nil && before.Refused != nil && err.Error() == before.Refused.Error(): // it was told
	case err != nil:
		d.log.Error("the trust root is refused", "in_force", state.Trust, "error", err)
	case changed:
		d.log.Info("trust root in force", "sha256", state.Trust)
	}
	serving := healthpb.HealthCheckResponse_NOT_SERVING
	if state.Trust != "" {
		serving = healthpb.HealthCheckResponse_SERVING
	}
	d.health.SetServingStatus(stellav1.VerifyService_ServiceDesc.ServiceName, serving)
}

// recordTrust makes it durable that a trust root comes into force, where it is not the one that was in force last.
func (d *Daemon) recordTrust(ctx context.Context, sha256 string) error {
	l := d.ledger.Load()
	if l == nil {
		return nil
	}
	if last, err := l.Trust(); err != nil || last.SHA256 == sha256 {
		return err
	}
	return l.PutTrust(ctx, audit.Trust{SHA256: sha256})
}

// Reload reads again what may change under a running daemon: genesis, the access policy, the trust root. Each part
// comes into force whole, or stays as it was; what was refused is logged and returned.
func (d *Daemon) Reload(ctx context.Context) error {
	if err := d.loadGenesis(ctx); err != nil {
		return err
	}
	_, err := d.loadPolicy(ctx, nil)
	if err != nil {
		d.log.Error("the access policy is refused", "error", err)
	}
	d.loadTrust(ctx)
	if err == nil {
		err = d.judge.State().Refused
	}
	return err
}

// Status is the line that systemctl shows.
func (d *Daemon) Status() string {
	return fmt.Sprintf("access: %s; trust: %s", d.accessPart().GetState(), d.judge.State().TrustLine())
}
