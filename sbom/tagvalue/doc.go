// Package tagvalue reads SPDX 2.3 in its tag-value form as a stream, and holds
// it against the rules of the specification: which tags a section has and must
// have, how often, in which order sections and what belongs together stand, and
// what form each value has.
//
// The form has no end mark: a text that was cut between two lines may be a
// document still, and nothing here can tell.
package tagvalue
