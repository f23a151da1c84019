package vex

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestCaps has documents that are as large as they may be in one thing: what is
// beyond a cap is refused, and neither takes long.
func TestCaps(t *testing.T) {
	one := `{"vulnerability": {"name": "V%d"}, "products": [%s], "status": "fixed"}`
	doc := func(statements string) string {
		head, _, _ := strings.Cut(example(t, OpenVEX), `"statements"`)
		return head + `"statements": [` + statements + `]}`
	}
	ids, _, _ := strings.Cut(example(t, CSAF), `"product_tree"`)
	ids += `"product_tree": {"full_product_names": [{"product_id": "A", "name": "a"}]}, "vulnerabilities": [{"ids": [` +
		many(60_000, `{"system_name": "s", "text": "%d"}`) + `], "product_status": {"fixed": ["A"]}}]}`
	for name, c := range map[string]struct{ format, text, want string }{
		"products":       {OpenVEX, doc(fmt.Sprintf(one, 1, many(MaxProducts, `{"@id": "urn:x:%d"}`))), ""},
		"a product more": {OpenVEX, doc(fmt.Sprintf(one, 1, many(MaxProducts+1, `{"@id": "urn:x:%d"}`))), "products"},
		"statements":     {OpenVEX, doc(many(MaxStatements, fmt.Sprintf(one, 0, `{"@id": "urn:x:%d"}`))), ""},
		"one more":       {OpenVEX, doc(many(MaxStatements+1, fmt.Sprintf(one, 0, `{"@id": "urn:x:%d"}`))), "20,000"},
		"names":          {CSAF, ids, ""},
		"tokens":         {OpenVEX, doc(strings.Repeat("[],", 300_000) + "[]"), "tokens"},
		"purl":           {OpenVEX, doc(fmt.Sprintf(one, 1, `{"@id": "pkg:npm/`+strings.Repeat("a", maxPURL)+`"}`)), "2048 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			list, err := Parse(c.format, []byte(c.text))
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%d statements, %v", len(list), err)
			}
			if spent := time.Since(start); spent > 20*time.Second {
				t.Errorf("it took %v", spent)
			}
			t.Logf("%d bytes, %v", len(c.text), time.Since(start))
		})
	}
}

// many repeats a form that has a number in it.
func many(n int, form string) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, form, i)
	}
	return b.String()
}

// TestWithdrawAll takes back a statement about as many products as there may be.
func TestWithdrawAll(t *testing.T) {
	s := Statement{Vulnerability: "V", Status: Fixed}
	for i := range MaxProducts {
		s.Products = append(s.Products, purls(fmt.Sprintf("pkg:npm/a%d", i)))
	}
	start := time.Now()
	if _, err := Withdraw(s, "urn:x", "a", made, "why"); err != nil {
		t.Error(err)
	}
	if spent := time.Since(start); spent > 20*time.Second {
		t.Errorf("it took %v", spent)
	}
}
