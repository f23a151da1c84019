package daemon

import (
	"context"
	"fmt"
	"slices"
	"strings"

	stellav1 "stellad/api/stella/v1"
	"stellad/daemon/rpc"
	"stellad/evidence"
)

// artifact finds the one that the statement is about: that which the request names, or the one that has the vulnerability.
func (s *vexService) artifact(ctx context.Context, req *stellav1.AddVEXRequest) (string, error) {
	h := s.daemon.held.Load()
	if req.GetArtifact() != "" {
		return h.artifact(req.GetArtifact())
	}
	artifacts, err := h.artifacts()
	if err != nil {
		return "", err
	}
	var having []string
	for _, artifact := range artifacts {
		has, err := h.decider.Has(ctx, rpc.Actor(ctx).UID, artifact, req.GetVulnerability())
		if err != nil {
			return "", err
		}
		if has {
			having = append(having, artifact)
		}
	}
	switch len(having) {
	case 1:
		return having[0], nil
	case 0:
		return "", fmt.Errorf("%w: no verified scan report of any artifact has %.80q: name the artifact", rpc.ErrBadRequest, req.GetVulnerability())
	}
	return "", fmt.Errorf("%w: %d artifacts have %.80q: name one of %s", rpc.ErrBadRequest, len(having), req.GetVulnerability(), strings.Join(having, ", "))
}

// maxSearched bounds the artifacts among which one is looked for.
const maxSearched = 500

// artifacts are those that verified evidence states, by SHA-256.
func (h *held) artifacts() (all []string, err error) {
	known := map[string]bool{}
	err = h.each(evidence.Filter{Verdict: evidence.Verified}, func(e evidence.Entry) error {
		for _, artifact := range e.Subjects {
			if _, is := subjectOf(artifact); is {
				known[artifact] = true
			}
		}
		if len(known) > maxSearched {
			return fmt.Errorf("%w: there is evidence of more than %d artifacts: name the artifact", rpc.ErrBadRequest, maxSearched)
		}
		return nil
	})
	for artifact := range known {
		all = append(all, artifact)
	}
	slices.Sort(all)
	return all, err
}
