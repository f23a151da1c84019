// Package engine evaluates policies: OPA, cut to what is the same every time.
//
// It runs in a worker's process and nowhere else. A policy is a stranger's program: it may take
// all memory, or not come back from a function that no context ends. Who calls is ready to be killed.
//
// A policy answers by data.stella.decision. A function that fails is an error, not a value that is
// missing; a decision that is missing is ErrUndefined.
package engine
