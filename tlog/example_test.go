package tlog_test

import (
	"fmt"
	"os"
	"strings"

	"stellad/tlog"
)

// A record, a proof and two keys are all that an auditor needs.
func ExampleProof_Verify() {
	read := func(name string) []byte {
		content, err := os.ReadFile("testdata/" + name)
		if err != nil {
			panic(err)
		}
		return content
	}
	key := func(name string) *tlog.VerifierKey {
		k, err := tlog.ParseVerifierKey(strings.TrimSuffix(string(read(name)), "\n"))
		if err != nil {
			panic(err)
		}
		return k
	}
	proof, err := tlog.ParseProof(read("record.tlog-proof"))
	if err != nil {
		panic(err)
	}
	log := []*tlog.VerifierKey{key("log.vkey")}
	quorum := tlog.Quorum{Need: 1, Witnesses: []*tlog.VerifierKey{key("witness.vkey")}}

	checkpoint, err := proof.Verify(tlog.LeafHash(read("record")), "example.com/log", log, quorum)
	if err != nil {
		panic(err)
	}
	fmt.Printf("record %d of the %d in %s\n", proof.Index, checkpoint.Size, checkpoint.Origin)
	for _, c := range checkpoint.Cosignatures {
		fmt.Printf("seen by %s at %s\n", c.Key.Name(), c.Time.Format("2006-01-02 15:04"))
	}

	_, err = proof.Verify(tlog.LeafHash([]byte("another record")), "example.com/log", log, quorum)
	fmt.Println(strings.SplitN(err.Error(), ":", 2)[0])
	// Output:
	// record 5 of the 13 in example.com/log
	// seen by witness.example/w1 at 2023-11-14 22:13
	// the Merkle proof does not hold
}
