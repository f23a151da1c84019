package findings

import (
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"stellad/sbom/fault"
)

type sarifLog struct {
	Version string          `json:"version"`
	Runs    found[sarifRun] `json:"runs"`
	Inline  []struct {
		Results []jsontext.Value `json:"results"`
	} `json:"inlineExternalProperties"`
}

type sarifRun struct {
	Tool struct {
		Driver     sarifComponent        `json:"driver"`
		Extensions found[sarifComponent] `json:"extensions"`
	} `json:"tool"`
	Results     found[sarifResult] `json:"results"`
	Invocations []struct {
		Successful *bool  `json:"executionSuccessful"`
		Ended      string `json:"endTimeUtc"`
	} `json:"invocations"`
	Elsewhere struct {
		Results []jsontext.Value `json:"results"`
	} `json:"externalPropertyFileReferences"`
	Properties map[string]jsontext.Value `json:"properties"`
}

type sarifComponent struct {
	Name     string           `json:"name"`
	Version  string           `json:"version"`
	Semantic string           `json:"semanticVersion"`
	Rules    found[sarifRule] `json:"rules"`
}

func readSARIF(r *reading, text []byte) error {
	s, err := decode[sarifLog](text)
	switch {
	case err != nil:
		return err
	case s.Version != "2.1.0":
		return fault.At(0, "/version", "SARIF of a version called %s is not read here: 2.1.0 is", fault.Quote(s.Version))
	case s.Runs == nil:
		return fault.At(0, "/runs", "it has no list of runs: that is not the same as none found")
	}
	for i, inline := range s.Inline {
		if len(inline.Results) > 0 {
			return fault.At(0, fmt.Sprintf("/inlineExternalProperties/%d/results", i), "results are read where they stand in a run")
		}
	}
	for i, run := range s.Runs {
		if err := r.addRun(fmt.Sprintf("/runs/%d", i), run); err != nil {
			return err
		}
	}
	r.report.Made = ended(s.Runs)
	return nil
}

// addRun refuses runs that do not say what they found, and that failed before they found anything.
func (r *reading) addRun(path string, run sarifRun) error {
	driver := run.Tool.Driver
	switch {
	case driver.Name == "":
		return fault.At(0, path+"/tool/driver/name", "the tool has no name")
	case run.Results == nil || len(run.Elsewhere.Results) > 0:
		return fault.At(0, path+"/results", "its results are not here: that is not the same as none found")
	case len(run.Results) == 0 && run.failed():
		return fault.At(0, path+"/invocations", "the tool failed, and has no results: that is not the same as none found")
	}
	r.sarifTool(driver)
	r.about(text(run.Properties["imageID"]))
	r.about(texts(run.Properties["repoDigests"])...)
	rules := rulesOf(run)
	for i, result := range run.Results {
		at := fmt.Sprintf("%s/results/%d", path, i)
		if !result.found() {
			continue
		}
		candidates, err := rules.of(at, result)
		if err == nil {
			err = r.addResult(at, driver.Name, result, candidates)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) sarifTool(driver sarifComponent) {
	version := driver.Semantic
	if version == "" {
		version = driver.Version
	}
	name := tool(driver.Name, version)
	if r.report.Tool != "" && r.report.Tool != name {
		name = r.report.Tool + ", " + name
	}
	r.report.Tool = name
}

func (s sarifRun) failed() bool {
	for _, i := range s.Invocations {
		if i.Successful != nil && !*i.Successful {
			return true
		}
	}
	return false
}

// ended is when the run ended that did so first, and nothing where one does not say: a report is as old as its oldest part.
func ended(runs []sarifRun) string {
	var times []string
	for _, run := range runs {
		last := ""
		for _, i := range run.Invocations {
			last = max(last, utc(i.Ended))
		}
		times = append(times, last)
	}
	if len(times) == 0 {
		return ""
	}
	return slices.Min(times)
}
