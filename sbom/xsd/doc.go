// Package xsd holds the elements of a document, one after another, against an
// XML Schema (XSD 1.0), keeping no more of them than are open.
//
// It knows the part of XSD that the schemas of CycloneDX 1.4 to 1.6 use, and
// Compile refuses a schema that uses another. Two rules are narrower than the
// specification's: xsi:type and xsi:nil are refused in documents, since they
// make an element something else than its name says.
package xsd
