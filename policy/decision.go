package policy

// Verdicts of a Decision.
const (
	Passed  = "PASSED"
	Blocked = "BLOCKED"
)

// A Decision is what comes of a policy's answer.
type Decision struct {
	Verdict    string      `json:"verdict"` // PASSED or BLOCKED
	Before     string      `json:"before"`  // what it were without VEX
	Line       string      `json:"line"`    // the answer: "BLOCKED - …", "PASSED - …"
	Gates      []Gate      `json:"gates"`
	Exceptions []Exception `json:"exceptions"`
}

// A Gate is one condition of a policy, as its answer has it.
type Gate struct {
	Name    string   `json:"name"`    // "cvss", "sbom", …
	Passed  bool     `json:"passed"`  // with VEX
	Before  bool     `json:"before"`  // without
	Reasons []string `json:"reasons"` // why it does not pass, the gravest first; none where it does
	Looked  []string `json:"looked"`  // what it looked at, in words
}

// An Exception is a finding that VEX takes out.
type Exception struct {
	Finding   string `json:"finding"`
	Package   string `json:"package"`   // purl, or name and version
	Statement string `json:"statement"` // key of Facts.Statements
	Status    string `json:"status"`
	Why       string `json:"why"` // label or impact statement
	By        string `json:"by"`  // signers
}
