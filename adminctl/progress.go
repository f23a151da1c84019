package main

import (
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows on stderr how far long work is, where stderr is a terminal.
type progress struct{ bar *progressbar.ProgressBar }

// newProgress is silent for one piece of work: it is over before it is read.
func newProgress(stderr io.Writer, pieces int) progress {
	f, isFile := stderr.(*os.File)
	if !isFile || pieces < 2 || !term.IsTerminal(int(f.Fd())) {
		return progress{}
	}
	return progress{progressbar.NewOptions(pieces,
		progressbar.OptionSetWriter(f), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())}
}

// step counts one piece. It may be called from several goroutines.
func (p progress) step() {
	if p.bar != nil {
		_ = p.bar.Add(1)
	}
}

func (p progress) done() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
