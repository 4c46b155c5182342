package logsapi

import (
	"slices"

	"waybill/internal/api/validate"
)

// Entity is CloudWatch Logs': what a batch of log events is about.
type Entity struct {
	KeyAttributes map[string]string `json:"keyAttributes,omitempty"`
	Attributes    map[string]string `json:"attributes,omitempty"`
}

// RejectedEntityInfo tells why an entity was not taken; the events were.
type RejectedEntityInfo struct {
	ErrorType string `json:"errorType"`
}

// entityKeys are the key attributes that there are, and entityTypes what each
// type needs of them (CloudWatch User Guide, "How to add related information to
// telemetry").
var (
	entityKeys  = []string{"Type", "ResourceType", "Identifier", "Name", "Environment"}
	entityTypes = map[string][]string{
		"Service": {"Name", "Environment"}, "RemoteService": {"Name"}, "AWS::Service": {"Name"},
		"Resource": {"ResourceType", "Identifier"}, "AWS::Resource": {"ResourceType", "Identifier"},
	}
)

// check holds the entity against the model.
func (e *Entity) check() error {
	if e == nil {
		return nil
	}
	var v validate.Checks
	if n := int64(len(e.KeyAttributes)); e.KeyAttributes != nil {
		v.Range("entity.keyAttributes", n, 2, 4)
	}
	v.Range("entity.attributes", int64(len(e.Attributes)), 0, 10)
	for k, value := range e.KeyAttributes {
		v.Length("entity.keyAttributes", k, 1, 32)
		v.Length("entity.keyAttributes."+k, value, 1, 512)
	}
	for k, value := range e.Attributes {
		v.Length("entity.attributes", k, 1, 256)
		v.Length("entity.attributes."+k, value, 1, 512)
	}
	return v.Err(codeParameter)
}

// rejected tells what is wrong with an entity that the model allows; nil for nothing.
func (e *Entity) rejected() *RejectedEntityInfo {
	if e == nil {
		return nil
	}
	for k := range e.KeyAttributes {
		if !slices.Contains(entityKeys, k) {
			return &RejectedEntityInfo{"InvalidKeyAttributes"}
		}
	}
	kind, given := e.KeyAttributes["Type"]
	needed, known := entityTypes[kind]
	switch {
	case !given:
		return &RejectedEntityInfo{"MissingRequiredFields"}
	case !known:
		return &RejectedEntityInfo{"InvalidTypeValue"}
	}
	for _, k := range needed {
		if e.KeyAttributes[k] == "" {
			return &RejectedEntityInfo{"MissingRequiredFields"}
		}
	}
	return nil
}
