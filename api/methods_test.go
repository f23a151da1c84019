package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/emptypb"

	stellav1 "stellad/api/stella/v1"
)

// golden is written by hand, from what the product promises: a line for each method, so that a slip in a proto is seen.
// Nothing of the protos goes into it.
const golden = `
/grpc.health.v1.Health/Check                                    health:read          admin verify  anyone  before-genesis
/grpc.health.v1.Health/List                                     health:read          admin verify  anyone  before-genesis
/grpc.health.v1.Health/Watch                                    health:read          admin verify  anyone  before-genesis  stream
/grpc.reflection.v1.ServerReflection/ServerReflectionInfo       api:read             admin verify  anyone  before-genesis  stream
/stella.v1.AccessService/CanI                                   self:read            admin verify  anyone  before-genesis
/stella.v1.AccessService/CanUser                                access:read          admin
/stella.v1.AccessService/Matrix                                 access:read          admin
/stella.v1.AccessService/Reload                                 access:reload        admin
/stella.v1.AccessService/WhoAmI                                 self:read            admin verify  anyone  before-genesis
/stella.v1.AuditService/AcceptTime                              time:accept          admin
/stella.v1.AuditService/Erase                                   audit:erase          admin
/stella.v1.AuditService/Export                                  audit:export         admin                                 stream
/stella.v1.AuditService/ListRecords                             audit:read           admin                                 stream
/stella.v1.EvidenceService/AddEvidence                          evidence:add          admin                                 stream
/stella.v1.EvidenceService/ExportEvidence                       evidence:export       admin                                 stream
/stella.v1.EvidenceService/ImportEvidence                       evidence:import       admin                                 stream
/stella.v1.EvidenceService/ListEvidence                         evidence:read         admin
/stella.v1.EvidenceService/ReadEvidence                         evidence:read         admin                                 stream
/stella.v1.EvidenceService/ShowEvidence                         evidence:read         admin
/stella.v1.KeyService/DestroyKey                                keys:destroy          admin
/stella.v1.KeyService/GenerateKey                               keys:generate        admin
/stella.v1.KeyService/ListKeys                                  keys:read            admin
/stella.v1.KeyService/MarkKeyCompromised                        keys:mark-compromised  admin
/stella.v1.KeyService/RotateKey                                 keys:rotate          admin
/stella.v1.PolicyService/ActivatePolicy                         policies:activate    admin
/stella.v1.PolicyService/Evaluate                               policies:evaluate    admin verify
/stella.v1.PolicyService/ListPolicies                           policies:read        admin
/stella.v1.PolicyService/LoadPolicy                             policies:load        admin                                 stream
/stella.v1.PolicyService/ReadPolicy                             policies:read        admin                                 stream
/stella.v1.PolicyService/ReplayDecision                         policies:read        admin
/stella.v1.PolicyService/RollbackPolicy                         policies:activate    admin
/stella.v1.PolicyService/SignDecision                           policies:sign        admin
/stella.v1.PolicyService/TestPolicy                             policies:test        admin                                 stream
/stella.v1.SigningService/ExportTrust                           trust:read           admin verify
/stella.v1.SigningService/SignStatement                         attestations:sign    admin
/stella.v1.SigningService/Timestamp                             timestamps:issue     admin
/stella.v1.StatusService/Doctor                                 status:read          admin                 before-genesis
/stella.v1.StatusService/Metrics                                metrics:read         admin
/stella.v1.StatusService/Sealed                                 status:read          admin
/stella.v1.StatusService/Status                                 status:read          admin                 before-genesis
/stella.v1.VEXService/AddVEX                                    vex:add              admin
/stella.v1.VEXService/ListVEX                                   vex:read             admin
/stella.v1.VEXService/WithdrawVEX                               vex:withdraw         admin
/stella.v1.VerifyService/Verify                                 attestations:verify  admin verify          before-genesis
/stella.v1.VerifyService/VerifyStream                           attestations:verify  admin verify          before-genesis  stream
`

func (m Method) line() string {
	words := []string{m.Name, m.Resource + ":" + m.Verb}
	words = append(words, m.Sockets...)
	for word, is := range map[string]bool{"anyone": m.Anyone, "before-genesis": m.BeforeGenesis, "stream": m.Stream} {
		if is {
			words = append(words, word)
		}
	}
	slices.Sort(words[2+len(m.Sockets):])
	return strings.Join(words, " ")
}

func TestGolden(t *testing.T) {
	var want []string
	for line := range strings.Lines(strings.TrimPrefix(golden, "\n")) {
		want = append(want, strings.Join(strings.Fields(line), " "))
	}
	all, err := Methods()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range all {
		got = append(got, m.line())
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("nobody promised %s", line)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("there is no %s", line)
		}
	}
	if !slices.IsSortedFunc(all, func(a, b Method) int { return strings.Compare(a.Name, b.Name) }) || len(got) != len(want) {
		t.Errorf("%d methods, want %d, sorted: %q", len(got), len(want), got)
	}
}

