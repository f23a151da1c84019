// Package strictxml reads XML 1.0 with namespaces as a stream, of which two
// readers can't make two things: UTF-8, no document type, no entities but the
// five that XML has, no declaration of another encoding, and caps on depth,
// attributes and text.
//
// encoding/xml cuts the text into tokens. What it leaves out is here: that tags
// match, that prefixes are declared, that no attribute stands twice, that one
// element is the root and nothing but comments around it.
package strictxml
