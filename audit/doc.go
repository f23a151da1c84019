// Package audit proves what the appliance's audit log says. A record is one line
// of JSON; its bytes are a leaf of an RFC 6962 tree; a checkpoint signed by the
// audit key speaks for all of them; an export carries the whole to an auditor, who
// needs to trust neither the appliance nor us.
//
// The package is pure: bytes and keys in, an answer out. It opens no file but
// through the fs.FS it is given, writes none but through a [Sink], and reads no
// clock. Everything in it may be called concurrently, but for the methods of one
// [Order].
//
// # From a line to a trusted key
//
//	line ──LeafHash──▶ leaf ──┬─▶ root ──checkpoint──▶ audit key (pinned, or the genesis record's)
//	line …────────────────────┘
//
// # One form
//
// What [ParseLine] takes, [Record.Line] gives back to the byte: there is no second
// spelling of a record, so nothing can be read two ways. The same holds for
// annotations and for bodies. docs/formats/audit.md gives every format.
package audit
