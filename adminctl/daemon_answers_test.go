package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"stellad/api"
	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

// answers is a daemon that always says the same: what it says is the test's, the socket and the commands are real.
type answers struct {
	stellav1.UnimplementedStatusServiceServer
	stellav1.UnimplementedAccessServiceServer
	status  *stellav1.StatusResponse
	metrics string
	whoami  *stellav1.WhoAmIResponse
	can     *stellav1.Decision
	matrix  *stellav1.MatrixResponse
	reload  *stellav1.ReloadResponse
	err     error // in place of all of them
}

func (a *answers) Status(context.Context, *stellav1.StatusRequest) (*stellav1.StatusResponse, error) {
	return a.status, a.err
}

func (a *answers) Metrics(context.Context, *stellav1.MetricsRequest) (*stellav1.MetricsResponse, error) {
	return &stellav1.MetricsResponse{Text: []byte(a.metrics)}, a.err
}

func (a *answers) WhoAmI(context.Context, *stellav1.WhoAmIRequest) (*stellav1.WhoAmIResponse, error) {
	return a.whoami, a.err
}

func (a *answers) CanI(context.Context, *stellav1.CanIRequest) (*stellav1.CanIResponse, error) {
	return &stellav1.CanIResponse{Decision: a.can}, a.err
}

func (a *answers) CanUser(context.Context, *stellav1.CanUserRequest) (*stellav1.CanUserResponse, error) {
	return &stellav1.CanUserResponse{Decision: a.can}, a.err
}

func (a *answers) Matrix(context.Context, *stellav1.MatrixRequest) (*stellav1.MatrixResponse, error) {
	return a.matrix, a.err
}

func (a *answers) Reload(context.Context, *stellav1.ReloadRequest) (*stellav1.ReloadResponse, error) {
	return a.reload, a.err
}

// serve has a answer at the sockets of a folder that STELLA_DIR names.
func (a *answers) serve(t *testing.T, sockets ...string) {
	t.Helper()
	run := shortDir(t)
	for _, name := range sockets {
		l, err := net.Listen("unix", filepath.Join(run, name+".sock"))
		if err != nil {
			t.Fatal(err)
		}
		s := grpc.NewServer()
		stellav1.RegisterStatusServiceServer(s, a)
		stellav1.RegisterAccessServiceServer(s, a)
		go func() { _ = s.Serve(l) }()
		t.Cleanup(s.Stop)
	}
}

// shortDir makes the run folder of a STELLA_DIR: t.TempDir's names can be longer than a socket's may be.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "stella-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	t.Setenv("STELLA_DIR", dir)
	run := filepath.Join(dir, "run")
	if err := os.Mkdir(run, 0o700); err != nil {
		t.Fatal(err)
	}
	return run
}

// adminctl runs a command.
func adminctl(t *testing.T, line string) (stdout []byte, stderr string, exit cli.Status) {
	t.Helper()
	var out, told bytes.Buffer
	exit = cli.Execute(newRootCmd("adminctl"), strings.Fields(line), &out, &told)
	return out.Bytes(), told.String(), exit
}

func good() *answers {
	return &answers{
		status: &stellav1.StatusResponse{
			Version: "v1.2.3", Name: "stella.example.org", Started: timestamppb.New(time.Date(2026, 3, 1, 12, 0, 0, 987, time.UTC)),
			Parts: []*stellav1.Part{
				{Name: "genesis", Ok: true, State: "stella.example.org since 2026-02-28"},
				{Name: "access", State: "version 3 of /etc/stella/access.toml in force; the file as it is now is refused: line 1"},
			},
		},
		metrics: "# TYPE stella_verdicts gauge\nstella_verdicts 3\n",
		whoami: &stellav1.WhoAmIResponse{
			Uid: 1005, Gid: 100, Groups: []uint32{100, 990}, User: "alice", GroupNames: []string{"users", "users", "stella"},
			Roles: []string{"anyone", "service"}, Socket: api.VerifySocket,
		},
		can: &stellav1.Decision{Reason: "no role that is held grants access:reload", Near: []string{
			"role operator, which is held, has access:read but not access:reload", "role administrator grants it, and user root holds it",
		}},
		matrix: &stellav1.MatrixResponse{
			Version: 3, Sha256: strings.Repeat("0123456789abcdef", 4),
			Roles: []*stellav1.RoleRow{
				{Role: "administrator", Grants: []*stellav1.Grant{reloadAccess(), verifyAttestations()}},
				{Role: "idle"},
				{Role: "service", Grants: []*stellav1.Grant{verifyAttestations()}},
			},
			Holders: []*stellav1.Holder{
				{Kind: "user", Name: "root", Roles: []string{"administrator"}},
				{Kind: "group", Name: "stella", Roles: []string{"idle", "service"}, Denied: []string{"access:*"}},
				{Kind: "group", Name: "contractors", Denied: []string{"*:*"}},
			},
		},
		reload: &stellav1.ReloadResponse{Version: 4, Changed: true},
	}
}

