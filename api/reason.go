package api

import (
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	stellav1 "stellad/api/stella/v1"
)

const reasonPrefix = "ERROR_REASON_"

// ReasonName is how an ErrorInfo and a Problem name a reason.
func ReasonName(r stellav1.ErrorReason) string { return strings.TrimPrefix(r.String(), reasonPrefix) }

// ReasonOf reads a reason's name; one that this release does not know is unspecified.
func ReasonOf(name string) stellav1.ErrorReason {
	return stellav1.ErrorReason(stellav1.ErrorReason_value[reasonPrefix+name])
}

// Error makes the error of a call that failed, message being one line. Where a message quotes bytes that are not UTF-8
// they are replaced: gRPC would drop the reason with them.
func Error(code codes.Code, reason stellav1.ErrorReason, message string) error {
	message = strings.ToValidUTF8(message, "\uFFFD")
	s, err := status.New(code, message).WithDetails(&errdetails.ErrorInfo{Reason: ReasonName(reason), Domain: Domain})
	if err != nil {
		return status.Error(code, message) // a code of OK, which is no error's
	}
	return s.Err()
}

// Reason returns why a call failed: unspecified where the error is not this API's own, such as a lost connection's.
func Reason(err error) stellav1.ErrorReason {
	for _, detail := range status.Convert(err).Details() {
		if told, ok := detail.(*errdetails.ErrorInfo); ok && told.GetDomain() == Domain {
			return ReasonOf(told.GetReason())
		}
	}
	return stellav1.ErrorReason_ERROR_REASON_UNSPECIFIED
}
