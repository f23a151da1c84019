// Package api is the daemon's contract with its clients: the protos below stella/v1, the Go that is generated beside
// them, and what their options say of each method.
package api

//go:generate ../build/tools/buf generate

// Domain is the domain of the google.rpc.ErrorInfo that every failed call carries.
const Domain = "stella"

// The two sockets: their names in LISTEN_FDNAMES, in policies' matrices and, with .sock, in the daemon's run folder.
const (
	AdminSocket  = "admin"
	VerifySocket = "verify"
)

// MaxRequest is the largest request that the daemon takes, in bytes. Bundles take 5 to 20 KiB, with an SBOM in them some
// MiB.
const MaxRequest = 4 << 20
