package daemon_test

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"stellad/api"
	stellav1 "stellad/api/stella/v1"
)

// TestKnownDocument: a document may be named by its digest once its verdict is remembered, under the same conditions
// alone; and a digest never makes a verdict.
func TestKnownDocument(t *testing.T) {
	d := start(t, nil)
	client := stellav1.NewVerifyServiceClient(d.verify)
	document, err := os.ReadFile(filepath.Join(demo, "sigstore-js.sigstore.json"))
	must(t, err)
	digest := sha256.Sum256(document)
	for _, c := range []struct {
		name   string
		req    *stellav1.VerifyRequest
		reason stellav1.ErrorReason // none: it is verified
		cached bool
	}{
		{"not seen yet", &stellav1.VerifyRequest{DocumentSha256: digest[:]}, stellav1.ErrorReason_ERROR_REASON_UNKNOWN_DOCUMENT, false},
		{"sent", &stellav1.VerifyRequest{Document: document}, 0, false},
		{"known", &stellav1.VerifyRequest{DocumentSha256: digest[:]}, 0, true},
		{"other conditions", &stellav1.VerifyRequest{DocumentSha256: digest[:], PredicateType: "x"}, stellav1.ErrorReason_ERROR_REASON_UNKNOWN_DOCUMENT, false},
		{"explained, which nobody asked for yet", &stellav1.VerifyRequest{DocumentSha256: digest[:], Explain: true}, stellav1.ErrorReason_ERROR_REASON_UNKNOWN_DOCUMENT, false},
		{"both", &stellav1.VerifyRequest{Document: document, DocumentSha256: digest[:]}, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST, false},
		{"neither", &stellav1.VerifyRequest{}, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST, false},
		{"half a digest", &stellav1.VerifyRequest{DocumentSha256: digest[:16]}, stellav1.ErrorReason_ERROR_REASON_BAD_REQUEST, false},
		{"known again", &stellav1.VerifyRequest{DocumentSha256: digest[:]}, 0, true},
	} {
		resp, err := client.Verify(t.Context(), c.req)
		if api.Reason(err) != c.reason || (err == nil) != (c.reason == 0) || resp.GetVerified() != (c.reason == 0) || resp.GetCached() != c.cached {
			t.Errorf("%s: %v, %v", c.name, resp, err)
		}
		if c.reason == stellav1.ErrorReason_ERROR_REASON_UNKNOWN_DOCUMENT && status.Code(err) != codes.NotFound {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
