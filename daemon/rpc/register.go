package rpc

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/grpc"
)

// RegisterService registers the methods of a service that the server's socket has: the others do not exist there. A
// service of which it has none is left out whole. It makes a Server what generated code registers services with.
func (s *Server) RegisterService(service *grpc.ServiceDesc, impl any) {
	here := *service
	here.Methods = slices.DeleteFunc(slices.Clone(service.Methods), func(m grpc.MethodDesc) bool {
		return !s.has(service.ServiceName, m.MethodName)
	})
	here.Streams = slices.DeleteFunc(slices.Clone(service.Streams), func(m grpc.StreamDesc) bool {
		return !s.has(service.ServiceName, m.StreamName)
	})
	if len(here.Methods)+len(here.Streams) > 0 {
		s.Server.RegisterService(&here, impl)
	}
}

func (s *Server) has(service, method string) bool {
	_, have := s.guard.Methods["/"+service+"/"+method]
	return have
}

// CheckComplete tells of methods that the socket should have and that no service was registered for.
func (s *Server) CheckComplete() error {
	missing := maps.Clone(s.guard.Methods)
	for service, info := range s.GetServiceInfo() {
		for _, m := range info.Methods {
			delete(missing, "/"+service+"/"+m.Name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s.sock has no handler for %s", s.guard.Socket, strings.Join(slices.Sorted(maps.Keys(missing)), ", "))
	}
	return nil
}
