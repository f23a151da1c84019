package rpc

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"
)

// Metrics counts calls. It is safe for concurrent use.
type Metrics struct {
	calls    *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	refused  *prometheus.CounterVec
	overload *prometheus.CounterVec
}

// NewMetrics registers the counters.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "stella_calls_total", Help: "Calls that ended, by method and status code.",
		}, []string{"method", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "stella_call_seconds", Help: "Time from a call's whole request to its answer.",
			Buckets: []float64{.0001, .0003, .001, .003, .01, .03, .1, .3, 1, 3, 10},
		}, []string{"method"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "stella_connections_refused_total", Help: "Connections closed because their user held its share.",
		}, []string{"socket"}),
		overload: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "stella_calls_refused_total", Help: "Calls refused because their user had its share under way.",
		}, []string{"socket"}),
	}
	registry.MustRegister(m.calls, m.seconds, m.refused, m.overload)
	return m
}

func (m *Metrics) called(method string, code codes.Code, took time.Duration) {
	m.calls.WithLabelValues(method, code.String()).Inc()
	m.seconds.WithLabelValues(method).Observe(took.Seconds())
}
