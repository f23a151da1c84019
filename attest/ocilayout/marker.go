package ocilayout

import (
	"bytes"
	"errors"
	"io"
	"strings"
)

// layoutText is the oci-layout file (image-layout.md, oci-layout file).
type layoutText struct {
	Version string `json:"imageLayoutVersion"`
}

// checkLayout checks that the archive, whole and plain, is a layout of version
// 1.0.x, or says what else it is.
func (a *archive) checkLayout() error {
	marker, oci := a.regular("oci-layout")
	if _, docker := a.regular("manifest.json"); docker && !oci {
		return notLayout("the file is a docker-archive: convert it with skopeo copy docker-archive:FILE oci-archive:NEW")
	}
	if a.irregular != nil {
		return a.irregular
	}
	if err := a.checkEnd(); err != nil {
		return err
	}
	if !oci {
		return notLayout("the tar has no file oci-layout at its root: write it with skopeo copy … oci-archive:FILE or tar -C DIR -cf FILE .")
	}
	return a.checkVersion(marker)
}

func (a *archive) checkVersion(marker entry) error {
	text, err := a.content(marker)
	if err != nil {
		return err
	}
	layout, err := decode[layoutText](text, marker.path)
	if err != nil {
		return err
	}
	patch, ok := strings.CutPrefix(layout.Version, "1.0.")
	if !ok || patch == "" || strings.Trim(patch, "0123456789") != "" {
		return notLayout("oci-layout: imageLayoutVersion is %.100q, not 1.0.x: save the image in that version", layout.Version)
	}
	return nil
}

// checkEnd wants the two blocks of zeros that end a tar, then nothing but zeros:
// a reader that skips zeros would find more entries there.
func (a *archive) checkEnd() error {
	rest := a.size - a.end
	if rest < 2*block {
		return a.truncated()
	}
	n, err := io.Copy(zeros{}, io.NewSectionReader(a.r, a.end, rest))
	if errors.Is(err, errNotZero) {
		return notLayout("bytes follow the tar's end at byte %d: save the image again into a new file", a.end)
	}
	if err == nil && n < rest {
		return a.truncated()
	}
	return err
}

// zeros takes zeros alone.
type zeros struct{}

var errNotZero = errors.New("not zero")

func (zeros) Write(p []byte) (int, error) {
	if bytes.Count(p, []byte{0}) != len(p) {
		return 0, errNotZero
	}
	return len(p), nil
}
