package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"stellad/api"
	stellav1 "stellad/api/stella/v1"
	"stellad/attest"
	"stellad/attest/report"
)

// A judge reaches verdicts: this program by itself, or the daemon. It is safe for concurrent use. Its error is no
// document's fault, but for an unjudgeable.
type judge interface {
	judge(ctx context.Context, d *attest.Document) (*attest.Verdict, *report.Answer, error)
}

// unjudgeable is why one document can't have a verdict.
type unjudgeable string

func (u unjudgeable) Error() string { return string(u) }

// judgeHere judges with a trust root that this program read.
type judgeHere struct {
	verifier *attest.Verifier
	expect   attest.Expect
}

func (j judgeHere) judge(_ context.Context, d *attest.Document) (*attest.Verdict, *report.Answer, error) {
	return j.verifier.Verify(d, j.expect), nil, nil
}

// maxQuestion leaves room for what is asked beside the document: the digests of an image's manifests, keys.
const maxQuestion = api.MaxRequest - 256<<10

// judgeThere asks the daemon, which has its own trust root and remembers verdicts.
type judgeThere struct {
	client   stellav1.VerifyServiceClient
	question *stellav1.VerifyRequest // all but the document
}

func (j judgeThere) judge(ctx context.Context, d *attest.Document) (*attest.Verdict, *report.Answer, error) {
	if len(d.Text) > maxQuestion {
		return nil, nil, unjudgeable(fmt.Sprintf("larger than the %d MiB that the daemon takes; --offline judges it here", api.MaxRequest>>20))
	}
	resp, err := j.client.Verify(ctx, &stellav1.VerifyRequest{
		Document: d.Text, Explain: true,
		Artifact: j.question.GetArtifact(), Signers: j.question.GetSigners(), PredicateType: j.question.GetPredicateType(),
	})
	if err != nil {
		return nil, nil, err
	}
	var v attest.Verdict
	if err := json.Unmarshal(resp.GetVerdictJson(), &v); err != nil {
		return nil, nil, fmt.Errorf("the daemon's verdict: %w", err)
	}
	if v.Verified != resp.GetVerified() {
		return nil, nil, fmt.Errorf("the daemon's verdict contradicts itself: verified %t and %t", resp.GetVerified(), v.Verified)
	}
	v.Document.Line = d.Line // the daemon saw the document alone
	return &v, &report.Answer{Cached: resp.GetCached(), AgeSeconds: resp.GetAge().AsDuration().Seconds()}, nil
}

// judge gives who is to judge: the daemon where one can, unless the user chose a trust root or asked for no daemon.
func (o attestVerifyOptions) judge(cmd *cobra.Command, want attest.Expect) (judge, error) {
	_, chosen := trustRootDir(o.trustRoot)
	if !chosen && !cmd.Flags().Changed("offline") {
		j, err := o.daemonJudge(cmd, want)
		if j != nil || err != nil {
			return j, err
		}
	}
	roots, err := loadTrust(o.trustRoot, len(o.signer.keys) > 0)
	if err != nil {
		return nil, err
	}
	return judgeHere{attest.NewVerifier(roots), want}, nil
}

// daemonJudge gives nil where no daemon can judge and none was asked for: this program then does it by itself, with the
// same verdict.
func (o attestVerifyOptions) daemonJudge(cmd *cobra.Command, want attest.Expect) (judge, error) {
	d := daemonAt(o.socket)
	state, err := healthpb.NewHealthClient(d).Check(cmd.Context(), &healthpb.HealthCheckRequest{
		Service: stellav1.VerifyService_ServiceDesc.ServiceName,
	})
	switch {
	case err != nil && (o.socket != "" || !errors.Is(err, errNoDaemon)):
		return nil, err
	case err != nil, state.GetStatus() != healthpb.HealthCheckResponse_SERVING && o.socket == "":
		return nil, nil
	}
	question, err := questionOf(want)
	return judgeThere{stellav1.NewVerifyServiceClient(d), question}, err
}
