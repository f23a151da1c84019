package audit

import (
	_ "embed" // the texts that an export carries
	"iter"

	"stellad/tlog"
)

// guide tells an auditor how to check an export with stock tools alone, and
// verifier is the second implementation of Verify.
var (
	//go:embed VERIFY.md
	guide []byte
	//go:embed verify_audit.py
	verifier []byte
)

// Source is a log that stays as it is while it is exported. Each call starts anew,
// and what is yielded need only stay as it is until the next is drawn.
type Source interface {
	// Lines gives the leaves from first up to, and without, end, in order.
	Lines(first, end uint64) iter.Seq2[[]byte, error]
	// Annotations gives those of the same records that are not erased, by ascending seq.
	Annotations(first, end uint64) iter.Seq2[Annotation, error]
	// Checkpoints gives every checkpoint that was kept, by ascending size.
	Checkpoints() iter.Seq2[[]byte, error]
}

// ExportOptions say what an export covers.
type ExportOptions struct {
	Key        *tlog.VerifierKey // the audit key
	Checkpoint []byte            // the latest: the export ends with the last record that it covers
	Since      []byte            // an older checkpoint, after which the export starts; nil is from the first record
}

// Export writes an export: the files of docs/formats/audit.md §6, the latest
// checkpoint last, so that what was cut short is no export. It holds the log to
// everything that Verify would, and wraps ErrTampered where it does not hold; what
// was put until then is to be thrown away. Errors of src and put are wrapped. It
// keeps some 100 MiB at most, whatever the log's size, and 3 bits a record.
func Export(put Sink, src Source, opts ExportOptions) (*Result, error) {
	latest, err := openCheckpoint(opts.Checkpoint, opts.Key)
	if err != nil {
		return nil, tampered(fileCheckpoint, err)
	}
	e := &exporter{put: put, src: src, opts: opts}
	if err := e.since(latest.Size); err != nil {
		return nil, err
	}
	e.walk = newWalk(spanOf(e.from, latest.Size), opts.Key, latest, e.claims)
	e.walk.result.Since = e.from
	if err := e.prefix(); err != nil {
		return nil, err
	}
	if err := e.run(e.batches(), e.marks(), (*batch).read, e.take); err != nil {
		return nil, err
	}
	return e.result, e.rest()
}
