package daemon_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"stellad/daemon"
	"stellad/daemon/config"
)

// A trial is a daemon of one test, on real sockets, and connections to it.
type trial struct {
	config        config.Config
	daemon        *daemon.Daemon
	admin, verify *grpc.ClientConn
	reload        chan os.Signal
	stop          func() // which the end of the test does too
	version       int    // of the policy file
}

// start runs a daemon below a folder of its own until the test ends. Prepare may lay files there first.
func start(t testing.TB, prepare func(config.Config)) *trial {
	t.Helper()
	c := folder(t)
	if prepare != nil {
		prepare(c)
	}
	return run(t, c)
}

// run runs a daemon as c says.
func run(t testing.TB, c config.Config) *trial {
	t.Helper()
	d := &trial{config: c, reload: make(chan os.Signal)}
	var err error
	d.daemon, err = daemon.New(d.config, slog.New(slog.DiscardHandler))
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.daemon.Run(ctx, d.reload) }()
	d.admin, d.verify = dial(t, d.config, "admin"), dial(t, d.config, "verify")
	d.stop = sync.OnceFunc(func() {
		_, _ = d.admin.Close(), d.verify.Close()
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the daemon ended with %v", err)
		}
	})
	t.Cleanup(d.stop)
	return d
}

// demo is where a real bundle is, and a trust root that accepts it.
var demo = filepath.Join("..", "packaging", "demo")

// folder makes what `stellad --dev` makes, with the demo's trust root.
func folder(t testing.TB) config.Config {
	t.Helper()
	c := config.Dev(t.TempDir())
	for _, dir := range []string{c.State, c.Run} {
		must(t, os.Mkdir(dir, 0o700))
	}
	must(t, os.CopyFS(c.Trust, os.DirFS(filepath.Join(demo, "trust"))))
	return c
}

func dial(t testing.TB, c config.Config, socket string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("unix:"+filepath.Join(c.Run, socket+".sock"),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.WaitForReady(true)))
	must(t, err)
	return conn
}

// policy puts a policy file in place, of the next version: who runs the test has what rules say.
func (d *trial) policy(t testing.TB, format string, args ...any) {
	t.Helper()
	d.version++
	lay(t, d.config.Access, fmt.Sprintf("version = %d\n", d.version)+fmt.Sprintf(format, args...))
}

// lay puts a file in place of what is there, whole.
func lay(t testing.TB, name, text string) {
	t.Helper()
	must(t, os.WriteFile(name+".new", []byte(text), 0o600))
	must(t, os.Rename(name+".new", name))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
