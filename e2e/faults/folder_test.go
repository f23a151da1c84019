package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	stellav1 "stellad/api/stella/v1"
)

// A sample is a state folder with something of everything in it, and what a daemon said that it holds.
type sample struct {
	home
	yesterday string // the folder as it was some records before
	holds     content
}

// content is what a daemon says that its state holds.
type content struct {
	rows        []row
	checkpoints map[string]string // by name in an export; the audit key is one of them
	parts       map[string]string // of status: what is in force
}

// newSample makes a sample of a daemon that stopped in order, or was killed.
func newSample(t *testing.T, killed bool) sample {
	t.Helper()
	h, k := newHome(t, ""), newAcks()
	a := h.start(t)
	a.fill(t, k, 5)
	a.stop(t)
	s := sample{home: h, yesterday: h.path("yesterday")}
	copyFolder(t, s.yesterday, h.state)
	a = h.start(t)
	a.fill(t, k, 4)
	a.export(t)
	a.erase(t)
	a.fill(t, k, 1)
	if s.holds = a.content(t); killed {
		a.kill()
	} else {
		a.stop(t)
	}
	return s
}

// erase erases the first annotation that there is.
func (a *appliance) erase(t testing.TB) {
	t.Helper()
	rows, err := a.records(within(t))
	must(t, err)
	i := slices.IndexFunc(rows, func(r row) bool { return r.annotation != "" })
	_, err = a.audit.Erase(within(t), &stellav1.EraseRequest{Seqs: []uint64{uint64(i)}})
	must(t, err)
}

// export takes an export, and gives its files.
func (a *appliance) export(t testing.TB) map[string]string {
	t.Helper()
	stream, err := a.audit.Export(within(t), &stellav1.ExportRequest{})
	must(t, err)
	files := map[string]string{}
	for {
		piece, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return files
		}
		must(t, err)
		files[piece.GetName()] += string(piece.GetContent())
	}
}

func (a *appliance) content(t testing.TB) content {
	t.Helper()
	c, err := a.tryContent(within(t))
	must(t, err)
	for name, text := range a.export(t) {
		if strings.Contains(path.Dir(name), "checkpoint") || strings.HasSuffix(name, ".vkey") {
			c.checkpoints[name] = text
		}
	}
	return c
}

// tryContent is what can be had of a log that takes no records: without an export.
func (a *appliance) tryContent(ctx context.Context) (content, error) {
	c := content{checkpoints: map[string]string{}, parts: map[string]string{}}
	var err error
	if c.rows, err = a.records(ctx); err != nil {
		return c, err
	}
	status, err := a.status.Status(ctx, &stellav1.StatusRequest{})
	for _, part := range status.GetParts() {
		if part.GetName() == "genesis" || part.GetName() == "access" {
			c.parts[part.GetName()] = strings.ReplaceAll(part.GetState(), a.dir, "")
		}
	}
	return c, err
}

// lacks says what of c is missing or other in now; "" where nothing is.
func (c content) lacks(now content) string {
	for i, r := range c.rows {
		switch {
		case i >= len(now.rows):
			return fmt.Sprintf("record %d is missing", i)
		case r != now.rows[i]:
			return fmt.Sprintf("record %d is %v, was %v", i, now.rows[i], r)
		}
	}
	for name, text := range c.checkpoints {
		if now.checkpoints[name] != text {
			return fmt.Sprintf("%s is other", name)
		}
	}
	if !maps.Equal(c.parts, now.parts) {
		return fmt.Sprintf("%v, was %v", now.parts, c.parts)
	}
	return ""
}

// copyFolder copies a folder; what is zero takes no room.
func copyFolder(t testing.TB, to, from string) {
	t.Helper()
	run(t, "cp", "-a", "--sparse=always", from, to)
}

// files are the files of a folder, by path below it.
func files(t testing.TB, dir string) (all []string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			all = append(all, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	}))
	return all
}

// trimmed is a file's content without the zeros at its end, and its size.
func trimmed(t testing.TB, name string) (data []byte, size int64) {
	t.Helper()
	all, err := os.ReadFile(name)
	must(t, err)
	return bytes.Clone(bytes.TrimRight(all, "\x00")), int64(len(all))
}
