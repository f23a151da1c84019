package main

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"stellad/api"
	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

// exits is what the shell is told of each reason that the daemon has for failing a call: the one table of it. Before
// genesis it is "not permitted", as for a denial: the daemon refuses before it looks at the request, and will do so
// until an administrator has acted, so neither another input nor another try helps.
var exits = map[stellav1.ErrorReason]cli.Status{
	stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST:        cli.StatusBadInput,
	stellav1.ErrorReason_ERROR_REASON_NOT_AN_ATTESTATION: cli.StatusBadInput,
	stellav1.ErrorReason_ERROR_REASON_BAD_TRUST:          cli.StatusBadInput,
	stellav1.ErrorReason_ERROR_REASON_BAD_POLICY:         cli.StatusBadInput,
	stellav1.ErrorReason_ERROR_REASON_NO_TRUST:           cli.StatusBadInput,
	stellav1.ErrorReason_ERROR_REASON_UNKNOWN_DOCUMENT:   cli.StatusFailed, // the client always sends the document
	stellav1.ErrorReason_ERROR_REASON_READ_ONLY:          cli.StatusFailed,
	stellav1.ErrorReason_ERROR_REASON_NO_RECORD:          cli.StatusBadInput,
	stellav1.ErrorReason_ERROR_REASON_NOT_VERIFIED:       cli.StatusRefused,
	stellav1.ErrorReason_ERROR_REASON_DENIED:             cli.StatusForbidden,
	stellav1.ErrorReason_ERROR_REASON_NOT_INITIALISED:    cli.StatusForbidden,
	stellav1.ErrorReason_ERROR_REASON_OVERLOADED:         cli.StatusFailed,
	stellav1.ErrorReason_ERROR_REASON_INTERNAL:           cli.StatusFailed,
	stellav1.ErrorReason_ERROR_REASON_HSM_UNAVAILABLE:    cli.StatusNoHSM,
	stellav1.ErrorReason_ERROR_REASON_NO_KEY:             cli.StatusBadInput,
	stellav1.ErrorReason_ERROR_REASON_KEY_EXISTS:         cli.StatusBadInput,
	stellav1.ErrorReason_ERROR_REASON_HSM_LACKS:          cli.StatusBadInput,
	stellav1.ErrorReason_ERROR_REASON_HSM_FORBIDS:        cli.StatusForbidden,
	stellav1.ErrorReason_ERROR_REASON_KEY_STATE:          cli.StatusBadInput,
	stellav1.ErrorReason_ERROR_REASON_NO_EVIDENCE:        cli.StatusBadInput,
	stellav1.ErrorReason_ERROR_REASON_NOT_EVIDENCE:       cli.StatusBadInput,
	stellav1.ErrorReason_ERROR_REASON_NO_POLICY:          cli.StatusBadInput,
	stellav1.ErrorReason_ERROR_REASON_BAD_BUNDLE:         cli.StatusBadInput,
	stellav1.ErrorReason_ERROR_REASON_UNSPECIFIED:        cli.StatusFailed, // gRPC's own, or a later release's
}

// meant turns what gRPC says of a call over the line into the error that the command ends with. It wraps err: api.Reason
// finds the reason in it.
func (l *line) meant(ctx context.Context, err error) error {
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	}
	reason := api.Reason(err)
	if reason == stellav1.ErrorReason_ERROR_REASON_UNSPECIFIED {
		switch status.Code(err) {
		case codes.Unavailable:
			return unreachable(l.path, "the connection was lost: "+status.Convert(err).Message())
		case codes.Unimplemented:
			return cli.BadInput(errors.New("this daemon has no such method on this socket (" + l.path + ")"))
		}
	}
	return cli.Exit(exits[reason], &answer{err})
}

// exitOf is the status of a problem that an answer of a stream tells of, by the reason's name.
func exitOf(problem *stellav1.Problem) cli.Status { return exits[api.ReasonOf(problem.GetReason())] }

// answer is an error of the daemon's: its text is the daemon's line alone.
type answer struct{ err error }

func (a *answer) Error() string { return status.Convert(a.err).Message() }
func (a *answer) Unwrap() error { return a.err }

// plainStream has the errors of a stream be what those of a call are.
type plainStream struct {
	grpc.ClientStream
	line   *line
	caller context.Context // not the stream's own, which ends with every error
}

func (s *plainStream) SendMsg(m any) error {
	return s.line.meant(s.caller, s.ClientStream.SendMsg(m))
}

func (s *plainStream) RecvMsg(m any) error {
	return s.line.meant(s.caller, s.ClientStream.RecvMsg(m))
}
