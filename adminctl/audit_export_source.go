package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"google.golang.org/grpc"

	stellav1 "stellad/api/stella/v1"
	"stellad/audit"
)

// An exportSource is an export that the daemon streams: pieces of files, whole files after whole files.
type exportSource struct {
	stream grpc.ServerStreamingClient[stellav1.ExportResponse]
	piece  *stellav1.ExportResponse // the next, not yet read; nil at the end
	last   string                   // the name of the last whole file
}

// begin waits for the first piece: the daemon lets the caller have an export.
func (s *exportSource) begin() error {
	err := s.next()
	if err == nil && s.piece == nil {
		err = errCutShort
	}
	return err
}

func (s *exportSource) next() (err error) {
	s.piece, err = s.stream.Recv()
	if errors.Is(err, io.EOF) {
		s.piece = nil
		return nil
	}
	return err
}

// errCutShort is of an export that can't be whole: its checkpoint is not its last file, or a file has not its size.
var errCutShort = errors.New("the daemon's export is cut short")

// each gives the files to put. The error that it returns means that what was put is no export.
func (s *exportSource) each(put audit.Sink) error {
	for s.piece != nil {
		if err := s.file(put); err != nil {
			return err
		}
	}
	if s.last != exportCheckpoint {
		return errCutShort
	}
	return nil
}

func (s *exportSource) file(put audit.Sink) error {
	name, size := s.piece.GetName(), s.piece.GetSize()
	if !fs.ValidPath(name) || name == "." || size < 0 {
		return fmt.Errorf("the daemon sent a file of no export: %.200q of %d bytes", name, size)
	}
	pieces := &filePieces{source: s, name: name, size: size, left: size}
	if err := pieces.take(); err != nil {
		return err
	}
	if err := put(name, size, pieces); err != nil {
		return err
	}
	if pieces.left > 0 || len(pieces.rest) > 0 {
		return fmt.Errorf("%s: %d bytes were not written", name, pieces.left)
	}
	s.last = name
	return s.next()
}

// filePieces reads one file. At its end the source still has its last piece.
type filePieces struct {
	source *exportSource
	name   string
	size   int64
	left   int64  // bytes in pieces to come
	rest   []byte // of the piece at hand
}

// take holds the piece at hand to the file.
func (p *filePieces) take() error {
	piece := p.source.piece
	n := int64(len(piece.GetContent()))
	switch {
	case piece.GetName() != p.name, piece.GetSize() != p.size, n == 0 && p.size != 0:
		return errCutShort
	case n > p.left:
		return fmt.Errorf("%s: the daemon sent more than its %d bytes", p.name, p.size)
	}
	p.rest, p.left = piece.GetContent(), p.left-n
	return nil
}

func (p *filePieces) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		if p.left == 0 {
			return 0, io.EOF
		}
		if err := p.source.next(); err != nil {
			return 0, err
		}
		if err := p.take(); err != nil {
			return 0, err
		}
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}
