package event

import _ "embed"

// Schema is the JSON Schema (draft 2020-12) of one mail event, for those who
// read the events elsewhere.
//
//go:embed schema.json
var Schema []byte
