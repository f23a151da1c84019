package ocilayout

import (
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const refName = "org.opencontainers.image.ref.name" // annotations.md

// walk follows descriptors from index.json, depth first.
type walk struct {
	archive  *archive
	images   []Image
	reached  int              // descriptors so far, at most maxDescriptors
	followed map[reading]bool // each text once as each media type, however often it is named
}

type reading struct {
	digest    v1.Hash
	mediaType types.MediaType
}

// root reads index.json. No blob names it, so its digest is that of its bytes.
func (w *walk) root() error {
	file, ok := w.archive.regular("index.json")
	if !ok {
		return notLayout("the tar has no file index.json at its root: save the image again")
	}
	text, err := w.archive.content(file)
	if err != nil {
		return err
	}
	w.images = append(w.images, Image{
		Digest:    digestOf(text).String(),
		Kind:      "index",
		MediaType: string(types.OCIImageIndex),
		Name:      "index.json",
	})
	return w.index(text, types.OCIImageIndex, "index.json", 0)
}

// index follows an index that is depth indexes below index.json.
func (w *walk) index(text []byte, mediaType types.MediaType, where string, depth int) error {
	m, err := decode[indexText](text, where)
	if err != nil {
		return err
	}
	if err := checkType(m.SchemaVersion, m.MediaType, mediaType, where); err != nil {
		return err
	}
	if m.Manifests == nil || m.Config != nil || m.Layers != nil {
		return notLayout("%s: an index has manifests, and neither config nor layers: save the image again", where)
	}
	for i, d := range m.Manifests {
		if err := w.image(d, fmt.Sprintf("%s: manifests[%d]", where, i), depth); err != nil {
			return err
		}
	}
	return checkSubject(m.Subject, where)
}

// image takes a descriptor that an index at this depth has, and follows it.
func (w *walk) image(d v1.Descriptor, where string, depth int) error {
	image := Image{MediaType: string(d.MediaType)}
	switch {
	case d.MediaType.IsImage():
		image.Kind = "manifest"
	case d.MediaType.IsIndex():
		image.Kind = "index"
	default:
		return notLayout("%s is of media type %.100q, neither image manifest nor image index: save the image without it", where, d.MediaType)
	}
	if err := w.reach(d, where); err != nil {
		return err
	}
	image.Digest = d.Digest.String()
	if depth == 0 {
		image.Name = d.Annotations[refName] // valid in index.json only (annotations.md)
	}
	if d.Platform != nil {
		image.Platform = d.Platform.String()
	}
	w.images = append(w.images, image)
	return w.follow(d, depth)
}

// follow reads what d names, unless it has been read as this media type before.
func (w *walk) follow(d v1.Descriptor, depth int) error {
	as := reading{d.Digest, d.MediaType}
	if w.followed[as] {
		return nil
	}
	w.followed[as] = true
	text, err := w.archive.manifestText(d.Digest)
	if err != nil {
		return err
	}
	where := blobs + d.Digest.Hex
	switch {
	case d.MediaType.IsImage():
		return w.manifest(text, d.MediaType, where)
	case depth == maxNesting:
		return notLayout("%s: indexes are nested more than %d deep: save the image again", where, maxNesting)
	default:
		return w.index(text, d.MediaType, where, depth+1)
	}
}

func (w *walk) manifest(text []byte, mediaType types.MediaType, where string) error {
	m, err := decode[manifestText](text, where)
	if err != nil {
		return err
	}
	if err := checkType(m.SchemaVersion, m.MediaType, mediaType, where); err != nil {
		return err
	}
	if m.Layers == nil || m.Manifests != nil {
		return notLayout("%s: a manifest has layers and no manifests: save the image again", where)
	}
	if err := w.reach(m.Config, where+": config"); err != nil {
		return err
	}
	for i, d := range m.Layers {
		if err := w.reach(d, fmt.Sprintf("%s: layers[%d]", where, i)); err != nil {
			return err
		}
	}
	return checkSubject(m.Subject, where)
}

// reach counts a descriptor and checks that its blob is there.
func (w *walk) reach(d v1.Descriptor, where string) error {
	if w.reached++; w.reached > maxDescriptors {
		return notLayout("%s: index.json leads to more than %d descriptors: save fewer images in one file", where, maxDescriptors)
	}
	return w.archive.holds(d, where)
}

// checkSubject checks a subject's inline data. Its blob may well be elsewhere.
func checkSubject(d *v1.Descriptor, where string) error {
	if d == nil {
		return nil
	}
	return checkInline(*d, where+": subject")
}
