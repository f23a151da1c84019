# An input that passes everywhere, and parameters that ask for everything. Tests change one thing each.
package stella.fixture

parameters := {
	"signature": {"signers": 2, "predicates": []},
	"sbom": {"required": true},
	"freshness": {"report_days": 30, "sbom_days": 90},
	"cvss": {"threshold": 7, "score": "worst"},
	"unknowns": {"budget": 0},
	"vex": {
		"authorities": [{"signer": "key:a*", "products": ["*"]}],
		"justification": "label_or_impact",
		"proven": true,
		"logged": true,
		"unproven": "disregard",
		"untrusted": "disregard",
	},
	"provenance": {"builders": ["https://builder/*"], "sources": ["git+https://git/*"]},
	"custody": {"keys": ["hsm"]},
}

# with_parameter is the environments with one parameter changed; null parts are whole gates' parameters.
with_parameter(path, value) := {"test": json.patch(parameters, [{"op": "replace", "path": path, "value": value}])}

environments := {"test": parameters}

key(name) := {"name": concat("", ["key:", name]), "key": name, "identity": "", "issuer": ""}

identity(name) := {"name": name, "key": "", "identity": name, "issuer": "https://issuer"}

source(name, signers) := {"evidence": name, "signers": signers, "proven": "2026-02-20T08:00:00Z", "logged": true}

provenance := object.union(source("p", [key("a"), key("b")]), {
	"predicateType": "https://slsa.dev/provenance/v1",
	"builder": "https://builder/1",
	"origins": ["git+https://git/demo"],
})

sbom := object.union(source("s", [key("a")]), {"format": "CycloneDX", "version": "1.5"})

report := object.union(source("r", [key("a")]), {"format": "grype", "tool": "grype 1", "made": "2026-02-20T08:00:00Z", "findings": 1})

finding(id, score) := {
	"id": id,
	"aliases": [],
	"package": {"name": "foo", "version": "1", "purl": "pkg:deb/foo@1"},
	"rating": {"known": true, "worst": score, "by": {"nvd": score}, "severity": "high", "differs": []},
	"fixed": [],
	"reports": ["r"],
	"vex": [],
	"near": [],
}

unscored(id) := json.patch(finding(id, 0), [
	{"op": "replace", "path": "/rating/known", "value": false},
	{"op": "replace", "path": "/rating/by", "value": {}},
])

statement := object.union(source("v", [key("a")]), {
	"vulnerability": "CVE-1",
	"status": "not_affected",
	"justification": "",
	"impact": "not reachable",
	"action": "",
	"author": "",
	"made": "2026-02-20T08:00:00Z",
	"expires": "",
	"products": ["sha256:d"],
	"format": "openvex",
})

facts := {
	"version": 1,
	"time": "2026-03-01T08:00:00Z",
	"environment": "test",
	"artifact": {"digest": "sha256:d", "names": [], "purls": ["pkg:oci/demo@1"]},
	"attestations": [provenance],
	"sboms": [sbom],
	"reports": [report],
	"findings": [finding("CVE-0", 3)],
	"statements": {},
	"keys": {"a": {"name": "key:a", "custody": "hsm", "state": "active"}, "b": {"name": "key:b", "custody": "hsm", "state": "retired"}},
	"logs": [],
	"unverified": [],
}

# put is the input with other values by their names.
put(values) := json.patch(facts, [{"op": "add", "path": path, "value": value} | some path, value in values])

# excepted is an input with a finding of 9.8 and statements on it, in this order.
excepted(statements) := put({
	"/findings": [json.patch(finding("CVE-1", 9.8), [{"op": "replace", "path": "/vex", "value": [sprintf("v%d", [i]) | some i, _ in statements]}])],
	"/statements": {sprintf("v%d", [i]): object.union(statement, s) | some i, s in statements},
})
