package daemon

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"stellad/daemon/config"
	"stellad/hsm"
	"stellad/internal/durable"
)

// devHSM is the folder in a trial's state that has its token.
const devHSM = "hsm"

// A DevHSM is stellad-hsm as the child of a trial's daemon, with a token of its own. Elsewhere it is a unit.
type DevHSM struct {
	program, dir, config string
	log                  *slog.Logger
}

// PrepareDevHSM makes a token for a trial, of SoftHSM where that is installed and else in a file, and has c name the
// socket that it will answer on. It returns nil where there is no stellad-hsm, beside this program or on PATH, or the
// trial began without one.
func PrepareDevHSM(c *config.Config, log *slog.Logger) (*DevHSM, error) {
	program := beside("stellad-hsm")
	g, err := ReadGenesis(c.State)
	if err != nil || program == "" || g != nil && !g.HSM {
		return nil, err
	}
	h := &DevHSM{program: program, dir: filepath.Join(c.State, devHSM), log: log}
	h.config = filepath.Join(h.dir, "stellad-hsm.toml")
	c.HSM = filepath.Join(c.Run, "hsm.sock")
	if _, err := os.Stat(h.config); err == nil {
		return h, nil
	}
	return h, h.make(c.HSM)
}

// beside finds a program beside this one, or on PATH.
func beside(name string) string {
	if self, err := os.Executable(); err == nil {
		path := filepath.Join(filepath.Dir(self), name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return ""
	}
	return path
}

// modules are where distributions put SoftHSM.
var modules = []string{
	"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm.so",
}

// make makes the token. Its configuration comes last: a crash before it leaves what the next start makes again.
func (h *DevHSM) make(socket string) error {
	pin := rand.Text()
	if err := os.MkdirAll(filepath.Join(h.dir, "tokens"), 0o700); err != nil {
		return err
	}
	if err := durable.Replace(h.path("pin"), []byte(pin+"\n"), 0o600); err != nil {
		return err
	}
	text := fmt.Sprintf("socket = %q\npeer = \"uid:%d\"\npin-file = %q\n", socket, os.Geteuid(), h.path("pin"))
	module, err := h.softHSM(pin)
	switch {
	case err != nil:
		return err
	case module != "":
		text += fmt.Sprintf("module = %q\nslot = \"token:stella-dev\"\n", module)
	default:
		text += fmt.Sprintf("soft = %q\n", h.path("keys"))
	}
	return durable.Create(h.config, []byte(text), 0o600)
}

func (h *DevHSM) path(name string) string { return filepath.Join(h.dir, name) }

// softHSM makes a token of SoftHSM, and returns its module; "" where it is not installed.
func (h *DevHSM) softHSM(pin string) (module string, err error) {
	for _, path := range modules {
		if _, err := os.Stat(path); err == nil {
			module = path
		}
	}
	util, err := exec.LookPath("softhsm2-util")
	if err != nil || module == "" {
		return "", nil //nolint:nilerr // it is not installed
	}
	conf := fmt.Sprintf("directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n", h.path("tokens"))
	if err := durable.Replace(h.path("softhsm2.conf"), []byte(conf), 0o600); err != nil {
		return "", err
	}
	cmd := exec.Command(util, "--init-token", "--free", "--label", "stella-dev", "--so-pin", rand.Text(), "--pin", pin)
	cmd.Env = h.env()
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("softhsm2-util: %w: %s", err, oneLine(string(out)))
	}
	return module, nil
}

// env is the child's: what systemd told the daemon is not for it.
func (h *DevHSM) env() []string {
	return append(slices.DeleteFunc(os.Environ(), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return name == "NOTIFY_SOCKET" || strings.HasPrefix(name, "LISTEN_") || strings.HasPrefix(name, "WATCHDOG_")
	}), "SOFTHSM2_CONF="+h.path("softhsm2.conf"))
}

// pinRefused is the exit status of stellad-hsm after which it is not started again.
const pinRefused = 10

// Await waits until the token is in service, but not for long: a daemon starts without it too.
func (h *DevHSM) Await(ctx context.Context, socket string) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	client, err := hsm.Dial(socket)
	if err != nil {
		return
	}
	defer client.Close()
	for ctx.Err() == nil {
		if s, err := client.Status(ctx); err == nil && s.Token != nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Run keeps stellad-hsm running until ctx ends.
func (h *DevHSM) Run(ctx context.Context) {
	for ctx.Err() == nil {
		cmd := exec.CommandContext(ctx, h.program, "--dev", "--config", h.config)
		cmd.Env, cmd.Stderr = h.env(), os.Stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
		cmd.WaitDelay = 3 * time.Second
		err := cmd.Run()
		var exit *exec.ExitError
		if ctx.Err() != nil || errors.As(err, &exit) && exit.ExitCode() == pinRefused || errors.Is(err, fs.ErrNotExist) {
			return
		}
		h.log.Error("stellad-hsm ended", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
}
