package daemon

// pieces reads content that comes by pieces, of whose stream next is the rest: io.EOF is its end.
type pieces struct {
	rest []byte
	next func() ([]byte, error)
}

func (p *pieces) Read(to []byte) (n int, err error) {
	for len(p.rest) == 0 {
		if p.rest, err = p.next(); err != nil {
			return 0, err
		}
	}
	n = copy(to, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// pieceWriter sends what is written to it, by pieces of maxPiece at most.
type pieceWriter func(piece []byte) error

func (send pieceWriter) Write(text []byte) (n int, err error) {
	for n < len(text) {
		piece := text[n:min(len(text), n+maxPiece)]
		if err := send(piece); err != nil {
			return n, err
		}
		n += len(piece)
	}
	return n, nil
}
