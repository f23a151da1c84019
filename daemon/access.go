package daemon

import (
	"context"
	"fmt"
	"os/user"
	"strconv"

	"stellad/access"
	stellav1 "stellad/api/stella/v1"
	"stellad/daemon/rpc"
)

type accessService struct {
	stellav1.UnimplementedAccessServiceServer
	daemon *Daemon
	socket string
}

func (s *accessService) WhoAmI(ctx context.Context, _ *stellav1.WhoAmIRequest) (*stellav1.WhoAmIResponse, error) {
	actor := rpc.Actor(ctx)
	resp := &stellav1.WhoAmIResponse{
		Uid: actor.UID, Gid: actor.GID, Groups: actor.Groups, Socket: s.socket,
		Roles: s.daemon.policy.Load().Roles(actor),
	}
	if u, err := user.LookupId(decimal(actor.UID)); err == nil {
		resp.User = u.Username
	}
	for _, gid := range append([]uint32{actor.GID}, actor.Groups...) {
		if g, err := user.LookupGroupId(decimal(gid)); err == nil {
			resp.GroupNames = append(resp.GroupNames, g.Name)
		} else {
			resp.GroupNames = append(resp.GroupNames, "gid:"+decimal(gid))
		}
	}
	return resp, nil
}

func decimal(id uint32) string { return strconv.FormatUint(uint64(id), 10) }

func (s *accessService) CanI(ctx context.Context, req *stellav1.CanIRequest) (*stellav1.CanIResponse, error) {
	decision, err := s.decide(rpc.Actor(ctx), req.GetResource(), req.GetVerb())
	return &stellav1.CanIResponse{Decision: decision}, err
}

func (s *accessService) CanUser(_ context.Context, req *stellav1.CanUserRequest) (*stellav1.CanUserResponse, error) {
	actor, err := access.ActorOf(req.GetUser())
	if err != nil {
		return nil, err
	}
	decision, err := s.decide(actor, req.GetResource(), req.GetVerb())
	return &stellav1.CanUserResponse{Decision: decision}, err
}

func (s *accessService) decide(actor access.Actor, resource, verb string) (*stellav1.Decision, error) {
	want := access.Permission{Resource: resource, Verb: verb}
	if !s.daemon.exists(want) {
		return nil, fmt.Errorf("%w: there is no %s; rbac matrix lists what there is", rpc.ErrBadRequest, want)
	}
	d := s.daemon.policy.Load().Decide(actor, want)
	return &stellav1.Decision{Allowed: d.Allowed, Reason: d.Reason, Near: d.Near}, nil
}

func (s *accessService) Matrix(context.Context, *stellav1.MatrixRequest) (*stellav1.MatrixResponse, error) {
	policy := s.daemon.policy.Load()
	m := policy.Matrix()
	resp := &stellav1.MatrixResponse{Version: policy.Version, Sha256: policy.SHA256}
	for _, role := range m.Roles {
		row := &stellav1.RoleRow{Role: role.Role}
		for _, o := range role.Grants {
			row.Grants = append(row.Grants, &stellav1.Grant{Resource: o.Resource, Verb: o.Verb, Sockets: o.Sockets, Methods: o.Methods})
		}
		resp.Roles = append(resp.Roles, row)
	}
	for _, h := range m.Holders {
		resp.Holders = append(resp.Holders, &stellav1.Holder{Kind: h.Kind, Name: h.Name, Roles: h.Roles, Denied: h.Denied})
	}
	return resp, nil
}

func (s *accessService) Reload(ctx context.Context, _ *stellav1.ReloadRequest) (*stellav1.ReloadResponse, error) {
	changed, err := s.daemon.loadPolicy(ctx, rpc.Entry(ctx))
	if err != nil {
		return nil, err
	}
	return &stellav1.ReloadResponse{Version: s.daemon.policy.Load().Version, Changed: changed}, nil
}
