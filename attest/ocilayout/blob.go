package ocilayout

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

const blobs = "blobs/sha256/" // image-layout.md, Blobs

// checkBlob hashes e, if it is a regular file under blobs/.
func (a *archive) checkBlob(e entry) error {
	if !e.regular || !strings.HasPrefix(e.path, "blobs/") {
		return nil
	}
	encoded, ok := strings.CutPrefix(e.path, blobs)
	if !ok {
		return notLayout("%q is not in %s, and digests by another algorithm are not checked: save the image with sha256 digests", e.path, blobs)
	}
	want, err := v1.NewHash("sha256:" + encoded)
	if err != nil {
		return notLayout("%q is not named by a sha256 digest: save the image again", e.path)
	}
	got, n, err := v1.SHA256(io.NewSectionReader(a.r, e.offset, e.size))
	switch {
	case err != nil:
		return err
	case n < e.size:
		return a.truncated()
	case got != want:
		return tampered("%s holds bytes that hash to %s", e.path, got)
	}
	return nil
}

// holds checks that the blob of d, a descriptor that stands at where, is in the
// archive. Its bytes have been hashed already (descriptor.md, Verification).
func (a *archive) holds(d v1.Descriptor, where string) error {
	if d.Digest == (v1.Hash{}) {
		return notLayout("%s has no digest: save the image again", where)
	}
	if d.Digest.Algorithm != "sha256" {
		return notLayout("%s has a digest by %q, which is not checked: save the image with sha256 digests", where, d.Digest.Algorithm)
	}
	blob, ok := a.regular(blobs + d.Digest.Hex)
	switch {
	case !ok && len(d.URLs) > 0:
		return tampered("%s is a foreign layer, %s, that is at %.100q and not in the file", where, d.Digest, d.URLs[0])
	case !ok:
		return tampered("%s is %s, which is missing from the file", where, d.Digest)
	case blob.size != d.Size:
		return tampered("%s states %d bytes for %s, which has %d", where, d.Size, d.Digest, blob.size)
	}
	return checkInline(d, where)
}

// checkInline compares a descriptor's data with its digest and size
// (descriptor.md, Embedded Content).
func checkInline(d v1.Descriptor, where string) error {
	if d.Data == nil {
		return nil
	}
	if got := digestOf(d.Data); got != d.Digest || int64(len(d.Data)) != d.Size {
		return tampered("%s has inline data of %d bytes with digest %s, not %d with %s", where, len(d.Data), got, d.Size, d.Digest)
	}
	return nil
}

// manifestText returns the JSON text of the blob with this digest, which the
// archive holds. It hashes the bytes once more, so that what is parsed is what
// was checked, even where the file changes meanwhile.
func (a *archive) manifestText(digest v1.Hash) ([]byte, error) {
	blob, _ := a.regular(blobs + digest.Hex)
	text, err := a.content(blob)
	if err != nil {
		return nil, err
	}
	if digestOf(text) != digest {
		return nil, tampered("%s changed while it was read", blob.path)
	}
	return text, nil
}

func digestOf(content []byte) v1.Hash {
	sum := sha256.Sum256(content)
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
}
