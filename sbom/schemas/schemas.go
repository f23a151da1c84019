// Package schemas holds the schemas of the specifications, as they were
// published. NOTICE.md says whose each is and where it came from.
package schemas

import "embed"

// Files are the schemas, by their file names.
//
//go:embed *.json *.xsd
var Files embed.FS
