// Rbacpage writes docs/rbac.md to the file that its argument names.
package main

import (
	"fmt"
	"os"

	"stellad/daemon"
)

func main() {
	page, err := daemon.RBACPage()
	if err == nil {
		err = os.WriteFile(os.Args[1], []byte(page), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "rbacpage:", err)
		os.Exit(1)
	}
}
