package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// maxDepth bounds the nesting of a document. The grammar needs six levels:
// document, Statement list, statement, Condition, operator, list of values.
const maxDepth = 12

// nodeKind tells what a JSON value is.
type nodeKind int

const (
	nullNode nodeKind = iota
	stringNode
	scalarNode // a number or a boolean, kept as its text
	objectNode
	listNode
)

// node is a JSON value with the order and the names of members kept.
type node struct {
	kind    nodeKind
	text    string
	names   []string // of an object, in step with items
	items   []node
	indexOf map[string]int
	// begin and end are byte offsets: the end of the token before the value, and
	// the end of the value.
	begin, end int
}

// member returns the named member of an object, or nil.
func (n *node) member(name string) *node {
	if i, ok := n.indexOf[name]; ok {
		return &n.items[i]
	}
	return nil
}

// readJSON reads one JSON value. It refuses what encoding/json lets pass:
// members named twice, text that is not UTF-8, deep nesting.
func readJSON(data []byte) (node, error) {
	if !utf8.Valid(data) {
		return node{}, errors.New("not UTF-8")
	}
	if !json.Valid(data) {
		return node{}, errors.New("not JSON")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return readValue(d, 0)
}

func readValue(d *json.Decoder, depth int) (node, error) {
	if depth > maxDepth {
		return node{}, fmt.Errorf("nested deeper than %d levels", maxDepth)
	}
	tok, err := d.Token()
	if err != nil {
		return node{}, err
	}
	switch t := tok.(type) {
	case string:
		return node{kind: stringNode, text: t}, nil
	case json.Number:
		return node{kind: scalarNode, text: t.String()}, nil
	case bool:
		return node{kind: scalarNode, text: fmt.Sprint(t)}, nil
	case json.Delim:
		if t == '{' {
			return readObject(d, depth)
		}
		return readList(d, depth)
	}
	return node{kind: nullNode}, nil
}

func readObject(d *json.Decoder, depth int) (node, error) {
	n := node{kind: objectNode, indexOf: map[string]int{}}
	for d.More() {
		tok, err := d.Token()
		if err != nil {
			return node{}, err
		}
		name, _ := tok.(string)
		if _, dup := n.indexOf[name]; dup {
			return node{}, fmt.Errorf("member %q stands twice", name)
		}
		begin := int(d.InputOffset())
		v, err := readValue(d, depth+1)
		if err != nil {
			return node{}, err
		}
		v.begin, v.end = begin, int(d.InputOffset())
		n.indexOf[name] = len(n.items)
		n.names = append(n.names, name)
		n.items = append(n.items, v)
	}
	_, err := d.Token() // the closing brace
	return n, err
}

func readList(d *json.Decoder, depth int) (node, error) {
	n := node{kind: listNode}
	for {
		begin := int(d.InputOffset()) // before More, which reads on
		if !d.More() {
			break
		}
		v, err := readValue(d, depth+1)
		if err != nil {
			return node{}, err
		}
		v.begin, v.end = begin, int(d.InputOffset())
		n.items = append(n.items, v)
	}
	_, err := d.Token() // the closing bracket
	return n, err
}
