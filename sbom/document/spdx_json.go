package document

import (
	"regexp"
	"strings"

	"stellad/sbom/fault"
)

var spdxID = regexp.MustCompile(`\ASPDXRef-[A-Za-z0-9.-]+\z`)

// creation takes who made an SPDX document, and when.
func (j *jsonReader) creation(value any) {
	j.doc.Created = asText(at(value, "created"))
	for _, creator := range list(at(value, "creators")) {
		j.doc.addCreator(asText(creator))
	}
}

// addCreator takes the tools of SPDX's creators. Their version stands after the
// last hyphen, by the specification's example (§6.8), and may be missing.
func (d *Document) addCreator(creator string) {
	name, ok := strings.CutPrefix(creator, "Tool:")
	if !ok {
		return
	}
	name = strings.TrimSpace(name)
	if at := strings.LastIndexByte(name, '-'); at > 0 && startsWithDigit(strings.TrimPrefix(name[at+1:], "v")) {
		d.addTool(Tool{name[:at], name[at+1:]})
		return
	}
	d.addTool(Tool{Name: name})
}

func startsWithDigit(text string) bool { return text != "" && text[0] >= '0' && text[0] <= '9' }

// spdxElement takes in a package, a file or a snippet.
func (j *jsonReader) spdxElement(value any, line int) error {
	object, ok := value.(map[string]any)
	if !ok {
		return nil // the schema's business
	}
	id, ok := object["SPDXID"].(string)
	if !ok {
		return nil
	}
	path := func() string { return j.trail.String() + "/SPDXID" }
	if !spdxID.MatchString(id) {
		return fault.At(line, path(), "%s is no SPDXRef- with letters, digits, . and -", fault.Quote(id))
	}
	if err := j.ids.add(id, line, path); err != nil {
		return err
	}
	j.spdx.keep(spdxSubject(id, object))
	return nil
}

func spdxSubject(id string, object map[string]any) Subject {
	s := Subject{ID: id, Name: asText(object["name"]), Version: asText(object["versionInfo"])}
	if name, ok := object["fileName"].(string); ok {
		s.Name = name
	}
	for _, sum := range list(object["checksums"]) {
		s.Hashes = append(s.Hashes, Hash{asText(at(sum, "algorithm")), asText(at(sum, "checksumValue"))})
	}
	for _, ref := range list(object["externalRefs"]) {
		if at(ref, "referenceType") == "purl" && s.PURL == "" {
			s.PURL = asText(at(ref, "referenceLocator"))
		}
	}
	return s
}

func (j *jsonReader) relationship(value any) {
	j.spdx.relate(asText(at(value, "spdxElementId")), asText(at(value, "relationshipType")), asText(at(value, "relatedSpdxElement")))
}
