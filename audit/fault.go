package audit

import (
	"errors"
	"fmt"
)

// ErrTampered says that an export, a proof, or a log that is to be exported does not
// hold: the answer is a verdict, and negative.
var ErrTampered = errors.New("the audit log does not hold")

// ErrExport says that there is nothing to judge: what was given can't be read, is no
// export, or does not reach back to what it is to be compared with.
var ErrExport = errors.New("not a readable export of an audit log")

// tampered names the file and record that do not hold.
func tampered(where string, err error) error {
	return fmt.Errorf("%w: %s: %w", ErrTampered, where, err)
}

func tamperedf(where, format string, args ...any) error {
	return tampered(where, fmt.Errorf(format, args...))
}

// orTampered gives err, or where there is none a verdict.
func orTampered(err error, where, why string) error {
	if err != nil {
		return err
	}
	return tampered(where, errors.New(why))
}

func unreadable(where string, err error) error {
	return fmt.Errorf("%w: %s: %w", ErrExport, where, err)
}
