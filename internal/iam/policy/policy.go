// Package policy is the IAM policy language: reading documents and deciding
// requests by them. It does no I/O and knows no entities.
package policy

// Document is a parsed policy document.
type Document struct{}

// Named is a document with the name that decisions show.
type Named struct {
	Name     string
	Document *Document
}
