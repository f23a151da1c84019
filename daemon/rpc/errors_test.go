package rpc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"stellad/access"
	"stellad/api"
	stellav1 "stellad/api/stella/v1"
	"stellad/attest"
)

// atStart are the sentinels that end a start, before there is a client to be told.
var atStart = []string{
	"config.ErrConfig", "daemon.ErrGenesis", "daemon.ErrRunning", "ledger.ErrGenesis", "ledger.ErrOlder", "journal.ErrInUse",
	"store.ErrKeyspace", "store.ErrNewer", "store.ErrLocked", "store.ErrCheck", "blobs.ErrLocked",
}

// inside are the sentinels whose meaning is the daemon's own: where one gets as far as a client, it is a fault, redacted.
var inside = []string{
	"audit.ErrRecord", "audit.ErrAnnotation", "audit.ErrOrder", "audit.ErrUnknownType",
	"store.ErrNotFound", "store.ErrReadOnly", "store.ErrDamaged", "store.ErrUnproved", "store.ErrGap", "store.ErrNoSpace",
	"store.ErrTooBig", "store.ErrBroken", "store.ErrClosed",
	"sign.ErrSignature", "sign.ErrBundle", "siglog.ErrName", "siglog.ErrTree", "tsa.ErrAuthority", "publish.ErrPublish",
	"blobs.ErrNotFound", "blobs.ErrDamaged", "blobs.ErrDigest",
	"bundle.ErrDraft", "sbom.ErrDraft", "sbom.ErrMetadata", "sbom.ErrVerify",
	"pkcs11.ErrHung", // it ends stellad-hsm, whose client sees hsm.ErrUnavailable
}

// TestEverySentinelHasARow reads the source for exported errors and the table for its rows.
func TestEverySentinelHasARow(t *testing.T) {
	rows := rowsOfTable(t)
	found := sentinels(t)
	for _, name := range found {
		if !slices.Contains(slices.Concat(rows, atStart, inside), name) {
			t.Errorf("%s has no row: what is a client told?", name)
		}
	}
	for _, name := range slices.Concat(rows, atStart, inside) {
		if !slices.Contains(found, name) {
			t.Errorf("%s has a row and is no exported error any more", name)
		}
	}
	if len(found) < 15 {
		t.Errorf("only %v were found: does the test look where they are?", found)
	}
}

// sentinels gives "package.ErrName" of every exported error variable of the module.
func sentinels(t *testing.T) (names []string) {
	t.Helper()
	root := filepath.Join("..", "..")
	aliases := aliasesOfTable(t)
	err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && slices.Contains([]string{"testdata", "build", "bin", "tools", ".git", "logtest"}, e.Name()):
			return filepath.SkipDir
		case !strings.HasSuffix(name, ".go"), strings.HasSuffix(name, "_test.go"), strings.HasSuffix(name, ".pb.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return err
		}
		called := cmp.Or(aliases[filepath.ToSlash(filepath.Dir(strings.TrimPrefix(name, root+"/")))], file.Name.Name)
		for _, spec := range variables(file) {
			for _, id := range spec.Names {
				if strings.HasPrefix(id.Name, "Err") && id.IsExported() {
					names = append(names, called+"."+id.Name)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// aliasesOfTable are the names that errors.go has for packages whose own name is another package's too, by folder.
func aliasesOfTable(t *testing.T) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "errors.go", nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, spec := range file.Imports {
		if spec.Name != nil {
			found[strings.TrimPrefix(strings.Trim(spec.Path.Value, `"`), "stellad/")] = spec.Name.Name
		}
	}
	return found
}

func variables(file *ast.File) (specs []*ast.ValueSpec) {
	for _, d := range file.Decls {
		if d, ok := d.(*ast.GenDecl); ok && d.Tok == token.VAR {
			for _, s := range d.Specs {
				specs = append(specs, s.(*ast.ValueSpec))
			}
		}
	}
	return specs
}

func rowsOfTable(t *testing.T) (names []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range variables(file) {
		if spec.Names[0].Name != "meanings" {
			continue
		}
		for _, row := range spec.Values[0].(*ast.CompositeLit).Elts {
			switch e := row.(*ast.CompositeLit).Elts[0].(type) {
			case *ast.Ident:
				names = append(names, "rpc."+e.Name)
			case *ast.SelectorExpr:
				names = append(names, e.X.(*ast.Ident).Name+"."+e.Sel.Name)
			}
		}
	}
	return names
}

func TestStatusOf(t *testing.T) {
	const secret = "pin 1234 of /var/lib/secret"
	for _, c := range []struct {
		err    error
		code   codes.Code
		reason stellav1.ErrorReason
		fault  bool
	}{
		{fmt.Errorf("verify: %w", attest.ErrNotBundle), codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_NOT_AN_ATTESTATION, false},
		{fmt.Errorf("x: %w", access.ErrDenied), codes.PermissionDenied, stellav1.ErrorReason_ERROR_REASON_DENIED, false},
		{ErrNotInitialised, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_NOT_INITIALISED, false},
		{context.Canceled, codes.Canceled, 0, false},
		{fmt.Errorf("recv: %w", context.DeadlineExceeded), codes.DeadlineExceeded, 0, false},
		{status.Error(codes.Unimplemented, "of grpc"), codes.Unimplemented, 0, false},
		{errors.New(secret), codes.Internal, stellav1.ErrorReason_ERROR_REASON_INTERNAL, true},
		{fmt.Errorf("%s: %w", secret, fs.ErrPermission), codes.Internal, stellav1.ErrorReason_ERROR_REASON_INTERNAL, true},
	} {
		told, fault := StatusOf(c.err, "id-7")
		s := status.Convert(told)
		if s.Code() != c.code || api.Reason(told) != c.reason || fault != c.fault {
			t.Errorf("%v: %v %v fault %t", c.err, s.Code(), api.Reason(told), fault)
		}
		if strings.Contains(s.Message(), secret) || fault != strings.Contains(s.Message(), "id-7") {
			t.Errorf("%v is told as %q", c.err, s.Message())
		}
	}
}

// TestEveryReasonIsUsed finds a reason of the API that nothing gives.
func TestEveryReasonIsUsed(t *testing.T) {
	used := map[stellav1.ErrorReason]bool{
		stellav1.ErrorReason_ERROR_REASON_UNSPECIFIED: true,
		stellav1.ErrorReason_ERROR_REASON_INTERNAL:    true, // what has no row
	}
	for _, m := range meanings {
		used[m.reason] = true
	}
	for number, name := range stellav1.ErrorReason_name {
		if !used[stellav1.ErrorReason(number)] {
			t.Errorf("%s is nobody's", name)
		}
	}
}
