package e2e

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// turnTime is how long a daemon may take to start, to reload and to stop.
const turnTime = 10 * time.Second

// A scriptDaemon is the real daemon, run with --dev for one script. How it stands it says as it does to systemd.
type scriptDaemon struct {
	cmd    *exec.Cmd // nil where none runs
	exited chan error
	tells  *net.UnixConn
	log    string // the file of its stderr
}

type scriptDaemonKey struct{}

// addScriptDaemon gives a script its daemon, not yet running, and has it stopped at the script's end.
func addScriptDaemon(env *testscript.Env) {
	d := &scriptDaemon{}
	env.Values[scriptDaemonKey{}] = d
	env.Defer(func() {
		if err := d.end(); err != nil {
			env.T().Fatal(err) // a script's own Fatalf is for its commands alone
		}
	})
}

// runDaemon is the scripts' command `daemon start [ARG…]`, which serves below $WORK/d and sets STELLA_DIR, `daemon stop`
// and `daemon reload`. A daemon that still runs when its script ends is stopped; one that does not stop in time, or not
// with 0, fails the script.
func runDaemon(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: daemon start [ARG...]|stop|reload")
	}
	d, _ := ts.Value(scriptDaemonKey{}).(*scriptDaemon)
	switch running := d.cmd != nil; {
	case args[0] == "start" && !running:
		d.start(ts, args[1:])
	case args[0] == "stop" && running:
		ts.Check(d.stop())
	case args[0] == "reload" && running:
		d.reload(ts)
	default:
		ts.Fatalf("daemon %s: none runs, or one does already, or there is no such command", args[0])
	}
}

func (d *scriptDaemon) start(ts *testscript.TestScript, args []string) {
	dir, notify := ts.MkAbs("d"), ts.MkAbs("notify.sock")
	d.listen(ts, notify)
	d.log = ts.MkAbs("stellad.log")
	log, err := os.OpenFile(d.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	ts.Check(err)
	defer log.Close()
	cmd := exec.Command("stellad", append([]string{"--dev", dir}, args...)...)
	cmd.Dir, cmd.Stderr, cmd.Env = ts.MkAbs("."), log, append(os.Environ(), "NOTIFY_SOCKET="+notify)
	ts.Check(cmd.Start())
	d.cmd, d.exited = cmd, make(chan error, 1)
	go func(exited chan<- error) { exited <- cmd.Wait() }(d.exited)
	ts.Setenv("STELLA_DIR", dir)
	d.awaitReady(ts)
}

// listen makes the socket that a daemon tells systemd at.
func (d *scriptDaemon) listen(ts *testscript.TestScript, name string) {
	if d.tells != nil {
		return
	}
	tells, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: name})
	ts.Check(err)
	d.tells = tells
}

// awaitReady waits until the daemon says that a start or a reload is done.
func (d *scriptDaemon) awaitReady(ts *testscript.TestScript) {
	deadline := time.Now().Add(turnTime)
	message := make([]byte, 4096)
	for time.Now().Before(deadline) {
		select {
		case err := <-d.exited:
			d.cmd = nil
			ts.Fatalf("stellad left: %v\n%s", err, d.text())
		default:
		}
		ts.Check(d.tells.SetReadDeadline(time.Now().Add(100 * time.Millisecond)))
		n, err := d.tells.Read(message)
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			ts.Fatalf("%v", err)
		}
		if strings.HasPrefix(string(message[:n]), "READY=1") {
			return
		}
	}
	ts.Fatalf("stellad was not ready in %v\n%s", turnTime, d.text())
}

func (d *scriptDaemon) text() []byte {
	text, err := os.ReadFile(d.log)
	if err != nil {
		return fmt.Appendf(nil, "its log: %v", err)
	}
	return text
}

// reload has the daemon read its files again, as `systemctl reload` does, and waits until it has done so, whether or not
// they came into force.
func (d *scriptDaemon) reload(ts *testscript.TestScript) {
	ts.Check(d.cmd.Process.Signal(syscall.SIGHUP))
	d.awaitReady(ts)
}

// end stops what still runs when the script is over.
func (d *scriptDaemon) end() error {
	var stopped error
	if d.cmd != nil {
		stopped = d.stop()
	}
	if d.tells != nil {
		return errors.Join(stopped, d.tells.Close())
	}
	return stopped
}

// stop asks the daemon to stop and wants it to leave with 0, in time.
func (d *scriptDaemon) stop() error {
	cmd := d.cmd
	d.cmd = nil
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stellad, by itself: %w\n%s", err, d.text())
	}
	select {
	case err := <-d.exited:
		if err != nil {
			return fmt.Errorf("stellad, stopped: %w\n%s", err, d.text())
		}
		return nil
	case <-time.After(turnTime):
		killed := cmd.Process.Kill()
		return errors.Join(fmt.Errorf("stellad did not stop in %v\n%s", turnTime, d.text()), killed, <-d.exited)
	}
}
