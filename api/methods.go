package api

import (
	"fmt"
	"slices"
	"strings"

	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	stellav1 "stellad/api/stella/v1"
)

// A Method is one method of the API and what calling it asks for.
type Method struct {
	Name          string // "/stella.v1.VerifyService/Verify", as gRPC has it
	Resource      string
	Verb          string
	Sockets       []string // that have it
	Anyone        bool     // whoever a socket's mode lets in
	BeforeGenesis bool     // it works on an appliance that was not initialised
	Stream        bool     // of requests, answers or both
}

// Service returns the name of the method's service, without slashes.
func (m Method) Service() string { return string(protoreflect.FullName(m.fullName()).Parent()) }

func (m Method) fullName() string {
	name := []byte(m.Name[1:])
	name[slices.Index(name, '/')] = '.'
	return string(name)
}

// files are the protos whose services the daemon has. A service of gRPC's own has no option of ours; what it asks for
// stands in borrowed.
var files = []protoreflect.FileDescriptor{
	stellav1.File_stella_v1_access_proto,
	stellav1.File_stella_v1_audit_proto,
	stellav1.File_stella_v1_evidence_proto,
	stellav1.File_stella_v1_key_proto,
	stellav1.File_stella_v1_policy_proto,
	stellav1.File_stella_v1_signing_proto,
	stellav1.File_stella_v1_status_proto,
	stellav1.File_stella_v1_verify_proto,
	stellav1.File_stella_v1_vex_proto,
	healthpb.File_grpc_health_v1_health_proto,
	reflectionpb.File_grpc_reflection_v1_reflection_proto,
}

var borrowed = map[protoreflect.FullName]*stellav1.Requires{
	"grpc.health.v1.Health": {
		Resource: "health", Verb: "read", Socket: stellav1.Socket_SOCKET_VERIFY, Anyone: true, BeforeGenesis: true,
	},
	"grpc.reflection.v1.ServerReflection": {
		Resource: "api", Verb: "read", Socket: stellav1.Socket_SOCKET_VERIFY, Anyone: true, BeforeGenesis: true,
	},
}

// Methods returns every method, sorted by name. A method that does not say what it requires is an error.
func Methods() ([]Method, error) { return methodsOf(files) }

func methodsOf(files []protoreflect.FileDescriptor) ([]Method, error) {
	var all []Method
	for _, file := range files {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				m, err := methodOf(methods.Get(j))
				if err != nil {
					return nil, err
				}
				all = append(all, m)
			}
		}
	}
	slices.SortFunc(all, func(a, b Method) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

func methodOf(d protoreflect.MethodDescriptor) (Method, error) {
	req := requirementOf(d)
	m := Method{
		Name:     fmt.Sprintf("/%s/%s", d.Parent().FullName(), d.Name()),
		Resource: req.GetResource(), Verb: req.GetVerb(),
		Anyone: req.GetAnyone(), BeforeGenesis: req.GetBeforeGenesis(),
		Stream: d.IsStreamingClient() || d.IsStreamingServer(),
	}
	switch req.GetSocket() {
	case stellav1.Socket_SOCKET_ADMIN:
		m.Sockets = []string{AdminSocket}
	case stellav1.Socket_SOCKET_VERIFY:
		m.Sockets = []string{AdminSocket, VerifySocket}
	}
	if m.Resource == "" || m.Verb == "" || m.Sockets == nil {
		return Method{}, fmt.Errorf("method %s does not say what it requires: resource, verb and socket", d.FullName())
	}
	return m, nil
}

// requirementOf returns nil where nothing is said.
func requirementOf(d protoreflect.MethodDescriptor) *stellav1.Requires {
	if req := borrowed[d.Parent().FullName()]; req != nil {
		return req
	}
	options, ok := d.Options().(*descriptorpb.MethodOptions)
	if !ok || !proto.HasExtension(options, stellav1.E_Requires) {
		return nil
	}
	req, _ := proto.GetExtension(options, stellav1.E_Requires).(*stellav1.Requires)
	return req
}
