package daemon

import (
	"context"
	"fmt"
	"os"
	"strings"

	stellav1 "stellad/api/stella/v1"
	"stellad/daemon/seal"
	"stellad/policy/engine"
)

func (s *statusService) Sealed(context.Context, *stellav1.SealedRequest) (*stellav1.SealedResponse, error) {
	all := append(seal.Own(), functions())
	if h := s.daemon.held.Load(); h != nil {
		for i, pid := range h.decider.PIDs() {
			all = append(all, seal.Child(fmt.Sprintf("worker %d", i+1), pid)...)
		}
	}
	resp := &stellav1.SealedResponse{Pid: uint32(os.Getpid())} //nolint:gosec // the kernel's are below 2^22
	for _, one := range all {
		resp.Seals = append(resp.Seals, &stellav1.Seal{Name: one.Name, Holds: one.Holds, Proof: one.Proof})
	}
	return resp, nil
}

// functions are what a policy may call: nothing that has a network or a clock.
func functions() seal.Seal {
	return seal.Seal{
		Name: "policy functions", Holds: true,
		Proof: fmt.Sprintf("%d may be called; not %s", len(engine.Builtins()), strings.Join(engine.Cut(), ", ")),
	}
}
