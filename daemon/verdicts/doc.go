// Package verdicts judges documents against the trust roots that the appliance holds, and remembers its verdicts.
//
// The trust roots are read whole and come into force whole; one that does not load leaves the one before in force, and
// Judge.State says so. A verdict is remembered with the trust that it stands on, and gone with it.
package verdicts

import "errors"

// ErrNoTrust is returned while no usable trust root was ever loaded: there is nothing to judge by.
var ErrNoTrust = errors.New("no usable trust root")

// ErrUnknown is returned for a question that gives its document's digest alone, where no verdict is remembered.
var ErrUnknown = errors.New("no verdict is remembered for this digest: send the document")

// ErrManyDocuments is returned for a question about a file of several documents.
var ErrManyDocuments = errors.New("several documents in one question")
