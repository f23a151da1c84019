package access

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// read gives the bytes of the policy at path, which must be a file that only root or owner can have written. It is
// opened once, and what is looked at and read is that one file, whatever the name leads to by then. A link is not
// followed and a pipe not waited for. Errors wrap ErrPolicy, and fs.ErrNotExist where nothing is there.
func read(path string, owner uint32) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if errors.Is(err, syscall.ELOOP) {
		return nil, &refusal{path, "a symbolic link: put the file itself there", err}
	}
	if err != nil {
		return nil, &refusal{path, plainly(err).Error(), err}
	}
	defer f.Close()
	if err := guarded(f, owner); err != nil {
		return nil, &refusal{path, err.Error(), nil}
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, &refusal{path, plainly(err).Error(), err}
	}
	return text, nil
}

// guarded tells what is wrong with an open policy file, and the command that mends it.
func guarded(f *os.File, owner uint32) error {
	info, err := f.Stat()
	if err != nil {
		return plainly(err)
	}
	if !info.Mode().IsRegular() {
		return errors.New("not a regular file: put the policy itself there")
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return errors.New("its owner cannot be told on this system")
	}
	if stat.Uid != 0 && stat.Uid != owner {
		return fmt.Errorf("belongs to uid %d, who could change it at will: chown root %s", stat.Uid, f.Name())
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return fmt.Errorf("others than its owner may write it (mode %04o): chmod go-w %s", mode, f.Name())
	}
	return nil
}

// plainly drops the call and the path that an *fs.PathError repeats.
func plainly(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
