package document

import (
	"slices"
	"strconv"
)

// metadata takes what a CycloneDX document says of itself.
func (j *jsonReader) metadata(value any) {
	j.doc.Created = asText(at(value, "timestamp"))
	tools := at(value, "tools")
	for _, group := range [][]any{list(tools), list(at(tools, "components")), list(at(tools, "services"))} {
		for _, tool := range group {
			j.doc.addTool(Tool{asText(at(tool, "name")), asText(at(tool, "version"))})
		}
	}
	component, ok := at(value, "component").(map[string]any)
	if !ok {
		return
	}
	s := Subject{
		ID: asText(component["bom-ref"]), Name: asText(component["name"]),
		Version: asText(component["version"]), PURL: asText(component["purl"]),
	}
	for _, hash := range list(component["hashes"]) {
		s.Hashes = append(s.Hashes, Hash{asText(at(hash, "alg")), asText(at(hash, "content"))})
	}
	j.doc.Name, j.doc.Subjects = s.Name, []Subject{s}
}

func (d *Document) addTool(tool Tool) {
	if tool.Name != "" && len(d.Tools) < MaxTools {
		d.Tools = append(d.Tools, tool)
	}
}

// scan looks through a value for what may stand anywhere in CycloneDX: bom-refs
// and signatures.
func (j *jsonReader) scan(value any, line int) error {
	switch value := value.(type) {
	case map[string]any:
		return j.scanObject(value, line)
	case []any:
		for i, element := range value {
			switch element.(type) {
			case map[string]any, []any:
				if err := j.scanAt(step{index: i}, element, line); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// scanAt scans what stands one step below.
func (j *jsonReader) scanAt(s step, value any, line int) error {
	j.trail = append(j.trail, s)
	err := j.scan(value, line)
	j.trail = j.trail[:len(j.trail)-1]
	return err
}

func (j *jsonReader) scanObject(object map[string]any, line int) error {
	if j.trail[len(j.trail)-1].name == "signature" {
		j.signature(j.trail.String(), object)
		return nil
	}
	if ref, ok := object["bom-ref"].(string); ok {
		if err := j.ids.add(ref, line, func() string { return j.trail.String() + "/bom-ref" }); err != nil {
			return err
		}
	}
	for _, name := range nested(object) {
		if err := j.scanAt(named(name), object[name], line); err != nil {
			return err
		}
	}
	return nil
}

// nested gives the names of the members that have members, in one order.
func nested(object map[string]any) []string {
	names := make([]string, 0, 8)
	for name, member := range object {
		switch member.(type) {
		case map[string]any, []any:
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// signature takes in a JSF signature: one, several beside each other (signers)
// or one above the other (chain).
func (j *jsonReader) signature(path string, value map[string]any) {
	for _, several := range []string{"signers", "chain"} {
		if group, ok := value[several].([]any); ok {
			for i, one := range group {
				j.oneSignature(path+"/"+several+"/"+strconv.Itoa(i), one)
			}
			return
		}
	}
	j.oneSignature(path, value)
}

func (j *jsonReader) oneSignature(path string, value any) {
	j.doc.addSignature(Signature{
		Kind: JSF, Where: path, Algorithm: asText(at(value, "algorithm")), KeyID: asText(at(value, "keyId")),
		EmbeddedKey: at(value, "publicKey") != nil, Certificates: at(value, "certificatePath") != nil,
	})
}

func (d *Document) addSignature(s Signature) {
	if d.SignatureCount++; len(d.Signatures) < MaxSignatures {
		d.Signatures = append(d.Signatures, s)
	}
}