func reloadAccess() *stellav1.Grant {
	return &stellav1.Grant{
		Resource: "access", Verb: "reload", Sockets: []string{api.AdminSocket}, Methods: []string{"stella.v1.AccessService/Reload"},
	}
}

func verifyAttestations() *stellav1.Grant {
	return &stellav1.Grant{
		Resource: "attestations", Verb: "verify", Sockets: []string{api.AdminSocket, api.VerifySocket},
		Methods: []string{"stella.v1.VerifyService/Verify", "stella.v1.VerifyService/VerifyStream"},
	}
}

// TestPrinted compares what each command prints of given answers.
func TestPrinted(t *testing.T) {
	good().serve(t, api.AdminSocket, api.VerifySocket)
	for _, c := range []struct {
		line, file string
		exit       cli.Status
	}{
		{"status", "status.txt", 0},
		{"status -o json", "status.json", 0},
		{"metrics", "metrics.txt", 0},
		{"whoami", "whoami.txt", 0},
		{"whoami -o json", "whoami.json", 0},
		{"can-i reload access", "can-i.txt", 4},
		{"can-i reload access --explain", "can-i-explain.txt", 4},
		{"can-i reload access -o json", "can-i.json", 4},
		{"can-i reload access --as alice -o json", "can-i-as.json", 4},
		{"rbac matrix", "matrix.txt", 0},
		{"rbac matrix -o json", "matrix.json", 0},
		{"rbac reload", "reload.txt", 0},
		{"rbac reload -o json", "reload.json", 0},
	} {
		t.Run(c.line, func(t *testing.T) {
			stdout, stderr, exit := adminctl(t, c.line)
			if exit != c.exit {
				t.Fatalf("exit %d: %s", exit, stderr)
			}
			golden(t, c.file, stdout)
		})
	}
}

func TestMatrixPage(t *testing.T) {
	var page bytes.Buffer
	if err := writeMatrixPage(&page, good().matrix, "adminctl v1.2.3", time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	golden(t, "matrix.html", page.Bytes())
}

// hostile is text that would steer a terminal, add a line, or end an element and begin another.
const hostile = "a\x1b[2J\rb\u202e</td><script>alert(1)</script>\"'\tc\nd"

// TestHostileText has a daemon say it wherever it can.
func TestHostileText(t *testing.T) {
	grant := &stellav1.Grant{Resource: hostile, Verb: hostile, Sockets: []string{hostile}, Methods: []string{hostile}}
	a := &answers{
		status: &stellav1.StatusResponse{Version: hostile, Name: hostile, Parts: []*stellav1.Part{{Name: hostile, State: hostile}}},
		whoami: &stellav1.WhoAmIResponse{User: hostile, GroupNames: []string{hostile}, Roles: []string{hostile}, Socket: hostile},
		can:    &stellav1.Decision{Allowed: true, Reason: hostile, Near: []string{hostile}},
		matrix: &stellav1.MatrixResponse{
			Sha256: hostile, Roles: []*stellav1.RoleRow{{Role: hostile, Grants: []*stellav1.Grant{grant}}},
			Holders: []*stellav1.Holder{{Kind: hostile, Name: hostile, Roles: []string{hostile}, Denied: []string{hostile}}},
		},
		reload: &stellav1.ReloadResponse{}, metrics: strings.ReplaceAll(hostile, "\n", ""),
	}
	a.serve(t, api.AdminSocket, api.VerifySocket)
	for _, line := range []string{
		"status", "status -o json", "whoami", "whoami -o json", "can-i read a --explain", "can-i read a -o json", "metrics",
		"rbac matrix", "rbac matrix -o json", "rbac matrix -o html",
	} {
		t.Run(line, func(t *testing.T) {
			stdout, stderr, exit := adminctl(t, line)
			if exit != cli.StatusDone {
				t.Fatalf("exit %d: %s", exit, stderr)
			}
			if bytes.ContainsAny(stdout, "\x1b\r\t") {
				t.Errorf("steers the terminal: %q", stdout)
			}
			if strings.HasSuffix(line, "html") && bytes.Contains(stdout, []byte("<script")) {
				t.Errorf("an element of the daemon's: %s", stdout)
			}
			if slices.Contains(strings.Split(string(stdout), "\n"), "d") {
				t.Errorf("a line of the daemon's: %s", stdout)
			}
		})
	}
	a.err = api.Error(codes.PermissionDenied, stellav1.ErrorReason_ERROR_REASON_DENIED, hostile)
	if _, stderr, exit := adminctl(t, "status"); exit != cli.StatusForbidden || strings.ContainsAny(stderr, "\x1b\r\t") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("exit %d, stderr %q", exit, stderr)
	}
}

func TestDevIsSaid(t *testing.T) {
	a := good()
	a.status.Dev = true
	a.serve(t, api.AdminSocket)
	if stdout, _, _ := adminctl(t, "status"); !bytes.HasPrefix(stdout, []byte("This is no production.\n")) {
		t.Errorf("stdout %s", stdout)
	}
}
