package pkcs11

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A PIN is kept in one page of memory that is locked, and in no core file. The module makes copies of its own as it logs
// in, as does the binding on the C heap: those are out of reach here.
type PIN struct {
	page []byte
	n    int
}

// NewPIN takes over a PIN of 1 to 256 bytes, and erases pin. Without a lock on the memory there is none.
func NewPIN(pin []byte) (*PIN, error) {
	defer clear(pin)
	if len(pin) < 1 || len(pin) > 256 {
		return nil, fmt.Errorf("a PIN of %d bytes; 1 to 256 are possible", len(pin))
	}
	page, err := unix.Mmap(-1, 0, unix.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, fmt.Errorf("memory for the PIN: %w", err)
	}
	if err := unix.Mlock(page); err != nil {
		_ = unix.Munmap(page)
		return nil, fmt.Errorf("lock the memory of the PIN: %w", err)
	}
	_ = unix.Madvise(page, unix.MADV_DONTDUMP) // beside RLIMIT_CORE
	return &PIN{page, copy(page, pin)}, nil
}

// use lends the PIN, without a copy on Go's heap.
func (p *PIN) use(fn func(string) error) error { return fn(unsafe.String(&p.page[0], p.n)) }

// Bytes lends the PIN. It must not be kept.
func (p *PIN) Bytes() []byte { return p.page[:p.n] }

// Erase ends the PIN's use.
func (p *PIN) Erase() {
	clear(p.page)
	p.n = 0
}
