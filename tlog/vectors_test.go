package tlog

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stellad/internal/vectors"
)

type noteRow struct {
	File      string   `json:"file"`
	Kind      string   `json:"kind"`
	Expect    string   `json:"expect"`
	Why       string   `json:"why"`
	Origin    string   `json:"origin"`
	Vkeys     []string `json:"vkeys"`
	Witnesses []string `json:"witness_vkeys"`
	LeafHash  string   `json:"leaf_hash"`
	Size      *uint64  `json:"size"`
	Ambiguous bool     `json:"ambiguous"` // the sources disagree: it must not panic
}

func TestNoteVectors(t *testing.T) {
	dir := vectors.Dir(t, "note")
	var rows []noteRow
	vectors.Manifest(t, dir, &rows)
	for _, row := range rows {
		t.Run(filepath.Base(row.File), func(t *testing.T) {
			content, err := os.ReadFile(filepath.Join(dir, row.File))
			if err != nil {
				t.Fatal(err)
			}
			err = row.judge(t, content)
			if accepted := err == nil; !row.Ambiguous && accepted != (row.Expect == "accept") {
				t.Errorf("%s: want %s, got %v", row.Why, row.Expect, err)
			}
		})
	}
}

func (row noteRow) judge(t *testing.T, content []byte) error {
	log, err := parseKeys(row.Vkeys)
	if err != nil {
		return err
	}
	witnesses, err := parseKeys(row.Witnesses)
	if err != nil {
		return err
	}
	var c *SignedCheckpoint
	switch row.Kind {
	case "vkey":
		_, err = ParseVerifierKey(strings.TrimSuffix(string(content), "\n"))
	case "signed-note":
		_, err = OpenNote(content, log...)
	case "checkpoint":
		c, err = OpenCheckpoint(content, row.Origin, log, Quorum{0, witnesses})
	case "cosigned-checkpoint":
		c, err = OpenCheckpoint(content, row.Origin, log, Quorum{1, witnesses})
	case "tlog-proof":
		return row.judgeProof(t, content, log, witnesses)
	default:
		t.Fatalf("rows of kind %q are not known", row.Kind)
	}
	if err == nil && row.Size != nil && c.Size != *row.Size {
		t.Errorf("size %d, want %d", c.Size, *row.Size)
	}
	return err
}

func (row noteRow) judgeProof(t *testing.T, content []byte, log, witnesses []*VerifierKey) error {
	p, err := ParseProof(content)
	if err != nil {
		return err
	}
	if string(p.Marshal()) != string(content) {
		t.Error("it reads back otherwise")
	}
	if len(log) == 0 {
		return nil // there is no key to verify it with: the row is about its form
	}
	leaf, ok := parseHash(row.LeafHash)
	if !ok {
		t.Fatalf("leaf hash %q", row.LeafHash)
	}
	_, err = p.Verify(leaf, row.Origin, log, Quorum{min(len(witnesses), 1), witnesses})
	return err
}

func parseKeys(vkeys []string) (keys []*VerifierKey, err error) {
	for _, vkey := range vkeys {
		key, err := ParseVerifierKey(vkey)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

type merkleRow struct {
	LeafIdx  uint64   `json:"leafIdx"`
	TreeSize uint64   `json:"treeSize"`
	Root     string   `json:"root"`
	LeafHash string   `json:"leafHash"`
	Size1    uint64   `json:"size1"`
	Size2    uint64   `json:"size2"`
	Root1    string   `json:"root1"`
	Root2    string   `json:"root2"`
	Proof    []string `json:"proof"`
	Desc     string   `json:"desc"`
	WantErr  bool     `json:"wantErr"`
	Case     string   `json:"case"`
}

func TestInclusionVectors(t *testing.T) {
	judgeMerkle(t, "inclusion.json", func(row merkleRow, h []Hash) error {
		return VerifyInclusion(h[0], row.LeafIdx, row.TreeSize, h[2:], h[1])
	}, func(row merkleRow) []string { return []string{row.LeafHash, row.Root} })
}

func TestConsistencyVectors(t *testing.T) {
	judgeMerkle(t, "consistency.json", func(row merkleRow, h []Hash) error {
		return VerifyConsistency(row.Size1, row.Size2, h[2:], h[0], h[1])
	}, func(row merkleRow) []string { return []string{row.Root1, row.Root2} })
}

// judgeMerkle runs each row of a file through verify, with the two hashes that ends
// picks and then the proof's.
func judgeMerkle(t *testing.T, file string, verify func(merkleRow, []Hash) error, ends func(merkleRow) []string) {
	text, err := os.ReadFile(filepath.Join(vectors.Dir(t, "merkle"), file))
	if err != nil {
		t.Fatal(err)
	}
	var rows []merkleRow
	if err := json.Unmarshal(text, &rows); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		t.Run(row.Case, func(t *testing.T) {
			hashes, length := decodeHashes(t, append(ends(row), row.Proof...))
			if length != 32 {
				// No Hash can hold it, which refuses the row before any proof is looked at.
				if !row.WantErr {
					t.Skipf("%s: a hash of %d bytes is none of SHA-256", row.Desc, length)
				}
				return
			}
			if err := verify(row, hashes); (err != nil) != row.WantErr {
				t.Errorf("%s: want an error: %t; got %v", row.Desc, row.WantErr, err)
			}
		})
	}
}

// decodeHashes gives the hashes, or the length of the first that is not of 32 bytes.
func decodeHashes(t *testing.T, b64 []string) (hashes []Hash, length int) {
	for _, s := range b64 {
		raw, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		if len(raw) != 32 {
			return nil, len(raw)
		}
		hashes = append(hashes, Hash(raw))
	}
	return hashes, 32
}
