// Stellad is the appliance's daemon. In this release it only says which release it is.
package main

import (
	"fmt"
	"io"
	"os"

	"stellad/internal/version"
)

const usage = `stellad is the daemon of the Stella appliance.

Usage:
  stellad --version    print the release and exit
  stellad --help       print this text and exit
`

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run answers the one option that args may hold and returns the exit status: 0 done, 1 the answer could not be
// written, 2 anything else asked.
func run(args []string, stdout, stderr io.Writer) int {
	answer := map[string]string{
		"--version": "stellad " + version.String + "\n",
		"--help":    usage,
		"-h":        usage,
	}
	if len(args) != 1 || answer[args[0]] == "" {
		fmt.Fprintln(stderr, "stellad: this release only answers --version and --help")
		return 2
	}
	if _, err := io.WriteString(stdout, answer[args[0]]); err != nil {
		fmt.Fprintf(stderr, "stellad: %v\n", err)
		return 1
	}
	return 0
}
