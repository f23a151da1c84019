package findings_test

// A small report of each format, from which others are made: each with two names and three scores.
const (
	grypeText = `{
 "matches": [{
  "vulnerability": {"id": "GHSA-aaaa-bbbb-cccc", "namespace": "github:language:go", "severity": "High",
   "cvss": [{"version": "3.1", "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", "metrics": {"baseScore": 7.5}}],
   "fix": {"versions": ["1.2.4"], "state": "fixed"}},
  "relatedVulnerabilities": [{"id": "CVE-2024-0001", "namespace": "nvd:cpe", "severity": "Critical",
   "cvss": [{"source": "nvd@nist.gov", "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "metrics": {"baseScore": 9.8}},
            {"vector": "AV:N/AC:L/Au:N/C:P/I:P/A:P", "metrics": {"baseScore": 7.5}}]}],
  "artifact": {"name": "example.org/mod", "version": "v1.2.3", "purl": "pkg:golang/example.org/mod@v1.2.3"}}],
 "ignoredMatches": [{"vulnerability": {"id": "CVE-2024-9999"}, "artifact": {"name": "other"}}],
 "source": {"type": "image", "target": {"imageID": "sha256:1111111111111111111111111111111111111111111111111111111111111111",
  "manifestDigest": "sha256:2222222222222222222222222222222222222222222222222222222222222222",
  "repoDigests": ["r.example/a@sha256:3333333333333333333333333333333333333333333333333333333333333333", "r.example/b@sha512:33"]}},
 "descriptor": {"name": "grype", "version": "0.90.0", "timestamp": "2026-02-03T04:05:06.7+01:00"}}`

	trivyText = `{
 "SchemaVersion": 2, "CreatedAt": "2026-02-03T03:05:06.7Z", "ArtifactName": "r.example/a:1", "Trivy": {"Version": "0.60.0"},
 "Metadata": {"ImageID": "sha256:1111111111111111111111111111111111111111111111111111111111111111",
  "RepoDigests": ["r.example/a@sha256:3333333333333333333333333333333333333333333333333333333333333333"]},
 "Results": [{"Target": "a", "Class": "secret", "Secrets": [{"RuleID": "x"}]}, {"Target": "b",
  "Vulnerabilities": [{"VulnerabilityID": "CVE-2024-0001", "PkgName": "example.org/mod", "InstalledVersion": "v1.2.3",
   "PkgIdentifier": {"PURL": "pkg:golang/example.org/mod@v1.2.3"}, "FixedVersion": "1.2.4, 1.3.0", "Severity": "MEDIUM",
   "CVSS": {"nvd": {"V2Vector": "AV:N/AC:L/Au:N/C:P/I:P/A:P", "V2Score": 7.5, "V3Vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "V3Score": 9.8},
    "redhat": {"V40Score": 5.1}}}],
  "ExperimentalModifiedFindings": [{"Finding": {"VulnerabilityID": "CVE-2024-9999"}}]}]}`

	sarifText = `{
 "version": "2.1.0", "runs": [{
  "tool": {"driver": {"name": "Trivy", "version": "0.60.0", "rules": [
    {"id": "CVE-2024-0001", "defaultConfiguration": {"level": "error"}, "help": {"text": "Package: other"},
     "properties": {"security-severity": "9.8", "tags": ["vulnerability", "CRITICAL"]}}]}},
  "invocations": [{"executionSuccessful": true, "endTimeUtc": "2026-02-03T03:05:06Z"}],
  "results": [
   {"ruleId": "CVE-2024-0001", "ruleIndex": 0, "level": "error", "suppressions": [{"kind": "external"}],
    "message": {"text": "Package: example.org/mod\nInstalled Version: v1.2.3\nSeverity: CRITICAL\nFixed Version: 1.2.4"}},
   {"ruleId": "CVE-2024-0002", "kind": "pass", "message": {"text": "not there"}},
   {"ruleId": "CVE-2024-0003", "baselineState": "absent", "message": {"text": "no longer there"}}],
  "properties": {"imageID": "sha256:1111111111111111111111111111111111111111111111111111111111111111",
   "repoDigests": ["r.example/a@sha256:3333333333333333333333333333333333333333333333333333333333333333"]}}]}`

	cyclonedxText = `{
 "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
 "metadata": {"timestamp": "2026-02-03T03:05:06Z", "tools": {"components": [{"type": "application", "name": "scan", "version": "1"}]},
  "component": {"type": "container", "name": "a", "bom-ref": "root", "version": "sha256:2222222222222222222222222222222222222222222222222222222222222222",
   "purl": "pkg:oci/a@sha256%3A3333333333333333333333333333333333333333333333333333333333333333?arch=amd64",
   "hashes": [{"alg": "SHA-256", "content": "1111111111111111111111111111111111111111111111111111111111111111"}]}},
 "components": [{"type": "library", "bom-ref": "c1", "name": "outer", "components": [
   {"type": "library", "bom-ref": "c2", "group": "example.org", "name": "mod", "version": "v1.2.3", "purl": "pkg:golang/example.org/mod@v1.2.3"}]}],
 "vulnerabilities": [{"id": "GHSA-aaaa-bbbb-cccc", "source": {"name": "GitHub"}, "references": [{"id": "CVE-2024-0001", "source": {"name": "NVD"}}],
  "ratings": [{"source": {"name": "NVD"}, "score": 9.8, "severity": "critical", "method": "CVSSv31", "vector": "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
   {"score": 7.5, "method": "CVSSv2", "vector": "AV:N/AC:L/Au:N/C:P/I:P/A:P"}, {"score": 55, "severity": "low", "method": "OWASP", "vector": "SL:1"}],
  "analysis": {"state": "not_affected"}, "affects": [{"ref": "c2"}, {"ref": "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#x"}]}]}`

	cyclonedxXML = `<?xml version="1.0"?>
<bom version="1" xmlns="http://cyclonedx.org/schema/bom/1.5" xmlns:x="urn:x">
 <metadata><timestamp>2026-02-03T03:05:06Z</timestamp></metadata>
 <components><component type="library" bom-ref="c2"><group>example.org</group><name>mod</name><version>v1.2.3</version><purl>pkg:golang/example.org/mod@v1.2.3</purl><x:name>other</x:name><x:purl>pkg:npm/other@1</x:purl></component></components>
 <vulnerabilities><vulnerability bom-ref="v"><id>GHSA-aaaa-bbbb-cccc</id>
  <references><reference><id>CVE-2024-0001</id><source><name>NVD</name></source></reference></references>
  <ratings><rating><source><name>NVD</name></source><score>9.8</score><severity>critical</severity><method>CVSSv31</method><vector>AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H</vector></rating></ratings>
  <affects><target><ref>c2</ref></target></affects></vulnerability></vulnerabilities>
 <x:vulnerabilities><x:vulnerability><x:id>CVE-2024-9999</x:id></x:vulnerability></x:vulnerabilities>
</bom>`

	vulnsText = `{
 "scanner": {"uri": "pkg:github/example/scan@1", "version": "1.0", "db": {"lastUpdate": "2026-02-01T00:00:00Z"}, "result": [
  {"id": "CVE-2024-0001", "severity": [{"method": "nvd", "score": "medium"}, {"method": "cvss_score", "score": "5.2"}, {"method": "epss", "score": "97"}]},
  {"vulnerability": {"id": "GHSA-aaaa-bbbb-cccc", "severity": {"method": "nvd", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}}]},
 "metadata": {"scanStartedOn": "2026-02-03T03:00:00Z", "scanFinishedOn": "2026-02-03T03:05:06.7Z"}}`
)

// texts are those documents by their formats.
var texts = map[string][]string{
	"grype": {grypeText}, "trivy": {trivyText}, "sarif": {sarifText}, "cyclonedx": {cyclonedxText, cyclonedxXML}, "vulns": {vulnsText},
}
