// Package jsondoc holds a JSON document of any size against its JSON schema,
// while reading it once and keeping one element of it at a time.
//
// It reads an object whose large members are arrays of its root. Their elements
// are checked one by one against the schema of the array's items, that they
// differ by their digests, and the rest of the root as one value. The text has
// one meaning: UTF-8, no name twice in an object (nor but for its case),
// nothing after the end, and caps on sizes, depth and numbers.
package jsondoc
