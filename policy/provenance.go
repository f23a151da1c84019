package policy

import (
	"encoding/json"
	"fmt"
	"slices"
)

func isProvenance(predicateType string) bool {
	return slices.Contains([]string{"https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2"}, predicateType)
}

// slsa has the members of SLSA provenance that are read, of version 1 and 0.2: https://slsa.dev/spec/v1.1/provenance.
type slsa struct {
	RunDetails struct {
		Builder struct {
			ID string `json:"id"`
		} `json:"builder"`
	} `json:"runDetails"`
	BuildDefinition struct {
		ResolvedDependencies []struct {
			URI string `json:"uri"`
		} `json:"resolvedDependencies"`
	} `json:"buildDefinition"`
	Builder struct {
		ID string `json:"id"`
	} `json:"builder"`
	Materials []struct {
		URI string `json:"uri"`
	} `json:"materials"`
}

// provenance fills in builder and origins.
func (at *Attestation) provenance(predicate []byte) error {
	var p slsa
	if err := json.Unmarshal(predicate, &p); err != nil {
		return fmt.Errorf("its provenance can't be read: %w", err)
	}
	if at.PredicateType == "https://slsa.dev/provenance/v0.2" {
		at.Builder = p.Builder.ID
		for _, m := range p.Materials {
			at.Origins = append(at.Origins, m.URI)
		}
	} else {
		at.Builder = p.RunDetails.Builder.ID
		for _, d := range p.BuildDefinition.ResolvedDependencies {
			at.Origins = append(at.Origins, d.URI)
		}
	}
	at.Origins = slices.DeleteFunc(at.Origins, func(uri string) bool { return uri == "" })
	slices.Sort(at.Origins)
	at.Origins = slices.Compact(at.Origins)
	return nil
}
