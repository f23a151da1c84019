package daemon

import (
	"context"
	"os"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"stellad/daemon/fair"
)

// A probe asks the daemon as a client would: through its socket, and for a turn at verifying.
type probe struct {
	turns  *fair.Turns
	client func() (healthpb.HealthClient, error)
}

func prober(turns *fair.Turns, path string) *probe {
	return &probe{turns, sync.OnceValues(func() (healthpb.HealthClient, error) {
		conn, err := grpc.NewClient("unix:"+path, grpc.WithTransportCredentials(insecure.NewCredentials()))
		return healthpb.NewHealthClient(conn), err
	})}
}

func (p *probe) probe(ctx context.Context) error {
	client, err := p.client()
	if err != nil {
		return err
	}
	if _, err := client.Check(ctx, &healthpb.HealthCheckRequest{}, grpc.WaitForReady(true)); err != nil {
		return err
	}
	if err := p.turns.Take(ctx, uint32(os.Geteuid())); err != nil {
		return err
	}
	p.turns.Give()
	return nil
}