// TestComplete: a service of ours that is not in the list would be served by nobody.
func TestComplete(t *testing.T) {
	var services []string
	protoregistry.GlobalFiles.RangeFilesByPackage("stella.v1", func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			services = append(services, string(f.Services().Get(i).FullName()))
			if !slices.ContainsFunc(files, func(listed protoreflect.FileDescriptor) bool { return listed.Path() == f.Path() }) {
				t.Errorf("%s is not in the list", f.Path())
			}
		}
		return true
	})
	if len(services) < 3 {
		t.Errorf("the registry has only %q", services)
	}
	all, err := Methods()
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range services {
		if !slices.ContainsFunc(all, func(m Method) bool { return m.Service() == service }) {
			t.Errorf("%s has no method", service)
		}
	}
}

// TestOperations: a permission is one thing on each socket. What anyone may, anyone may on both; and no name can pass
// for a pattern of a policy.
func TestOperations(t *testing.T) {
	all, err := Methods()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if m.Anyone && !slices.Contains(m.Sockets, VerifySocket) {
			t.Errorf("%s: whom the admin socket lets in is not anyone", m.Name)
		}
		if !slices.Contains(m.Sockets, AdminSocket) {
			t.Errorf("%s: the admin socket has all", m.Name)
		}
		for _, word := range []string{m.Resource, m.Verb} {
			if strings.Trim(word, "abcdefghijklmnopqrstuvwxyz-") != "" {
				t.Errorf("%s: %q", m.Name, word)
			}
		}
	}
}

func TestService(t *testing.T) {
	if got := (Method{Name: "/stella.v1.VerifyService/Verify"}).Service(); got != "stella.v1.VerifyService" {
		t.Error(got)
	}
}

// described is a file with one method in it, which says what it requires, or nothing.
func described(t *testing.T, service string, requires *stellav1.Requires) protoreflect.FileDescriptor {
	t.Helper()
	options := &descriptorpb.MethodOptions{}
	if requires != nil {
		proto.SetExtension(options, stellav1.E_Requires, requires)
	}
	pkg, name, _ := strings.Cut(service, "/")
	f, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Syntax: proto.String("proto3"), Name: proto.String("test.proto"), Package: proto.String(pkg),
		Dependency: []string{"google/protobuf/empty.proto"},
		Service: []*descriptorpb.ServiceDescriptorProto{{
			Name: proto.String(name),
			Method: []*descriptorpb.MethodDescriptorProto{{
				Name: proto.String("Do"), InputType: proto.String(".google.protobuf.Empty"), OutputType: proto.String(".google.protobuf.Empty"),
				Options: options,
			}},
		}},
	}, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

var _ = emptypb.File_google_protobuf_empty_proto // it is in the registry

func TestMethodsOf(t *testing.T) {
	got, err := methodsOf([]protoreflect.FileDescriptor{described(t, "stella.v1/TestService", &stellav1.Requires{
		Resource: "keys", Verb: "rotate", Socket: stellav1.Socket_SOCKET_ADMIN,
	})})
	if err != nil || len(got) != 1 || got[0].line() != "/stella.v1.TestService/Do keys:rotate admin" {
		t.Errorf("%+v %v", got, err)
	}
}

// TestMethodsOfRefuses: a method that does not say all of it keeps the daemon from starting; nothing is made up for it,
// and none of the others is served.
func TestMethodsOfRefuses(t *testing.T) {
	const admin = stellav1.Socket_SOCKET_ADMIN
	for name, c := range map[string]struct {
		service  string
		requires *stellav1.Requires
	}{
		"nothing said":         {"stella.v1/TestService", nil},
		"nothing in it":        {"stella.v1/TestService", &stellav1.Requires{}},
		"no verb":              {"stella.v1/TestService", &stellav1.Requires{Resource: "keys", Socket: admin}},
		"no resource":          {"stella.v1/TestService", &stellav1.Requires{Verb: "rotate", Socket: admin}},
		"no socket":            {"stella.v1/TestService", &stellav1.Requires{Resource: "keys", Verb: "rotate"}},
		"an unknown socket":    {"stella.v1/TestService", &stellav1.Requires{Resource: "keys", Verb: "rotate", Socket: 99}},
		"anyone, and no more":  {"stella.v1/TestService", &stellav1.Requires{Anyone: true, BeforeGenesis: true}},
		"another of gRPC's":    {"grpc.health.v1/Other", nil},
		"a namesake of gRPC's": {"stella.v1/Health", nil},
	} {
		file := described(t, c.service, c.requires)
		got, err := methodsOf([]protoreflect.FileDescriptor{stellav1.File_stella_v1_verify_proto, file})
		want := fmt.Sprintf("method %s.Do does not say what it requires", file.Services().Get(0).FullName())
		if got != nil || err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
}
