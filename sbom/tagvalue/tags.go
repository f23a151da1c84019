package tagvalue

// Section is a part of a document; the first tag that it names begins it.
type Section string

// The sections of SPDX 2.3, chapters 6 to 13.
const (
	Creation     Section = "document"
	Package      Section = "package"
	File         Section = "file"
	Snippet      Section = "snippet"
	License      Section = "licence"
	relationship Section = "relationship"
	annotation   Section = "annotation"
	review       Section = "review"
	reference    Section = "external reference"
	artifact     Section = "artifact of a project"
)

// rule is what the specification says of a tag.
type rule struct {
	section  Section
	begins   bool // it begins its section
	required bool
	many     bool
	long     bool // it may have lines
	check    func(value string) string
}

// small are the sections that stand within another, and end with the first tag
// that is not theirs.
var small = map[Section]bool{relationship: true, annotation: true, review: true, reference: true, artifact: true}

func must(s Section, check func(string) string) rule {
	return rule{section: s, required: true, check: check}
}
func may(s Section, check func(string) string) rule { return rule{section: s, check: check} }
func text(s Section) rule                           { return rule{section: s, long: true, check: anything} }
func (r rule) first() rule                          { r.begins, r.required = true, true; return r }
func (r rule) often() rule                          { r.many = true; return r }
func (r rule) needed() rule                         { r.required = true; return r }

// tags are all but SPDXID, which three sections have.
var tags = map[string]rule{
	"SPDXVersion":         must(Creation, line),
	"DataLicense":         must(Creation, is("CC0-1.0")),
	"DocumentName":        must(Creation, line),
	"DocumentNamespace":   must(Creation, namespace),
	"ExternalDocumentRef": may(Creation, externalDocument).often(),
	"LicenseListVersion":  may(Creation, matches(`[0-9]+\.[0-9]+(\.[0-9]+)?`, "a version such as 3.17")),
	"Creator":             must(Creation, creator).often(),
	"Created":             must(Creation, date),
	"CreatorComment":      text(Creation),
	"DocumentComment":     text(Creation),

	"PackageName":                 may(Package, line).first(),
	"PackageVersion":              may(Package, line),
	"PackageFileName":             may(Package, line),
	"PackageSupplier":             may(Package, actor),
	"PackageOriginator":           may(Package, actor),
	"PackageDownloadLocation":     must(Package, word),
	"FilesAnalyzed":               may(Package, is("true", "false")),
	"PackageVerificationCode":     may(Package, verificationCode),
	"PackageChecksum":             may(Package, checksum).often(),
	"PackageHomePage":             may(Package, word),
	"PackageSourceInfo":           text(Package),
	"PackageLicenseConcluded":     may(Package, expression),
	"PackageLicenseInfoFromFiles": may(Package, expression).often(),
	"PackageLicenseDeclared":      may(Package, expression),
	"PackageLicenseComments":      text(Package),
	"PackageCopyrightText":        text(Package),
	"PackageSummary":              text(Package),
	"PackageDescription":          text(Package),
	"PackageComment":              text(Package),
	"PackageAttributionText":      text(Package).often(),
	"PrimaryPackagePurpose": may(Package, is("APPLICATION", "FRAMEWORK", "LIBRARY", "CONTAINER", "OPERATING-SYSTEM", "DEVICE",
		"FIRMWARE", "SOURCE", "ARCHIVE", "FILE", "INSTALL", "OTHER")),
	"ReleaseDate":    may(Package, date),
	"BuiltDate":      may(Package, date),
	"ValidUntilDate": may(Package, date),

	"ExternalRef":        may(reference, externalRef).first(),
	"ExternalRefComment": text(reference),

	"FileName": may(File, line).first(),
	"FileType": may(File, is("SOURCE", "BINARY", "ARCHIVE", "APPLICATION", "AUDIO", "IMAGE", "TEXT", "VIDEO", "DOCUMENTATION",
		"SPDX", "OTHER")).often(),
	"FileChecksum":        must(File, checksum).often(),
	"LicenseConcluded":    may(File, expression),
	"LicenseInfoInFile":   may(File, expression).often(),
	"LicenseComments":     text(File),
	"FileCopyrightText":   text(File),
	"FileComment":         text(File),
	"FileNotice":          text(File),
	"FileContributor":     may(File, line).often(),
	"FileAttributionText": text(File).often(),
	"FileDependency":      may(File, line).often(),

	"ArtifactOfProjectName":     may(artifact, line).first(),
	"ArtifactOfProjectHomePage": may(artifact, line),
	"ArtifactOfProjectURI":      may(artifact, line),

	"SnippetSPDXID":           may(Snippet, ownID).first(),
	"SnippetFromFileSPDXID":   must(Snippet, anyID),
	"SnippetByteRange":        must(Snippet, byteRange),
	"SnippetLineRange":        may(Snippet, byteRange),
	"SnippetLicenseConcluded": may(Snippet, expression),
	"LicenseInfoInSnippet":    may(Snippet, expression).often(),
	"SnippetLicenseComments":  text(Snippet),
	"SnippetCopyrightText":    text(Snippet),
	"SnippetComment":          text(Snippet),
	"SnippetName":             may(Snippet, line),
	"SnippetAttributionText":  text(Snippet).often(),

	"LicenseID":             may(License, matches(`LicenseRef-[A-Za-z0-9.-]+`, "a LicenseRef- with letters, digits, . and -")).first(),
	"ExtractedText":         text(License).needed(),
	"LicenseName":           may(License, line),
	"LicenseCrossReference": may(License, line).often(),
	"LicenseComment":        text(License),

	"Relationship":        may(relationship, related).first(),
	"RelationshipComment": text(relationship),

	"Annotator":         may(annotation, annotator).first(),
	"AnnotationDate":    must(annotation, date),
	"AnnotationType":    must(annotation, is("REVIEW", "OTHER")),
	"SPDXREF":           must(annotation, anyID),
	"AnnotationComment": text(annotation).needed(),

	"Reviewer":      may(review, annotator).first(),
	"ReviewDate":    must(review, date),
	"ReviewComment": text(review),
}

// spdxID is the rule of SPDXID, by the section that it stands in.
var spdxID = map[Section]rule{
	Creation: must(Creation, is("SPDXRef-DOCUMENT")),
	Package:  must(Package, ownID),
	File:     must(File, ownID),
}
