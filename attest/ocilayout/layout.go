// Package ocilayout says which digests a container image has, from nothing but
// the image's bytes: an OCI image layout (image-spec v1.1, image-layout.md) in
// an uncompressed tar file, as `skopeo copy … oci-archive:FILE` writes it.
//
// What Read answers rests on these checks; where one fails there is no answer:
//
//   - The tar holds regular files and directories, each path once, no path that
//     leaves the layout, nothing that another tar reader would read differently,
//     and zeros alone after its end.
//   - Every file under blobs/sha256/, referenced or not, hashes to its name.
//   - Every descriptor reached from index.json, through nested indexes, manifests,
//     configs and layers, has its blob in the file, of the size it states. Inline
//     data is that blob. The specification lets blobs be missing, to be fetched
//     elsewhere; an auditor without a network has no elsewhere.
//   - Every JSON text means the same to a reader that heeds the case of names and
//     to one that does not, names nothing twice, and is a manifest or an index,
//     not both (CVE-2021-41190).
//
// A media type that is neither a manifest nor an index is refused in an index,
// where image-index.md would pass over it: what is passed over is not checked.
// The subject of a manifest or an index is a weak reference (manifest.md) and is
// not followed. Properties that the specification does not know are ignored.
package ocilayout

import "io"

// What a layout may have at most. Real ones stay far below; beyond them a file
// asks for more memory or time than an answer is worth.
const (
	maxEntries     = 100_000 // entries in the tar
	maxPath        = 256     // bytes in a path; a blob's has 77
	maxText        = 4 << 20 // bytes in a JSON text, as registries limit manifests
	maxDescriptors = 10_000  // descriptors reached, and elements in any one JSON array
	maxNesting     = 8       // indexes inside index.json, one in another
)

// Layout is what a layout's bytes say that it holds.
type Layout struct {
	// Images begins with index.json itself; the descriptors reached from it
	// follow depth first, each index before its own. One that several descriptors
	// name stands there several times, but what is below it only once.
	Images []Image
}

// Image is one digest that an attestation's subject may name.
//
// Name, MediaType and Platform are what a descriptor says, with any characters
// in them: quote them before a terminal sees them. Those that index.json says
// are covered by no digest but index.json's own.
type Image struct {
	Digest    string // "sha256:" and 64 lower-case hex digits
	Kind      string // "manifest" or "index"
	MediaType string // OCI image manifest or index, or Docker schema 2 manifest or list
	Name      string // org.opencontainers.image.ref.name of a descriptor in index.json; "index.json" for that file; or ""
	Platform  string // os/architecture[/variant][:os.version], as in "linux/arm/v7", or ""
}

// Read checks the layout in the first size bytes of r and returns its images.
// It reads each blob once, and manifests and indexes, which may have 4 MiB each,
// twice; memory does not grow with the sizes of layers.
//
// The error wraps ErrNotLayout, ErrTampered, or what r.ReadAt returned; then
// nothing is known about the image. Calls may run concurrently if r.ReadAt's may.
func Read(r io.ReaderAt, size int64) (*Layout, error) {
	a, err := scan(r, size)
	if err != nil {
		return nil, err
	}
	if err := a.checkLayout(); err != nil {
		return nil, err
	}
	w := walk{archive: a, followed: make(map[reading]bool)}
	if err := w.root(); err != nil {
		return nil, err
	}
	return &Layout{Images: w.images}, nil
}
