package daemon_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"stellad/api"
	stellav1 "stellad/api/stella/v1"
)

// permitted is written by hand, from what the product promises: for each role, the methods that it may call, and a + on
// those that verify.sock has too. Nothing of the program's own tables goes into it.
var permitted = map[string]string{
	"administrator": `
		+grpc.health.v1.Health/Check +grpc.health.v1.Health/List +grpc.health.v1.Health/Watch
		+grpc.reflection.v1.ServerReflection/ServerReflectionInfo
		+stella.v1.AccessService/WhoAmI +stella.v1.AccessService/CanI
		stella.v1.AccessService/CanUser stella.v1.AccessService/Matrix stella.v1.AccessService/Reload
		stella.v1.AuditService/ListRecords stella.v1.AuditService/Export
		stella.v1.AuditService/Erase stella.v1.AuditService/AcceptTime
		stella.v1.EvidenceService/AddEvidence stella.v1.EvidenceService/ListEvidence stella.v1.EvidenceService/ShowEvidence
		stella.v1.EvidenceService/ReadEvidence stella.v1.EvidenceService/ExportEvidence stella.v1.EvidenceService/ImportEvidence
		stella.v1.KeyService/ListKeys stella.v1.KeyService/GenerateKey
		stella.v1.KeyService/RotateKey stella.v1.KeyService/MarkKeyCompromised stella.v1.KeyService/DestroyKey
		stella.v1.PolicyService/ActivatePolicy +stella.v1.PolicyService/Evaluate stella.v1.PolicyService/ListPolicies
		stella.v1.PolicyService/LoadPolicy stella.v1.PolicyService/ReadPolicy stella.v1.PolicyService/ReplayDecision
		stella.v1.PolicyService/RollbackPolicy stella.v1.PolicyService/SignDecision stella.v1.PolicyService/TestPolicy
		stella.v1.SigningService/SignStatement stella.v1.SigningService/Timestamp +stella.v1.SigningService/ExportTrust
		stella.v1.StatusService/Status stella.v1.StatusService/Doctor stella.v1.StatusService/Metrics stella.v1.StatusService/Sealed
		stella.v1.VEXService/AddVEX stella.v1.VEXService/ListVEX stella.v1.VEXService/WithdrawVEX
		+stella.v1.VerifyService/Verify +stella.v1.VerifyService/VerifyStream`,
	"operator": `
		+grpc.health.v1.Health/Check +grpc.health.v1.Health/List +grpc.health.v1.Health/Watch
		+grpc.reflection.v1.ServerReflection/ServerReflectionInfo
		+stella.v1.AccessService/WhoAmI +stella.v1.AccessService/CanI
		stella.v1.AccessService/CanUser stella.v1.AccessService/Matrix
		stella.v1.StatusService/Status stella.v1.StatusService/Doctor stella.v1.StatusService/Metrics stella.v1.StatusService/Sealed
		+stella.v1.PolicyService/Evaluate
		+stella.v1.VerifyService/Verify +stella.v1.VerifyService/VerifyStream`,
	"service": `
		+grpc.health.v1.Health/Check +grpc.health.v1.Health/List +grpc.health.v1.Health/Watch
		+grpc.reflection.v1.ServerReflection/ServerReflectionInfo
		+stella.v1.AccessService/WhoAmI +stella.v1.AccessService/CanI +stella.v1.PolicyService/Evaluate
		+stella.v1.VerifyService/Verify +stella.v1.VerifyService/VerifyStream`,
	"none": `
		+grpc.health.v1.Health/Check +grpc.health.v1.Health/List +grpc.health.v1.Health/Watch
		+grpc.reflection.v1.ServerReflection/ServerReflectionInfo
		+stella.v1.AccessService/WhoAmI +stella.v1.AccessService/CanI`,
	"denied": ``,
}

// rules are a policy for whoever runs the test, in each role. The last lets somebody else mend it.
func rules(role string) string {
	roles := `
[roles]
administrator = ["*:*"]
operator = ["status:read", "metrics:read", "access:read", "attestations:verify", "policies:evaluate"]
service = ["attestations:verify", "policies:evaluate"]
[users]
"uid:4242" = ["administrator"]
`
	me := fmt.Sprintf("\"uid:%d\"", os.Geteuid())
	switch role {
	case "none":
		return roles
	case "denied":
		return roles + me + " = [\"administrator\"]\n[deny.users]\n" + me + " = [\"*:*\"]\n"
	}
	return roles + me + " = [\"" + role + "\"]\n"
}

// TestMatrix calls every method that the descriptors have, on each socket, in each role.
func TestMatrix(t *testing.T) {
	d := start(t, nil)
	methods, err := api.Methods()
	must(t, err)
	for role, table := range permitted {
		d.policy(t, "%s", rules(role))
		must(t, d.daemon.Reload(t.Context())) // by signal or call it is the same; the role may not be allowed to
		for _, m := range methods {
			for socket, conn := range map[string]*grpc.ClientConn{"admin": d.admin, "verify": d.verify} {
				got := status.Convert(callEmpty(t, conn, m))
				if want := expected(table, m.Name, socket); outcome(got) != want {
					t.Errorf("%s calls %s on %s.sock: %s (%s), want %s", role, m.Name, socket, outcome(got), got.Message(), want)
				}
			}
		}
	}
}

func expected(table, method, socket string) string {
	everywhere := strings.Contains(permitted["administrator"], "+"+method[1:])
	has := func(word string) bool {
		for _, w := range strings.Fields(table) {
			if w == word {
				return true
			}
		}
		return false
	}
	switch {
	case socket == "verify" && !everywhere:
		return "absent"
	case has(method[1:]), has("+" + method[1:]):
		return "permitted"
	}
	return "denied"
}

// outcome sorts answers: a denial carries its reason, for programs and for people.
func outcome(s *status.Status) string {
	switch s.Code() {
	case codes.Unimplemented:
		return "absent"
	case codes.PermissionDenied:
		if api.Reason(s.Err()) != stellav1.ErrorReason_ERROR_REASON_DENIED || !strings.Contains(s.Message(), ":") {
			return "denied without a reason"
		}
		return "denied"
	}
	return "permitted"
}

// callEmpty sends a message that has no field and returns the call's end. What streams is asked to end.
func callEmpty(t *testing.T, conn *grpc.ClientConn, m api.Method) error {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if !m.Stream {
		return conn.Invoke(ctx, m.Name, &emptypb.Empty{}, &emptypb.Empty{})
	}
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, m.Name)
	must(t, err)
	if err := stream.SendMsg(&emptypb.Empty{}); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	must(t, stream.CloseSend())
	return stream.RecvMsg(&emptypb.Empty{}) // the first answer, or the end
}
