// Package hsmpb is the contract of hsm.sock: the proto and the Go that is generated beside it. It is for package hsm and
// its server alone; everybody else sees hsm.Client.
package hsmpb

//go:generate ../../build/tools/buf generate

// Domain is the domain of the google.rpc.ErrorInfo that a failed call carries; its reason is that of the hsm package's
// table of errors.
const Domain = "stella.hsm"

// MaxMessage is the largest request and the largest answer, in bytes.
const MaxMessage = 1 << 20
