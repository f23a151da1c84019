package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"stellad/audit"
)

// erasing is an erasure under way: its record, as it was to be written, and the places
// to overwrite. The file has a frame for each.
type erasing struct {
	rec   audit.Record
	spans []span
}

func (e erasing) frames() ([]byte, error) {
	line, err := e.rec.Line()
	if err != nil {
		return nil, err
	}
	b := appendFrame(nil, markFile, line)
	for _, s := range e.spans {
		b = appendFrame(b, markMore, fmt.Appendf(nil, "%d %d %d %d", s.Seq, s.File, s.At, s.Size))
	}
	return b, nil
}

// readErasing gives the erasure under way, or nil.
func (f *files) readErasing() (*erasing, error) {
	path := f.path("erasing")
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	e := &erasing{}
	for at := 0; at < len(b); {
		fr, ok := parseFrame(b[at:])
		if !ok || (fr.mark == markFile) != (at == 0) {
			return nil, damaged(path, int64(at), "the frame does not read")
		}
		if err := e.parse(fr); err != nil {
			return nil, damaged(path, int64(at), "%v", err)
		}
		at += fr.size
	}
	return e, e.whole(path)
}

func (e *erasing) parse(fr frame) error {
	if fr.mark == markFile {
		rec, err := audit.ParseLine(fr.line)
		if err == nil {
			e.rec = *rec
		}
		return err
	}
	var s span
	_, err := fmt.Sscanf(string(fr.line), "%d %d %d %d", &s.Seq, &s.File, &s.At, &s.Size)
	e.spans = append(e.spans, s)
	return err
}

// whole refuses a file that was cut between frames.
func (e *erasing) whole(path string) error {
	body, err := e.rec.Decode()
	if err != nil {
		return damaged(path, 0, "%v", err)
	}
	b, ok := body.(*audit.Erase)
	if !ok || len(b.Seqs) != len(e.spans) {
		return damaged(path, 0, "it names %d places, and not those of its record", len(e.spans))
	}
	return nil
}

// overwriteErasing overwrites the texts of an erasure that a crash interrupted.
func (f *files) overwriteErasing() error {
	e, err := f.readErasing()
	if err != nil || e == nil {
		return err
	}
	f.tell("an erasure of %d annotations was interrupted, and is finished", len(e.spans))
	for _, s := range e.spans {
		file, err := os.OpenFile(notesPath(f.dir, s.File), os.O_RDWR, 0)
		if err != nil {
			return missing(err)
		}
		if err := errors.Join(f.overwrite(file, s), file.Close()); err != nil {
			return err
		}
	}
	return nil
}

// overwrite overwrites one annotation in its place, and syncs.
func (f *files) overwrite(file *os.File, s span) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	line := erasedLine(s.Seq, s.Size-overhead)
	if s.At < 0 || s.At+int64(s.Size) > info.Size() || len(line) != s.Size-overhead {
		return damaged(file.Name(), s.At, "there is no annotation of %d bytes to erase", s.Size)
	}
	if err := f.sys.write(file, appendFrame(nil, markMore, line), s.At); err != nil {
		return err
	}
	return f.sys.sync(file)
}
