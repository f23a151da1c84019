package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"stellad/audit"
	"stellad/internal/cli"
)

func addExportFlag(cmd *cobra.Command, export *string) {
	cmd.Flags().StringVar(export, "export", "", "the export: a folder or a .tar.gz `file`")
	_ = cmd.MarkFlagRequired("export")
}

// openExport opens an export for reading, and gives what closes it.
func openExport(ctx context.Context, name string) (fs.FS, func(), error) {
	dir, drop := name, func() {}
	if !isFolder(name) {
		var err error
		if dir, err = unpacked(ctx, name); err != nil {
			return nil, nil, err
		}
		drop = func() { _ = os.RemoveAll(dir) }
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		drop()
		return nil, nil, cli.BadInput(fmt.Errorf("%s: %w", name, plainly(err)))
	}
	return exportFiles{ctx, root}, func() { _ = root.Close(); drop() }, nil
}

// exportFiles are the files below a folder. They end with ctx, so that whoever reads them does.
type exportFiles struct {
	ctx  context.Context
	root *os.Root
}

// Open opens what can't keep its reader waiting, as a pipe can.
func (e exportFiles) Open(name string) (fs.File, error) {
	if err := e.ctx.Err(); err != nil {
		return nil, err
	}
	info, err := fs.Lstat(e.root.FS(), name)
	if err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		err = &fs.PathError{Op: "open", Path: name, Err: errors.New("not a regular file")}
	}
	if err != nil {
		return nil, err
	}
	return e.root.FS().Open(name)
}

// unpacked unpacks an archive into a new folder, which it removes where that fails.
func unpacked(ctx context.Context, name string) (dir string, err error) {
	file, err := openFile(name)
	if err != nil {
		return "", cli.BadInput(err)
	}
	defer file.Close()
	if dir, err = os.MkdirTemp("", "stella-export-"); err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			err = errors.Join(unpackFault(ctx, name, err), os.RemoveAll(dir))
		}
	}()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", err
	}
	defer root.Close()
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	room := maxSpread*info.Size() + minSpread
	return dir, audit.Unpack(file, func(name string, size int64, content io.Reader) error {
		if room -= size; room < 0 {
			return errSpread
		}
		return putFile(root, name, size, &endingReader{ctx, content})
	})
}

// An archive may unpack to maxSpread times its size, and minSpread: a log compresses to a tenth, a bomb to a thousandth.
const (
	maxSpread = 200
	minSpread = 64 << 20
)

var errSpread = errors.New("it unpacks to more than a log would; unpack it where there is room, and give the folder")

// unpackFault tells what the archive is to blame for from what this machine is.
func unpackFault(ctx context.Context, name string, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, audit.ErrExport), errors.Is(err, errFileName), errors.Is(err, errSpread):
		return cli.BadInput(fmt.Errorf("%s: %w", name, err))
	}
	return fmt.Errorf("%s: %w", name, err)
}

// endingReader reads until ctx ends.
type endingReader struct {
	ctx context.Context
	io.Reader
}

func (r *endingReader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(b)
}
