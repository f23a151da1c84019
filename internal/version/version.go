// Package version holds the release's name, which the Makefile links in.
package version

// String names the release that was built, as `git describe` does, or "devel" for a build by hand.
var String = "devel"
