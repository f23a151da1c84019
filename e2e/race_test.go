//go:build race

package e2e

// raced: the programs run with the race detector, which takes several times their memory.
const raced = true
