package cvss

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// A metric of CVSS 2: its name and what its values weigh.
type metric struct {
	name    string
	weights map[string]float64
}

// order is that of CVSS 2 (A Complete Guide to CVSS 2.0, section 2.4); weights are of section 3.2.
var (
	baseMetrics = []metric{
		{"AV", map[string]float64{"L": 0.395, "A": 0.646, "N": 1}},
		{"AC", map[string]float64{"H": 0.35, "M": 0.61, "L": 0.71}},
		{"Au", map[string]float64{"M": 0.45, "S": 0.56, "N": 0.704}},
		{"C", impacts},
		{"I", impacts},
		{"A", impacts},
	}
	temporalMetrics = []metric{
		{"E", map[string]float64{"U": 0.85, "POC": 0.9, "F": 0.95, "H": 1, "ND": 1}},
		{"RL", map[string]float64{"OF": 0.87, "TF": 0.9, "W": 0.95, "U": 1, "ND": 1}},
		{"RC", map[string]float64{"UC": 0.9, "UR": 0.95, "C": 1, "ND": 1}},
	}
	environmentalMetrics = []metric{
		{"CDP", map[string]float64{"N": 0, "L": 0.1, "LM": 0.3, "MH": 0.4, "H": 0.5, "ND": 0}},
		{"TD", map[string]float64{"N": 0, "L": 0.25, "M": 0.75, "H": 1, "ND": 1}},
		{"CR", requirements},
		{"IR", requirements},
		{"AR", requirements},
	}
	impacts      = map[string]float64{"N": 0, "P": 0.275, "C": 0.66}
	requirements = map[string]float64{"L": 0.5, "M": 1, "H": 1.51, "ND": 1}
	order        = slices.Concat(baseMetrics, temporalMetrics, environmentalMetrics)
)

// given are the weights of a vector's metrics by their names; not defined ones weigh what "ND" does.
type given map[string]float64

// score2 reads a vector of CVSS 2. Metrics of the optional groups may be left out one by one: published vectors do so.
func score2(vector string) (Result, error) {
	values, environment, err := read2(vector)
	if err != nil {
		return Result{}, err
	}
	base := values.base(values.impact(1, 1, 1))
	r := Result{Version: "2.0", Base: base, Temporal: values.temporal(base), Environmental: values.environmental()}
	return r.of(environment), nil
}

// read2 gives a vector's weights, and says whether a metric of the environment is defined.
func read2(vector string) (values given, environment bool, err error) {
	values = given{}
	at := 0
	for part := range strings.SplitSeq(vector, "/") {
		name, value, _ := strings.Cut(part, ":")
		i := slices.IndexFunc(order[at:], func(m metric) bool { return m.name == name })
		if i < 0 {
			return nil, false, fmt.Errorf("%q is no metric of CVSS 2, or out of its order, or there twice", name)
		}
		m := order[at+i]
		weight, is := m.weights[value]
		if !is {
			return nil, false, fmt.Errorf("%q is no value of %s", value, name)
		}
		at += i + 1
		values[name] = weight
		environment = environment || at > len(baseMetrics)+len(temporalMetrics) && value != "ND"
	}
	return values, environment, values.complete()
}

// complete asks for the base metrics, and defines the others.
func (v given) complete() error {
	for i, m := range order {
		if _, is := v[m.name]; is {
			continue
		}
		if i < len(baseMetrics) {
			return fmt.Errorf("%s is missing", m.name)
		}
		v[m.name] = m.weights["ND"]
	}
	return nil
}

// impact is that of the base equation where each requirement is 1.
func (v given) impact(c, i, a float64) float64 {
	return 10.41 * (1 - (1-v["C"]*c)*(1-v["I"]*i)*(1-v["A"]*a))
}

// base is the base equation. Only the adjusted impact is at most 10 (3.2.3): the base equation's may be 10.0009, and counts so.
func (v given) base(impact float64) float64 {
	if impact == 0 {
		return 0
	}
	exploitability := 20 * v["AV"] * v["AC"] * v["Au"]
	return decimal((0.6*impact + 0.4*exploitability - 1.5) * 1.176)
}

func (v given) temporal(base float64) float64 {
	return decimal(base * v["E"] * v["RL"] * v["RC"])
}

func (v given) environmental() float64 {
	impact := math.Min(10, v.impact(v["CR"], v["IR"], v["AR"]))
	adjusted := v.temporal(v.base(impact))
	return decimal((adjusted + (10-adjusted)*v["CDP"]) * v["TD"])
}

// decimal rounds to one decimal, halves up: 8.55 is 8.6, though no binary fraction is 8.55. Below 0 it is 0: the equations go
// there for the least impacts, and scores begin at 0.
func decimal(x float64) float64 {
	const lost = 1e-9 // in binary
	return math.Max(0, math.Min(10, math.Floor(x*10+0.5+lost)/10))
}
