package rpc

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"stellad/access"
	"stellad/api"
	stellav1 "stellad/api/stella/v1"
	"stellad/attest"
	"stellad/attest/logproof"
	"stellad/attest/ocilayout"
	"stellad/attest/rfc3161"
	"stellad/attest/sealed"
	"stellad/attest/sign"
	"stellad/attest/trust"
	"stellad/attest/tsa"
	"stellad/audit"
	"stellad/audit/journal"
	"stellad/daemon/deciding"
	"stellad/daemon/signing"
	"stellad/daemon/verdicts"
	"stellad/evidence"
	"stellad/evidence/bundle"
	"stellad/evidence/kind"
	"stellad/hsm"
	"stellad/internal/archive"
	"stellad/keys"
	"stellad/policy"
	policybundle "stellad/policy/bundle"
	"stellad/policy/cvss"
	"stellad/policy/engine"
	"stellad/policy/findings"
	"stellad/policy/signature"
	"stellad/policy/versions"
	"stellad/policy/vex"
	"stellad/policy/worker"
	"stellad/sbom/document"
	"stellad/store/blobs"
	"stellad/tlog"
)

// meanings is what each sentinel error of the project means to a client: the one table of it. The first row that an
// error wraps counts. A sentinel without a row fails a test; an error without one is Internal and redacted.
var meanings = []struct {
	err    error
	code   codes.Code
	reason stellav1.ErrorReason
}{
	{ErrBadRequest, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},
	{ErrNotInitialised, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_NOT_INITIALISED},
	{ErrOverloaded, codes.ResourceExhausted, stellav1.ErrorReason_ERROR_REASON_OVERLOADED},
	{ErrNoPeer, codes.PermissionDenied, stellav1.ErrorReason_ERROR_REASON_DENIED},
	{access.ErrDenied, codes.PermissionDenied, stellav1.ErrorReason_ERROR_REASON_DENIED},
	{access.ErrUnknownUser, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},
	{access.ErrPolicy, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_BAD_POLICY},
	{verdicts.ErrNoTrust, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_NO_TRUST},
	{verdicts.ErrUnknown, codes.NotFound, stellav1.ErrorReason_ERROR_REASON_UNKNOWN_DOCUMENT},
	{verdicts.ErrManyDocuments, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},
	{attest.ErrNotBundle, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_NOT_AN_ATTESTATION},
	{trust.ErrTrust, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_TRUST},

	// Of the audit log: nothing can be recorded, so nothing is done.
	{journal.ErrReadOnly, codes.Unavailable, stellav1.ErrorReason_ERROR_REASON_READ_ONLY},
	{journal.ErrStalled, codes.Unavailable, stellav1.ErrorReason_ERROR_REASON_READ_ONLY},
	{blobs.ErrStalled, codes.Unavailable, stellav1.ErrorReason_ERROR_REASON_READ_ONLY},
	{journal.ErrClosed, codes.Unavailable, stellav1.ErrorReason_ERROR_REASON_READ_ONLY},
	{journal.ErrDisk, codes.Unavailable, stellav1.ErrorReason_ERROR_REASON_READ_ONLY},
	{journal.ErrMoved, codes.Unavailable, stellav1.ErrorReason_ERROR_REASON_READ_ONLY},
	{journal.ErrDamaged, codes.Unavailable, stellav1.ErrorReason_ERROR_REASON_READ_ONLY},
	{journal.ErrNoSpace, codes.Unavailable, stellav1.ErrorReason_ERROR_REASON_READ_ONLY},
	{journal.ErrClock, codes.Unavailable, stellav1.ErrorReason_ERROR_REASON_READ_ONLY},
	{journal.ErrNoSigner, codes.Unavailable, stellav1.ErrorReason_ERROR_REASON_READ_ONLY},

	// Of the audit log: what was asked for is not there, or is nothing.
	{journal.ErrNoRecord, codes.NotFound, stellav1.ErrorReason_ERROR_REASON_NO_RECORD},
	{journal.ErrNoAnnotation, codes.NotFound, stellav1.ErrorReason_ERROR_REASON_NO_RECORD},
	{journal.ErrErased, codes.NotFound, stellav1.ErrorReason_ERROR_REASON_NO_RECORD},
	{audit.ErrExport, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},
	{audit.ErrTampered, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_NOT_VERIFIED},

	// Of the token.
	{hsm.ErrPIN, codes.Unavailable, stellav1.ErrorReason_ERROR_REASON_HSM_UNAVAILABLE},
	{hsm.ErrUnavailable, codes.Unavailable, stellav1.ErrorReason_ERROR_REASON_HSM_UNAVAILABLE},
	{hsm.ErrNoKey, codes.NotFound, stellav1.ErrorReason_ERROR_REASON_NO_KEY},
	{hsm.ErrNoObject, codes.NotFound, stellav1.ErrorReason_ERROR_REASON_NO_KEY},
	{hsm.ErrAmbiguous, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_NO_KEY},
	{hsm.ErrExists, codes.AlreadyExists, stellav1.ErrorReason_ERROR_REASON_KEY_EXISTS},
	{hsm.ErrMechanism, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_HSM_LACKS},
	{hsm.ErrNotPermitted, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_HSM_FORBIDS},
	{hsm.ErrInvalid, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},

	// Of the appliance's keys.
	{keys.ErrUnknown, codes.NotFound, stellav1.ErrorReason_ERROR_REASON_NO_KEY},
	{keys.ErrLabel, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_KEY_EXISTS},
	{keys.ErrRole, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_KEY_STATE},
	{keys.ErrState, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_KEY_STATE},
	{keys.ErrSlot, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},
	{signing.ErrNoKeys, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_HSM_UNAVAILABLE},
	{signing.ErrBroken, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_NOT_VERIFIED},

	// Of evidence.
	{evidence.ErrUnknown, codes.NotFound, stellav1.ErrorReason_ERROR_REASON_NO_EVIDENCE},
	{evidence.ErrAmbiguous, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_NO_EVIDENCE},
	{evidence.ErrRefused, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_NOT_EVIDENCE},
	{bundle.ErrBundle, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_NOT_VERIFIED},
	{archive.ErrArchive, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_NOT_VERIFIED},
	{sealed.ErrSealed, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_NOT_VERIFIED},
	{document.ErrForm, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_NOT_EVIDENCE},
	{document.ErrVersion, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_NOT_EVIDENCE},
	{document.ErrInvalid, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_NOT_EVIDENCE},
	{kind.ErrUnknown, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_NOT_EVIDENCE},
	{blobs.ErrTooBig, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_NOT_EVIDENCE},

	// Of policies and VEX. What keeps a policy from answering is a decision that blocks, and none of these.
	{versions.ErrUnknown, codes.NotFound, stellav1.ErrorReason_ERROR_REASON_NO_POLICY},
	{versions.ErrAmbiguous, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_NO_POLICY},
	{versions.ErrInForce, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},
	{deciding.ErrEnvironment, codes.NotFound, stellav1.ErrorReason_ERROR_REASON_NO_POLICY},
	{deciding.ErrReplay, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_NOT_VERIFIED},
	{signature.ErrUnsigned, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_NOT_VERIFIED},
	{signature.ErrSignature, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_NOT_VERIFIED},
	{policybundle.ErrBundle, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_BUNDLE},
	{policy.ErrAnswer, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_BUNDLE},
	{engine.ErrPolicy, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_BUNDLE},
	{engine.ErrUndefined, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_BUNDLE},
	{engine.ErrFailed, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_BUNDLE},
	{worker.ErrDeadline, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_BUNDLE},
	{worker.ErrEnded, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_BUNDLE},
	{worker.ErrStart, codes.Unavailable, stellav1.ErrorReason_ERROR_REASON_OVERLOADED},
	{vex.ErrVEX, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},
	{findings.ErrReport, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_NOT_EVIDENCE},
	{findings.ErrNotReport, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_NOT_EVIDENCE},
	{cvss.ErrVector, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_NOT_EVIDENCE},

	// Of bytes that are not what they should be.
	{tlog.ErrNote, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},
	{tlog.ErrProofFormat, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},
	{tlog.ErrTile, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},
	{tlog.ErrKey, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_TRUST},
	{tlog.ErrCheckpoint, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},
	{rfc3161.ErrToken, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},
	{rfc3161.ErrAuthority, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_TRUST},
	{logproof.ErrFormat, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},
	{logproof.ErrMissing, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},
	{ocilayout.ErrNotLayout, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},

	// Of what is asked to be signed or stamped.
	{sign.ErrStatement, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},
	{sign.ErrKey, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},
	{tsa.ErrFormat, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},
	{tsa.ErrRequest, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},
	{tsa.ErrAlgorithm, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},
	{tsa.ErrPolicy, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},
	{tsa.ErrExtension, codes.InvalidArgument, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST},

	// Of what could be read and does not hold.
	{tlog.ErrSignature, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_NOT_VERIFIED},
	{tlog.ErrOrigin, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_NOT_VERIFIED},
	{tlog.ErrQuorum, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_NOT_VERIFIED},
	{tlog.ErrProof, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_NOT_VERIFIED},
	{rfc3161.ErrTimestamp, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_NOT_VERIFIED},
	{rfc3161.ErrUnknown, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_NOT_VERIFIED},
	{logproof.ErrProof, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_NOT_VERIFIED},
	{ocilayout.ErrTampered, codes.FailedPrecondition, stellav1.ErrorReason_ERROR_REASON_NOT_VERIFIED},
}

// StatusOf returns what a client is told of err, and whether err is a fault of the daemon, of which the client is told
// the ID alone. An error that gRPC made (of a lost stream, say) passes as it is.
func StatusOf(err error, id string) (told error, fault bool) {
	for _, m := range meanings {
		if errors.Is(err, m.err) {
			return api.Error(m.code, m.reason, err.Error()), false
		}
	}
	var made interface{ GRPCStatus() *status.Status }
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return status.FromContextError(err).Err(), false
	case errors.As(err, &made):
		return err, false
	}
	return api.Error(codes.Internal, stellav1.ErrorReason_ERROR_REASON_INTERNAL,
		fmt.Sprintf("failed inside; the daemon's log has it under request ID %s", id)), true
}
