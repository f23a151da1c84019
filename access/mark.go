package access

import "fmt"

// Mark names a policy that is in force, or was last: no older one follows it.
type Mark struct {
	Version uint64 // 0: there was none
	SHA256  string // in hex
}

// precedes tells whether a policy may follow the marked one, or be it again.
func (m Mark) precedes(next *Policy) error {
	switch {
	case next.Version < m.Version:
		return fmt.Errorf("version %d is older than %d, which was in force: raise version above %d", next.Version, m.Version, m.Version)
	case next.Version == m.Version && next.SHA256 != m.SHA256:
		return fmt.Errorf("changed, but still of version %d: raise version above %d", m.Version, m.Version)
	}
	return nil
}

// Mark is the policy's own.
func (p *Policy) Mark() Mark { return Mark{p.Version, p.SHA256} }
