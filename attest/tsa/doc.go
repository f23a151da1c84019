// Package tsa is a timestamping authority: what it answers to a request at a time
// that its caller tells, with a key that it does not hold.
//
// Requests and answers are RFC 3161's, in DER; the signing certificate is named
// by ESSCertIDv2 (RFC 5816). The CMS message is written here and not by the
// library that reads it elsewhere: that one writes the machine's clock into each
// token, whatever time it is given.
package tsa

import (
	"encoding/asn1"
	"errors"
)

// The reasons for which a request is rejected, each with the PKIFailureInfo that
// the answer bears. RFC 3161 §2.4.2.
var (
	ErrFormat    = errors.New("not a timestamp request")                           // badDataFormat (5)
	ErrRequest   = errors.New("a timestamp request of another version than 1")     // badRequest (2)
	ErrAlgorithm = errors.New("an imprint by another hash than SHA-256, 384, 512") // badAlg (0)
	ErrPolicy    = errors.New("another timestamp policy than this authority's")    // unacceptedPolicy (15)
	ErrExtension = errors.New("a timestamp request with an extension")             // unacceptedExtension (16)
	ErrAuthority = errors.New("the timestamping authority can't answer")           // systemFailure (25)
)

// failureInfo gives the bits of PKIFailureInfo.
var failureInfo = map[error]int{ErrAlgorithm: 0, ErrRequest: 2, ErrFormat: 5, ErrPolicy: 15, ErrExtension: 16, ErrAuthority: 25}

// Policy is the one under which every token is made: that of Sigstore's
// timestamping authority, which claims nothing beyond RFC 3161.
var Policy = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2}

// maxRequest bounds a request, in bytes: a SHA-512 imprint with a nonce of 64 bytes
// takes a fifth of it.
const maxRequest = 1024

// Object identifiers of RFC 5652, RFC 3161, RFC 5035, RFC 5758 and RFC 5280.
var (
	oidSignedData         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTSTInfo            = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidContentType        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCertificate = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidECDSAWithSHA256    = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	oidExtKeyUsage        = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidTimeStamping       = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
	oidSHA256             = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSHA384             = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}
	oidSHA512             = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}
)
