package daemon

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"stellad/daemon/verdicts"
)

// measure registers what is read when it is asked for; calls are counted by rpc.Metrics as they end.
func (d *Daemon) measure() {
	gauge := func(name, help string, value func(verdicts.State) float64) {
		d.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help},
			func() float64 { return value(d.judge.State()) }))
	}
	gauge("stella_verdicts", "Verdicts remembered.", func(s verdicts.State) float64 { return float64(s.Entries) })
	gauge("stella_verdicts_bytes", "Memory that verdicts remembered take.", func(s verdicts.State) float64 { return float64(s.Bytes) })
	gauge("stella_trust_ok", "1 where the trust root's folder is what is in force.", func(s verdicts.State) float64 {
		if s.Refused != nil {
			return 0
		}
		return 1
	})
	counter := func(name, help string, value func(verdicts.State) uint64) {
		d.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help},
			func() float64 { return float64(value(d.judge.State())) }))
	}
	counter("stella_verdicts_found_total", "Verdicts found in memory.", func(s verdicts.State) uint64 { return s.Hits })
	counter("stella_verdicts_judged_total", "Verdicts reached by verifying.", func(s verdicts.State) uint64 { return s.Misses })
	for socket, s := range d.servers {
		d.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "stella_connections", Help: "Connections open.", ConstLabels: prometheus.Labels{"socket": socket},
		}, func() float64 { connections, _ := s.Held(); return float64(connections) }))
	}
	d.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{Namespace: "stella"}),
	)
}
